//! A required key is missing.
//!
//! The key has no sensible default, so the engine does not guess a value.
//!
//! Wrong:
//!
//! ```yaml
//! review: { agent: pm }
//! ```
//!
//! Right:
//!
//! ```yaml
//! review: { agent: pm, depth: light }
//! ```

use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "missing-key", run: Some(run) };

/// Keys that a phase may leave to `defaults`. The schema reports all others.
fn run(context: &Context<'_>, report: &mut Report) {
    // What cannot be read may have the keys.
    let Some(crew) = context.crew() else { return };
    if crew.defaults.as_ref().is_some_and(|defaults| {
        defaults.get().is_none_or(|d| d.review.as_ref().is_some_and(|r| r.get().is_none()))
    }) {
        return;
    }
    for phase in context.phases() {
        let Some((span, review)) = phase.review.as_ref().and_then(|r| Some((r.span, r.get()?)))
        else {
            continue;
        };
        let missing = |there: bool, key: &'static str| (!there).then_some(key);
        let keys =
            [missing(review.agent.is_some(), "agent"), missing(review.depth.is_some(), "depth")];
        for key in keys.into_iter().flatten() {
            report
                .error(CHECK.code, format!("`review` is missing `{key}`"))
                .at(span, format!("`{key}` belongs here"))
                .help("set it here, or for all reviews in `defaults` of agents.yaml");
        }
    }
}
