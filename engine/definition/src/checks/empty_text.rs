//! A prompt, task or template is empty.
//!
//! Models reject an empty prompt, and an empty template requires nothing.
//!
//! Wrong:
//!
//! ```yaml
//! pm: { prompt: prompts/pm.md }   # and prompts/pm.md is empty
//! ```
//!
//! Right:
//!
//! ```text
//! You own the plan. List the deliverables and their order.
//! ```

use super::{Check, Context};
use crate::diagnostic::Report;
use crate::source::Span;
use crate::syntax::is_text;

pub(super) const CHECK: Check = Check { code: "empty-text", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let texts = context.sources.iter().filter(|(_, path)| is_text(path));
    for (file, path) in texts {
        if context.sources.fault(file).is_none() && context.sources.text(file).trim().is_empty() {
            let found = report
                .error(CHECK.code, format!("`{path}` is empty"))
                .at(Span::new(file, 0..0), "");
            found.help("write its text, or remove the file and every reference to it");
        }
    }
}
