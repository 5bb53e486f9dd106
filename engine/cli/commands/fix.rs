//! `check --fix`: writes what cannot have been meant otherwise.

use std::fs;
use std::path::Path;

use cloudcrew_definition::diagnostic::{Report, Severity, fixed};
use cloudcrew_definition::source::Sources;
use cloudcrew_plan::checks::load;
use cloudcrew_runtime::catalogue::catalogue;

use crate::exit::Failure;
use crate::out::note;
use crate::workspace;

/// One mending can bring the next to light; more rounds than this are no mending.
const ROUNDS: usize = 8;

/// Mends the files of a workspace as far as it is safe.
pub fn fix(root: &Path) -> Result<(), Failure> {
    for _ in 0..ROUNDS {
        let sources = workspace::read(root);
        let before = load(&sources, &catalogue()).report;
        let texts = fixed(&sources, before.diagnostics());
        let mut after = Sources::new();
        for (file, path) in sources.iter() {
            match (texts.iter().find(|(f, ..)| *f == file), sources.fault(file)) {
                (Some((_, text, _)), _) => after.add(path, text.as_bytes()),
                (None, Some(why)) => after.add_unreadable(path, why),
                (None, None) => after.add(path, sources.text(file).as_bytes()),
            };
        }
        // What would make it worse is left to the author.
        if texts.is_empty() || weight(&load(&after, &catalogue()).report) >= weight(&before) {
            return Ok(());
        }
        for (file, text, count) in texts {
            let path = sources.path(file);
            write(&root.join(path), &text).map_err(|e| Failure::world(format!("{path}: {e}")))?;
            note!("{path}: {count} mended");
        }
    }
    Ok(())
}

/// Errors, then all findings.
fn weight(report: &Report) -> (usize, usize) {
    let found = report.diagnostics();
    (found.iter().filter(|d| d.severity == Severity::Error).count(), found.len())
}

/// Replaces a file as a whole or not at all; a link stays a link, and permissions stay as they are.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = fs::canonicalize(path)?;
    let beside = path.with_extension("cloudcrew-fix");
    fs::write(&beside, text)?;
    fs::set_permissions(&beside, fs::metadata(&path)?.permissions())?;
    fs::rename(&beside, &path)
}
