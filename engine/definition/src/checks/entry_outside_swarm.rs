//! A swarm's entry agent must be one of its members.
//!
//! The entry agent takes the first turn. An agent outside the swarm gets no turns.
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { entry: sa, agents: [pm] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { entry: sa, agents: [pm, sa] }
//! ```

use super::context::{members, swarm, text};
use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "entry-outside-swarm", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known = context.agent_names();
    for phase in context.phases() {
        let members = members(phase);
        let Some((swarm, (entry, span))) = swarm(phase).and_then(|s| Some((s, text(&s.entry)?)))
        else {
            continue;
        };
        if known.contains(&entry)
            && !members.is_empty()
            && !members.iter().any(|(m, _)| *m == entry)
        {
            report
                .error(CHECK.code, format!("entry agent `{entry}` is not a member of the swarm"))
                .at(span, "takes the first turn")
                .also(swarm.agents.span, "the members")
                .help(format!("add `{entry}` to `agents`, or choose a member"));
        }
    }
}
