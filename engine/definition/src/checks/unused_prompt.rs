//! A prompt or task is not used by any agent or phase.
//!
//! Its text has no effect, and neither do changes to it. Often the file was renamed or copied.
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

/// Maximum number of places shown.
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
            let found = report.add(
                CHECK.code,
                Severity::Warning,
                format!("no agent or phase uses `{path}`"),
            );
            found.at(Span::new(file, 0..0), "");
            // If another file is used twice, one of the two uses was probably meant for this one.
            for (other, at) in used.iter().filter(|(other, _)| twice(other)).take(SHOWN) {
                found.also(*at, format!("uses `{other}`, which is also used elsewhere"));
            }
            found.help("use it as a `prompt` or `task`, or remove the file");
        }
    }
}
