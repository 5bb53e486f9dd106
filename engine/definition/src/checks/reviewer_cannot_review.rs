//! A reviewer cannot read the repository, cannot give a verdict, or reviews its own work.
//!
//! A deliverable passes when every reviewer has passed it. Without these tools a reviewer can never
//! pass it, and a review of one's own work has no value.
//!
//! Wrong:
//!
//! ```yaml
//! sa: { tools: [ledger_write] }
//! deliverables:
//!   - { path: docs/plan.md, owner: pm, reviewers: [sa] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sa: { tools: [repo_read, review_verdict] }
//! deliverables:
//!   - { path: docs/plan.md, owner: pm, reviewers: [sa] }
//! ```

use std::collections::HashSet;

use super::context::{deliverables, text, texts};
use super::{Check, Context};
use crate::catalogue::Capability;
use crate::diagnostic::Report;
use crate::source::Span;
use crate::syntax::Written;

pub(super) const CHECK: Check = Check { code: "reviewer-cannot-review", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    // A missing tool is missing everywhere, so it is reported only at the first place.
    let mut seen = HashSet::new();
    for phase in context.phases() {
        for deliverable in deliverables(phase) {
            for (name, span) in deliverable.reviewers.iter().flat_map(texts) {
                if deliverable.owner.get().is_some_and(|owner| owner == name) {
                    report
                        .error(CHECK.code, format!("`{name}` would review its own work"))
                        .at(span, "")
                        .help("name another reviewer");
                } else {
                    able(context, (name, span), &mut seen, report);
                }
            }
        }
        if let Some((name, span)) =
            phase.review.as_ref().and_then(Written::get).and_then(|r| text(r.agent.as_ref()?))
        {
            able(context, (name, span), &mut seen, report);
        }
    }
}

fn able<'a>(
    context: &Context<'a>,
    (name, span): (&'a str, Span),
    seen: &mut HashSet<&'a str>,
    report: &mut Report,
) {
    if !seen.insert(name) {
        return;
    }
    let Some((_, agent)) = context.agent(name) else { return };
    for (capability, what, tool) in [
        (Capability::ReadRepo, "read the repository", "repo_read"),
        (Capability::Judge, "give a verdict", "review_verdict"),
    ] {
        if !context.can(agent, capability) {
            report
                .error(CHECK.code, format!("`{name}` is a reviewer but cannot {what}"))
                .at(span, "")
                .help(format!("add `{tool}` to `tools` of `{name}`, or name another reviewer"));
        }
    }
}
