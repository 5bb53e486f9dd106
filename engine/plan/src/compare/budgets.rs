//! Budgets: what may be used, and what happens at the limit.

use cloudcrew_definition::crew::{Budget, Definition};
use cloudcrew_definition::syntax::AtLimit;

use super::{Change, Changes};
use crate::forecast::dollars;

/// Reports how a budget changed.
pub(super) fn differ(
    changes: &mut Changes<'_>,
    key: &str,
    (old, new): (Option<Budget>, Option<Budget>),
) {
    changes.differ(key, old, new, |old, new| match (old, new) {
        (_, None) => "may use an unlimited amount".to_owned(),
        (None, Some(new)) => {
            format!("may use at most {} instead of an unlimited amount", allowed(new))
        }
        (Some(old), Some(new)) => {
            format!("may use at most {} instead of {}", allowed(new), allowed(old))
        }
    });
}

/// Shared budgets.
pub(super) fn pots(before: &Definition, after: &Definition, found: &mut Vec<Change>) {
    for pot in &after.pots {
        let mut changes = Changes {
            found,
            about: format!("budget {}", pot.name),
            file: "agents.yaml".to_owned(),
        };
        let key = format!("budgets.{}", pot.name);
        differ(&mut changes, &key, (before.pot(&pot.name).copied(), Some(pot.budget)));
    }
}

fn allowed(budget: Budget) -> String {
    let tokens = budget.tokens.map(|tokens| format!("{tokens} tokens"));
    let money = budget.micro_usd.map(dollars);
    let then = if budget.at_limit == AtLimit::Ask { ", then someone is asked" } else { "" };
    format!("{}{then}", tokens.into_iter().chain(money).collect::<Vec<_>>().join(" and "))
}
