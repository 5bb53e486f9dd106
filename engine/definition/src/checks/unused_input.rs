//! No prompt and no template uses an input.
//!
//! People are asked for a value that changes nothing.
//!
//! Wrong:
//!
//! ```yaml
//! inputs:
//!   region: { default: eu-central-1 }   # and no prompt has {{ inputs.region }}
//! ```
//!
//! Right: say it where it matters, such as in the task of a phase.
//!
//! ```text
//! All personal data stays in {{ inputs.region }}.
//! ```

use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::text::inputs;

pub(super) const CHECK: Check = Check { code: "unused-input", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let texts = context.sources.iter().filter(|(_, path)| path.ends_with(".md"));
    let used: Vec<&str> =
        texts.flat_map(|(file, _)| inputs(context.sources, file)).map(|used| used.name).collect();
    for (_, workflow) in context.written_workflows() {
        let asked = workflow.inputs.as_ref().and_then(|inputs| inputs.get());
        for (name, span, _) in asked.into_iter().flat_map(|inputs| inputs.0.iter()) {
            if !used.contains(&name) {
                report
                    .add(CHECK.code, Severity::Warning, format!("nothing uses the input `{name}`"))
                    .at(span, "")
                    .help(format!("write `{{{{ inputs.{name} }}}}` in a prompt, or remove it"));
            }
        }
    }
}
