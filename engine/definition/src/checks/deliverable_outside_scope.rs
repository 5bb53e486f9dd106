//! A deliverable's owner may not write it.
//!
//! The tool would refuse every attempt, and the phase would end without the deliverable.
//!
//! Wrong:
//!
//! ```yaml
//! # agents.yaml
//! sa: { tools: [repo_write], writes: [docs/architecture/**] }
//! # phases/discovery.yaml
//! deliverables:
//!   - { path: docs/plan.md, owner: sa }
//! ```
//!
//! Right:
//!
//! ```yaml
//! # phases/discovery.yaml
//! deliverables:
//!   - { path: docs/architecture/plan.md, owner: sa }
//! ```

use std::collections::HashMap;

use super::context::{deliverables, text};
use super::{Check, Context};
use crate::catalogue::Capability;
use crate::diagnostic::Report;
use crate::path::RepoPath;

pub(super) const CHECK: Check = Check { code: "deliverable-outside-scope", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    // An agent may own many deliverables; its tools are looked up once.
    let mut writers: HashMap<&str, bool> = HashMap::new();
    let mut without_tool = Vec::new();
    for deliverable in context.phases().flat_map(deliverables) {
        let Some(((path, span), (owner, owner_span))) =
            text(&deliverable.path).zip(text(&deliverable.owner))
        else {
            continue;
        };
        let Some((_, agent)) = context.agent(owner) else { continue };
        let can_write =
            writers.entry(owner).or_insert_with(|| context.can(agent, Capability::WriteRepo));
        let (Ok(path), Some(Ok(scope))) = (RepoPath::parse(path), context.scope(owner)) else {
            continue;
        };
        if !*can_write {
            // This applies to everything it owns, so only the first is reported.
            if without_tool.contains(&owner) {
                continue;
            }
            without_tool.push(owner);
            report
                .error(
                    CHECK.code,
                    format!("`{owner}` owns this deliverable but has no tool that writes"),
                )
                .at(owner_span, "")
                .help(format!("add `repo_write` to `tools` of `{owner}`, or name another owner"));
        } else if !scope.allows(&path) {
            let found =
                report.error(CHECK.code, format!("`{owner}` may not write `{path}`")).at(span, "");
            if let Some(writes) = &agent.writes {
                found.also(writes.span, format!("where `{owner}` may write"));
            }
            found.help(format!(
                "move it into that scope, name another owner, or widen `writes` of `{owner}`"
            ));
        }
    }
}
