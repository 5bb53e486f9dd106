//! No phase uses a part of `defaults`.
//!
//! Every phase sets these keys itself, or has no review or gate to use them for.
//!
//! Wrong:
//!
//! ```yaml
//! defaults:
//!   gate: { remind_after: 24h }   # and no phase has a gate
//! ```
//!
//! Right:
//!
//! ```yaml
//! defaults:
//!   retry: { max_attempts: 1 }
//! ```

use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::source::Span;
use crate::syntax::{PhaseDefaults, Written};

pub(super) const CHECK: Check = Check { code: "default-without-effect", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let defaults = context.crew().and_then(|crew| crew.defaults.as_ref()?.get());
    let Some(defaults) = defaults.filter(|_| context.phases().next().is_some()) else { return };
    let taken = context.workspace.inherited.values().flatten();
    let taken: Vec<Span> = taken.map(|taken| taken.span).collect();
    for (key, span) in parts(defaults) {
        let within = |taken: &Span| {
            taken.file != span.file || (span.start <= taken.start && taken.end <= span.end)
        };
        if !taken.iter().any(within) {
            report
                .add(CHECK.code, Severity::Warning, format!("no phase uses `defaults.{key}`"))
                .at(span, "")
                .help(
                    "remove it, or let a phase use it: drop the phase's own keys, or add the \
                     review or gate",
                );
        }
    }
}

/// The parts of the defaults, each with where it was written.
fn parts(d: &PhaseDefaults) -> impl Iterator<Item = (&'static str, Span)> {
    fn at<T>(key: &'static str, part: &Option<Written<T>>) -> Option<(&'static str, Span)> {
        part.as_ref().filter(|part| part.get().is_some()).map(|part| (key, part.span))
    }
    [
        at("swarm", &d.swarm),
        at("review", &d.review),
        at("gate", &d.gate),
        at("questions", &d.questions),
        at("recall", &d.recall),
        at("deliver", &d.deliver),
        at("retry", &d.retry),
        at("restart", &d.restart),
    ]
    .into_iter()
    .flatten()
}
