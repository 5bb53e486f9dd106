//! An overlay changes nothing here.
//!
//! It removes a key that is not there, or sets the value that is there already. Often the key below
//! was renamed or moved, and the customer silently gets the standard process.
//!
//! Wrong:
//!
//! ```yaml
//! # overlays/ACME/phases/discovery.yaml, over `gate: { max_revisions: 3 }`
//! gate: { max_revision: ~ }
//! ```
//!
//! Right:
//!
//! ```yaml
//! gate: { max_revisions: ~ }
//! ```

use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::source::Span;

pub(super) const CHECK: Check = Check { code: "overlay-without-effect", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for file in context.sources.idle() {
        report
            .add(CHECK.code, Severity::Warning, "this file changes nothing".to_owned())
            .at(Span::new(*file, 0..0), "")
            .help("remove it, or change it");
    }
}

/// Reports that an overlay removes a key that is not there.
pub(crate) fn nothing_removed(key: &str, at: Span, report: &mut Report) {
    let message = format!("`{key}` is not set, so nothing is removed");
    report.add(CHECK.code, Severity::Warning, message).at(at, "");
}

/// Reports that an overlay sets the value that is there already.
pub(crate) fn nothing_set(at: Span, there: Span, report: &mut Report) {
    report
        .add(CHECK.code, Severity::Warning, "the value is the same without the overlay".to_owned())
        .at(at, "")
        .also(there, "already set here");
}
