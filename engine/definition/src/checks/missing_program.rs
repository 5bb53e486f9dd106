//! An agent needs a program that this machine does not have.
//!
//! Only `check --env` looks for programs. Without one, each call that needs it is refused, and the
//! agent says in its artifacts what was not checked.
//!
//! Wrong:
//!
//! ```yaml
//! infra: { tools: [repo_write, terraform_validate] } # and Terraform is not installed
//! ```
//!
//! Right:
//!
//! ```yaml
//! infra: { tools: [repo_write] }
//! ```

use std::collections::BTreeSet;

use super::context::{members, text, texts};
use super::{Check, Context};
use crate::catalogue::Capability;
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "missing-program", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let missing = &context.catalogue.missing;
    if missing.is_empty() {
        return;
    }
    for (name, span, agent) in context.agents() {
        let works = context.phases().filter(|p| members(p).iter().any(|(m, _)| *m == name));
        let phases: BTreeSet<&str> =
            works.filter_map(|phase| text(&phase.phase)).map(|(name, _)| name).collect();
        if phases.is_empty() {
            continue;
        }
        let phases = phases.into_iter().collect::<Vec<_>>().join(", ");
        let mut say = |what: String, at, why: &str, help: String| {
            let found = report.error(CHECK.code, format!("{what}: {why}")).at(at, "");
            found.help(format!("{help}; `{name}` works in {phases}"));
        };
        let own: Vec<_> = agent.tools.iter().flat_map(texts).collect();
        for tool in context.tools(agent) {
            let at = own.iter().find(|(own, _)| *own == tool).map_or(span, |(_, at)| *at);
            let needs = context.catalogue.tool(tool).map(|info| info.programs.as_slice());
            for program in needs.unwrap_or_default() {
                if let Some(why) = missing.get(program) {
                    let what = format!("`{tool}` of `{name}` needs `{program}`");
                    say(what, at, why, format!("install it, or remove `{tool}` from `tools`"));
                }
            }
        }
        if !context.can(agent, Capability::Command) {
            continue;
        }
        for (program, at) in agent.commands.iter().flat_map(texts) {
            if let Some(why) = missing.get(program) {
                let what = format!("`{name}` may run `{program}`");
                say(what, at, why, "install it, or remove it from `commands`".to_owned());
            }
        }
    }
}
