//! A phase has `recall`, but nothing would be recalled.
//!
//! `lessons`, `preferences` and `summaries` are zero unless they are set, so `recall` alone shows
//! agents nothing.
//!
//! Wrong:
//!
//! ```yaml
//! recall: { tokens: 1500 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! recall: { lessons: 2, preferences: 3, tokens: 1500 }
//! ```

use super::{Check, Context};
use crate::diagnostic::Report;
use crate::syntax::{Recall, Written};

pub(super) const CHECK: Check = Check { code: "recall-without-effect", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for phase in context.phases() {
        let Some(recall) = &phase.recall else { continue };
        let Some(Recall { lessons, preferences, summaries, .. }) = recall.get() else { continue };
        // A value that cannot be read has its own finding.
        let is_zero = |number: &Option<Written<u32>>| {
            number.as_ref().is_none_or(|number| number.get() == Some(&0))
        };
        if [lessons, preferences, summaries].into_iter().all(is_zero) {
            let found = report.error(CHECK.code, "`recall` recalls nothing".to_owned());
            let help = "set `lessons`, `preferences` or `summaries`, or remove `recall`";
            found.at(recall.span, "").help(help.to_owned());
        }
    }
}
