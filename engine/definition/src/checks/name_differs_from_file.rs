//! A definition's name differs from its file name.
//!
//! Other files refer to it by file name. With two names for one thing, it is easy to edit the wrong
//! file.
//!
//! Wrong:
//!
//! ```yaml
//! # phases/discovery.yaml
//! phase: discover
//! ```
//!
//! Right:
//!
//! ```yaml
//! # phases/discovery.yaml
//! phase: discovery
//! ```

use super::context::text;
use super::{Check, Context};
use crate::diagnostic::{Report, Suggestion, closest};

pub(super) const CHECK: Check = Check { code: "name-differs-from-file", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let phases = context.workspace.phases.iter().map(|(file, p)| (*file, &p.phase));
    let workflows = context.written_workflows().map(|(file, w)| (file, &w.workflow));
    let rehearsals = context.workspace.rehearsals.iter().map(|(file, r)| (*file, &r.rehearsal));
    let patterns = context.workspace.patterns.iter().map(|(file, p)| (*file, &p.pattern));
    for (file, name) in phases.chain(workflows).chain(rehearsals).chain(patterns) {
        let Some((name, span)) = text(name) else { continue };
        let path = context.sources.path(file);
        let stem = path.rsplit('/').next().and_then(|f| f.strip_suffix(".yaml")).unwrap_or(path);
        if name != stem {
            let found = report
                .error(CHECK.code, format!("`{name}` does not match the file name `{stem}.yaml`"))
                .at(span, "");
            found.help(format!("change it to `{stem}`, or rename the file"));
            found.suggestion = Some(Suggestion {
                span,
                replacement: stem.to_owned(),
                safe: closest(name, &[stem]).is_some(),
            });
        }
    }
}
