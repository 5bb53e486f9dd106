//! A phase sets the model of an agent that does not take part in it.
//!
//! The entry changes nothing. Often the agent was meant to be a member of the swarm, or the entry
//! belongs in another phase.
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { entry: pm, agents: [pm, sa] }
//! models: { dev: opus }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { entry: pm, agents: [pm, sa] }
//! models: { sa: opus }
//! ```

use super::context::{cast, members, text};
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::syntax::Written;

pub(super) const CHECK: Check = Check { code: "model-without-effect", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known = context.agent_names();
    for phase in context.phases() {
        let reviewer =
            phase.review.as_ref().and_then(Written::get).and_then(|r| text(r.agent.as_ref()?));
        let takes_part =
            |agent| members(phase).into_iter().chain(reviewer).any(|(member, _)| member == agent);
        for ((agent, span), _) in cast(phase) {
            if known.contains(&agent) && !takes_part(agent) {
                report
                    .add(
                        CHECK.code,
                        Severity::Warning,
                        format!("`{agent}` does not take part in this phase"),
                    )
                    .at(span, "its model has no effect here")
                    .help("add it to `swarm.agents`, or remove the entry");
            }
        }
    }
}
