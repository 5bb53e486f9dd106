//! A deliverable's owner and reviewers must be members of the phase's swarm.
//!
//! No other agent gets a turn in that phase, so the deliverable would never be written or pass its
//! review.
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { entry: pm, agents: [pm] }
//! deliverables:
//!   - { path: docs/a.md, owner: sa }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { entry: pm, agents: [pm, sa] }
//! deliverables:
//!   - { path: docs/a.md, owner: sa }
//! ```

use std::collections::HashSet;

use super::context::{deliverables, members, swarm, text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "owner-outside-swarm", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known = context.agent_names();
    for phase in context.phases() {
        let members = members(phase);
        let names: HashSet<&str> = members.iter().map(|(name, _)| *name).collect();
        let Some(swarm) = swarm(phase).filter(|_| !members.is_empty()) else { continue };
        for deliverable in deliverables(phase) {
            let owner = text(&deliverable.owner).map(|o| (o, "owns a deliverable"));
            let reviewers =
                deliverable.reviewers.iter().flat_map(texts).map(|r| (r, "reviews a deliverable"));
            for ((name, span), does) in owner.into_iter().chain(reviewers) {
                if known.contains(&name) && !names.contains(name) {
                    report
                        .error(
                            CHECK.code,
                            format!(
                                "`{name}` {does} of this phase but is not a member of its swarm"
                            ),
                        )
                        .at(span, "")
                        .also(swarm.agents.span, "the members")
                        .help(format!("add `{name}` to `swarm.agents`, or name a member"));
                }
            }
        }
    }
}
