//! A file that looks like part of the workspace is ignored.
//!
//! Definition files end in `.yaml`, prompts and templates in `.md`. A phase in `poc.yml` would look
//! present but never run.
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
use crate::syntax::{SOWS, is_part};

pub(super) const CHECK: Check = Check { code: "ignored-file", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (file, path) in context.sources.iter().filter(|(_, path)| !is_part(path)) {
        let found = report.add(CHECK.code, Severity::Warning, format!("`{path}` is ignored"));
        found.at(Span::new(file, 0..0), "");
        let text =
            ["prompts/", "templates/", SOWS].into_iter().any(|folder| path.starts_with(folder));
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let name = path.rsplit('/').next().unwrap_or(path);
        if !name.contains('.') {
            found.help("folders of other names, and links to folders, are not read");
            continue;
        }
        let meant = format!("{stem}.{}", if text { "md" } else { "yaml" });
        if meant == path {
            found.help("move it up one folder: subfolders are not read");
        } else {
            found.help(format!("rename it to `{meant}`, or move it out of this folder"));
        }
    }
}
