//! One beside another: two engagements, two months, or two definitions.

use std::collections::BTreeSet;

use cloudcrew_runtime::metrics::Month;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Mean, Share, usd};
use crate::VERSION;

/// `metrics compare`: two groups of engagements, phase by phase.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct Comparison {
    /// Always 1.
    pub version: u32,
    /// The names of both groups.
    pub names: [String; 2],
    /// Number of engagements in both groups.
    pub engagements: [u64; 2],
    /// Why they cannot be compared; absent when they can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_comparable: Option<String>,
    /// By phase.
    pub phases: Vec<Compared>,
}

/// A phase in both groups.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct Compared {
    /// The phase; `total` for the whole engagement.
    pub phase: String,
    /// Both groups; absent where the phase did not run.
    pub sides: [Option<Side>; 2],
}

/// A phase in a group.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct Side {
    /// US dollars per engagement.
    pub usd: Option<Mean>,
    /// Tokens per engagement.
    pub tokens: Option<Mean>,
    /// Minutes of active work per engagement.
    pub working_minutes: Option<Mean>,
    /// Times that the customer asked for changes, per engagement.
    pub revisions: Option<Mean>,
    /// Times that the review sent it back, per engagement.
    pub reworks: Option<Mean>,
    /// Approved without a change, of those decided by a person.
    pub first_time: Share,
}

/// Compares two groups of engagements that have ended. `order` names phases in the order in which
/// they are shown; others follow.
pub fn compare(names: [&str; 2], groups: [&Month; 2], order: &[String]) -> Comparison {
    let ended = |group: &Month| group.workflows.values().map(|total| total.engagements).sum();
    let mut comparison = Comparison {
        version: VERSION,
        names: names.map(str::to_owned),
        engagements: groups.map(ended),
        not_comparable: unlike(names, groups),
        phases: Vec::new(),
    };
    if comparison.not_comparable.is_some() {
        return comparison;
    }
    let named = groups.iter().flat_map(|group| group.phases.keys()).map(|(_, _, phase)| phase);
    let named: BTreeSet<&String> = named.collect();
    let first = order.iter().filter(|phase| named.contains(phase));
    let rest = named.iter().copied().filter(|phase| !order.contains(phase));
    for phase in first.chain(rest) {
        let sides = groups.map(|group| side(group, phase));
        comparison.phases.push(Compared { phase: phase.clone(), sides });
    }
    let sides = groups.map(total);
    comparison.phases.push(Compared { phase: "total".to_owned(), sides });
    comparison
}

/// Why two groups cannot be compared.
fn unlike(names: [&str; 2], groups: [&Month; 2]) -> Option<String> {
    for (name, group) in names.iter().zip(groups) {
        if group.workflows.is_empty() {
            return Some(format!("no engagement of {name} has ended"));
        }
    }
    let mut all = groups.into_iter().flat_map(|group| group.workflows.keys());
    let (live, workflow) = all.next()?;
    let (other, its) = all.find(|(l, w)| l != live || w != workflow)?;
    Some(match other == live {
        false => "some are live and some are rehearsals".to_owned(),
        true => format!("they are of different workflows, {workflow} and {its}"),
    })
}

fn side(month: &Month, phase: &str) -> Option<Side> {
    let (_, total) = month.phases.iter().find(|((_, _, name), _)| name == phase)?;
    let n = total.engagements;
    Some(Side {
        usd: Mean::new(usd(total.spent.micro_usd), n),
        tokens: Mean::new(total.spent.tokens() as f64, n),
        working_minutes: Mean::new(total.working_ms as f64 / 60_000.0, n),
        revisions: Mean::new(total.revisions as f64, n),
        reworks: Mean::new(total.reworks as f64, n),
        first_time: Share::new(total.first_time, total.decided),
    })
}

fn total(month: &Month) -> Option<Side> {
    let (_, total) = month.workflows.iter().next()?;
    let n = total.engagements;
    let of = |count: fn(&cloudcrew_runtime::metrics::PhaseTotal) -> u64| {
        month.phases.values().map(count).sum::<u64>()
    };
    Some(Side {
        usd: Mean::new(usd(total.spent.micro_usd), n),
        tokens: Mean::new(total.spent.tokens() as f64, n),
        working_minutes: Mean::new(total.working_ms as f64 / 60_000.0, n),
        revisions: Mean::new(of(|phase| phase.revisions) as f64, n),
        reworks: Mean::new(of(|phase| phase.reworks) as f64, n),
        first_time: Share::new(of(|phase| phase.first_time), of(|phase| phase.decided)),
    })
}
