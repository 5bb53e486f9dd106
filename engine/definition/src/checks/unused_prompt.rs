//! A prompt or a task that nobody is given.
//!
//! What stands in it has no effect, and whoever edits it waits in vain. Often its file was renamed or copied.
//!
//! Wrong:
//!
//! ```yaml
//! pm: { prompt: prompts/pm.md }   # and there is a file prompts/pm-new.md
//! ```
//!
//! Right:
//!
//! ```yaml
//! pm: { prompt: prompts/pm-new.md }   # and prompts/pm.md is gone
//! ```

use std::collections::HashSet;

use super::context::text;
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::source::Span;

pub(super) const CHECK: Check = Check { code: "unused-prompt", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let prompts = context.agents().filter_map(|(_, _, a)| text(&a.prompt));
    let tasks = context.phases().filter_map(|p| text(&p.task));
    let used: HashSet<&str> = prompts.chain(tasks).map(|(path, _)| path).collect();
    for (file, path) in context.sources.iter().filter(|(_, p)| p.starts_with("prompts/") && p.ends_with(".md")) {
        if !used.contains(&path) {
            report
                .add(CHECK.code, Severity::Warning, format!("nobody is given `{path}`"))
                .at(Span::new(file, 0..0), "")
                .help("name it as a `prompt` or a `task`, or remove the file");
        }
    }
}
