//! A file that looks like a part of the workspace and is not read.
//!
//! Definitions end in `.yaml`, prompts and templates in `.md`. A phase in `poc.yml` would seem to be there and would not run.
//!
//! Wrong:
//!
//! ```text
//! phases/poc.yml
//! ```
//!
//! Right:
//!
//! ```text
//! phases/poc.yaml
//! ```

use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::source::Span;
use crate::syntax::{FileKind, is_text};

pub(super) const CHECK: Check = Check { code: "ignored-file", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (file, path) in context.sources.iter().filter(|(_, path)| !is_read(path)) {
        let found = report.add(CHECK.code, Severity::Warning, format!("`{path}` is not read"));
        found.at(Span::new(file, 0..0), "");
        let text = path.starts_with("prompts/") || path.starts_with("templates/");
        let ending = if text { "md" } else { "yaml" };
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        found.help(format!("rename it to `{stem}.{ending}`, or move it out of the folder"));
    }
}

/// Whether a file has the place and the ending of a part of a workspace.
fn is_read(path: &str) -> bool {
    FileKind::of(path).is_some() || is_text(path) || path.starts_with("examples/sow/")
}
