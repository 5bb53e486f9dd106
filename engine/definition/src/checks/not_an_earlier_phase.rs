//! A gate returns the work to a phase that does not run before it.
//!
//! Only phases that run earlier in the workflow can run again.
//!
//! Wrong:
//!
//! ```yaml
//! # the workflow: [discovery, architecture, poc]; phases/architecture.yaml:
//! gate: { revise_to: [poc] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! # phases/poc.yaml
//! gate: { revise_to: [architecture] }
//! ```

use super::context::{text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::overlay::within;
use crate::source::FileId;
use crate::syntax::Written;

pub(super) const CHECK: Check = Check { code: "not-an-earlier-phase", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known = context.phase_names();
    let orders: Vec<Vec<&str>> = context
        .written_workflows()
        .map(|(_, workflow)| texts(&workflow.phases).map(|(name, _)| name).collect())
        .collect();
    for (file, phase) in &context.workspace.phases {
        let Some((name, _)) = text(&phase.phase) else { continue };
        let gate = phase.gate.as_ref().and_then(Written::get);
        // A list in `defaults` is for all phases, and each uses what fits.
        let path = |file: FileId| within(context.sources.path(file));
        let own = |list: &&Written<_>| path(list.span.file) == path(*file);
        let Some(list) = gate.and_then(|gate| gate.revise_to.as_ref()).filter(own) else {
            continue;
        };
        let mut before: Option<Vec<&str>> = None;
        for order in &orders {
            if let Some(at) = order.iter().position(|phase| *phase == name) {
                before.get_or_insert_default().extend(&order[..at]);
            }
        }
        // A phase that no workflow includes has its own check.
        let Some(before) = before else { continue };
        for (earlier, span) in texts(list).filter(|(earlier, _)| known.contains(earlier)) {
            if !before.contains(&earlier) {
                let message = format!("`{earlier}` does not run before `{name}`");
                let found = report.error(CHECK.code, message).at(span, "");
                match before.is_empty() {
                    true => found.help("it is the first phase: remove `revise_to`"),
                    false => found.help(format!("earlier phases: {}", before.join(", "))),
                };
            }
        }
    }
}
