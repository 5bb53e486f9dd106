//! A swarm that ends before its deliverables can be complete.
//!
//! Every owner needs a visit, and every reviewer one after the owner's. If the limits allow fewer,
//! the phase always fails, however well the crew works, and costs money. A rehearsal shows where it
//! ends.
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { entry: pm, agents: [pm, sa, qa], max_handoffs: 2 }
//! deliverables:
//!   - { path: docs/plan.md, owner: pm, reviewers: [sa, qa] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { entry: pm, agents: [pm, sa, qa], max_handoffs: 6 }
//! ```

use cloudcrew_definition::diagnostic::{Report, Severity};
use cloudcrew_definition::source::Span;
use cloudcrew_definition::syntax::Swarm;

use super::Context;
use crate::visits::least_visits;

pub(super) const CODE: &str = "too-few-visits";

pub(super) fn run(context: &Context<'_>, report: &mut Report) {
    for phase in &context.definition.phases {
        let Some(written) = context.phase(&phase.name) else { continue };
        let Some(swarm) = written.swarm.get() else { continue };
        let needed = least_visits(phase);
        for (key, limit, at) in limits(swarm, phase.swarm.max_handoffs, phase.swarm.max_iterations)
        {
            if u64::from(limit) < needed {
                let found = report.add(
                    CODE,
                    Severity::Warning,
                    format!(
                        "the swarm ends after {limit} visits, but its deliverables need {needed}"
                    ),
                );
                found.at(at, "too few");
                if let Some(deliverables) = &written.deliverables {
                    let key = Span { end: deliverables.span.start + 1, ..deliverables.span };
                    found.also(key, "owners first, then their reviewers");
                }
                found.help(format!(
                    "raise `{key}` to at least {needed}; a few more leave room for \
                    questions and repairs"
                ));
            }
        }
    }
}

/// The limits on visits and their positions; a default limit is reported at the agents.
fn limits(swarm: &Swarm, handoffs: u32, iterations: u32) -> [(&'static str, u32, Span); 2] {
    let place = |written: &Option<cloudcrew_definition::syntax::Written<u32>>| {
        written.as_ref().map_or(swarm.agents.span, |w| w.span)
    };
    [
        ("max_handoffs", handoffs, place(&swarm.max_handoffs)),
        ("max_iterations", iterations, place(&swarm.max_iterations)),
    ]
}
