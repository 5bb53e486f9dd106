//! An entry of `allow` allows nothing.
//!
//! The warning does not exist or is gone, or the finding is an error, which cannot be allowed.
//!
//! Wrong:
//!
//! ```yaml
//! allow:
//!   - { rule: unused-agent, at: qa, reason: It joins later }   # and a phase has qa
//! ```
//!
//! Right:
//!
//! ```yaml
//! allow:
//!   - { rule: unused-agent, at: legal, reason: It joins in the next release }
//! ```

use cloudcrew_definition::Loaded;
use cloudcrew_definition::diagnostic::{Diagnostic, Severity};
use cloudcrew_definition::overlay::within;
use cloudcrew_definition::source::{FileId, Sources};
use cloudcrew_definition::syntax::{Allowed, FileKind, Written};

pub(super) const CODE: &str = "allow-without-effect";
fn word(written: &Written<String>) -> &str {
    written.get().map_or("", String::as_str)
}

/// The word that a finding marks.
fn marked<'s>(found: &Diagnostic, sources: &'s Sources) -> Option<&'s str> {
    let place = found.at.as_ref()?.span;
    Some(sources.text(place.file).get(place.start..place.end)?.trim_matches(['"', '\'']))
}

/// Whether a file has a key `allow`.
fn holds_its_own(path: &str) -> bool {
    use FileKind::{Agents, Phase, Rehearsal, Workflow};
    matches!(FileKind::of(path), Some(Agents | Phase | Workflow | Rehearsal))
}

/// Whether an entry is about a finding.
fn fits(entry: (FileId, &Allowed), found: &Diagnostic, sources: &Sources) -> bool {
    let (file, allowed) = entry;
    let Some(place) = found.at.as_ref().map(|at| at.span) else { return false };
    // A file of an overlay counts as the one that it is laid over.
    let of = |file: FileId| within(sources.path(file));
    let wanted = match &allowed.file {
        Some(path) => word(path) == of(place.file),
        None => of(file) == of(place.file),
    };
    let at = allowed.at.as_ref().is_none_or(|at| Some(word(at)) == marked(found, sources));
    wanted
        && !allowed.file.as_ref().is_some_and(|path| holds_its_own(word(path)))
        && at
        && word(&allowed.rule) == found.code
}

/// Moves allowed warnings out of the report, and reports entries without effect.
pub(super) fn run(loaded: &mut Loaded, sources: &Sources) {
    let entries: Vec<(FileId, &Allowed)> = loaded.workspace.allowed().collect();
    let mut used = vec![false; entries.len()];
    let is_allowed = |found: &mut Diagnostic| {
        let mut allowed = false;
        for (at, entry) in entries.iter().enumerate() {
            if found.severity == Severity::Warning && fits(*entry, found, sources) {
                (used[at], allowed) = (true, true);
            }
        }
        allowed
    };
    let allowed = loaded.report.take(is_allowed).len();
    let found = loaded.report.diagnostics().to_vec();
    for ((file, entry), used) in entries.iter().zip(used) {
        let rule = word(&entry.rule);
        let codes = super::codes();
        if !codes.contains(&rule) {
            loaded
                .report
                .error(CODE, format!("no rule named `{rule}`"))
                .at(entry.rule.span, "")
                .help_closest(rule, codes);
        } else if let Some(path) = &entry.file
            && holds_its_own(word(path))
        {
            loaded
                .report
                .add(
                    CODE,
                    Severity::Warning,
                    format!("`{}` can contain its own `allow`", word(path)),
                )
                .at(path.span, "")
                .help("move the entry to that file");
        } else if found.iter().any(|found| fits((*file, entry), found, sources)) {
            loaded
                .report
                .add(CODE, Severity::Warning, format!("`{rule}` is an error here"))
                .at(entry.rule.span, "errors cannot be allowed");
        } else if !used && !loaded.report.has_errors() {
            let at = entry.at.as_ref().map(|at| (word(at), at.span));
            let words: Vec<&str> = found
                .iter()
                .filter(|found| found.code == rule)
                .filter_map(|found| marked(found, sources))
                .collect();
            match at.filter(|_| !words.is_empty()) {
                Some((at, span)) => loaded
                    .report
                    .add(CODE, Severity::Warning, format!("no `{rule}` warning at `{at}`"))
                    .at(span, "")
                    .help_closest(at, words),
                None => loaded
                    .report
                    .add(CODE, Severity::Warning, format!("no `{rule}` warning to allow"))
                    .at(entry.rule.span, "")
                    .help("remove the entry"),
            };
        }
    }
    loaded.allowed = allowed;
}
