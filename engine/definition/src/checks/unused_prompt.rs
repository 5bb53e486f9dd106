//! A prompt or a task that nobody is given.
//!
//! What stands in it has no effect, and whoever edits it waits in vain. Often its file was renamed
//! or copied.
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
use crate::syntax::is_text;

/// Places that are shown at most.
const SHOWN: usize = 4;

pub(super) const CHECK: Check = Check { code: "unused-prompt", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let prompts = context.agents().filter_map(|(_, _, a)| text(&a.prompt));
    let tasks = context.phases().filter_map(|p| text(&p.task));
    let used: Vec<(&str, Span)> = prompts.chain(tasks).collect();
    let names: HashSet<&str> = used.iter().map(|(path, _)| *path).collect();
    let twice = |path: &str| used.iter().filter(|(other, _)| *other == path).count() > 1;
    for (file, path) in
        context.sources.iter().filter(|(_, p)| p.starts_with("prompts/") && is_text(p))
    {
        if !names.contains(path) {
            let found =
                report.add(CHECK.code, Severity::Warning, format!("nobody is given `{path}`"));
            found.at(Span::new(file, 0..0), "");
            // Where one is given twice, one of them is likely to lack this.
            for (other, at) in used.iter().filter(|(other, _)| twice(other)).take(SHOWN) {
                found.also(*at, format!("given `{other}`, as somebody else is"));
            }
            found.help("name it as a `prompt` or a `task`, or remove the file");
        }
    }
}
