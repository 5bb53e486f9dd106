//! A prompt, task or statement of work does not exist.
//!
//! The phase would start without its text.
//!
//! Wrong:
//!
//! ```yaml
//! prompt: prompts/pmm.md
//! ```
//!
//! Right:
//!
//! ```yaml
//! prompt: prompts/pm.md
//! ```

use std::collections::HashSet;

use super::context::text;
use super::misdeclared::renamed;
use super::{Check, Context};
use crate::diagnostic::{Report, closest};
use crate::syntax::{SOWS, is_text};

pub(super) const CHECK: Check = Check { code: "missing-file", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (path, span) in
        context.workspace.rehearsals.iter().filter_map(|(_, r)| text(r.sow.as_ref()?))
    {
        let known = context.sources.iter().map(|(_, p)| p).filter(|p| p.starts_with(SOWS));
        if !path.starts_with(SOWS) {
            let message = format!("`{path}` is not in `{SOWS}`, the folder for statements of work");
            let found = report.error(CHECK.code, message).at(span, "");
            let known: Vec<&str> = known.collect();
            // The folder may be misspelt.
            match closest(path, &known) {
                Some(_) => found.help_closest(path, known),
                None => found.help("move the file there and update this path"),
            };
        } else if context.sources.find(path).is_none() {
            report
                .error(CHECK.code, format!("no file `{path}`"))
                .at(span, "")
                .help_closest(path, known);
        }
    }
    let prompts = context.agents().filter_map(|(_, _, a)| text(&a.prompt));
    let tasks = context.phases().filter_map(|p| text(&p.task));
    let used: Vec<_> = prompts.chain(tasks).collect();
    let uses: HashSet<&str> = used.iter().map(|(path, _)| *path).collect();
    let missing: Vec<&str> =
        uses.iter().copied().filter(|path| context.sources.find(path).is_none()).collect();
    let there = context.sources.iter().map(|(_, path)| path);
    let there = there.filter(|path| path.starts_with("prompts/") && is_text(path));
    let unused: Vec<&str> = there.filter(|path| !uses.contains(path)).collect();
    let renamed = renamed(missing.iter().copied(), &unused);
    for (path, span) in used {
        let readable = path.starts_with("prompts/") && path.ends_with(".md");
        let known = context
            .sources
            .iter()
            .map(|(_, p)| p)
            .filter(|p| p.starts_with("prompts/") && is_text(p));
        let known = known.filter(|there| alike(path, there));
        if !readable {
            let message = format!("`{path}` is not a `.md` file in `prompts/`");
            report.error(CHECK.code, message).at(span, "").help_closest(path, known);
        } else if context.sources.find(path).is_none() {
            let found = report.error(CHECK.code, format!("no file `{path}`")).at(span, "");
            match renamed {
                Some((_, unused)) => found.help(format!("if it was renamed, use `{unused}`")),
                None => found.help_closest(path, known),
            };
            found.help(format!("to add the prompt, create `{path}`"));
        }
    }
}

/// Whether two paths differ only by a typo. Only file names are compared, because a long folder
/// would make `ux.md` look similar to `pm.md`.
fn alike(path: &str, there: &str) -> bool {
    let name = |path: &str| {
        path.rsplit('/').next().map_or("", |name| name.trim_end_matches(".md")).to_owned()
    };
    let (a, b) = (name(path), name(there));
    a == b || closest(&a, &[&b]).is_some()
}
