//! Suggestions that are applied unasked: where nothing else can have been meant.

use super::Diagnostic;
use crate::source::{FileId, Sources, Span};

/// The texts of the files that safe suggestions change, with how many each took. Comments and layout stay: only the words that are
/// wrong are replaced. Of suggestions for the same place, the first counts.
pub fn fixed(sources: &Sources, found: &[Diagnostic]) -> Vec<(FileId, String, usize)> {
    let mut safe: Vec<(Span, &str)> =
        found.iter().filter_map(|d| d.suggestion.as_ref()).filter(|s| s.safe).map(|s| (s.span, s.replacement.as_str())).collect();
    safe.sort();
    safe.dedup_by(|next, kept| next.0.file == kept.0.file && next.0.start < kept.0.end.max(kept.0.start + 1));
    let mut files: Vec<FileId> = safe.iter().map(|(span, _)| span.file).collect();
    files.dedup();
    let one = |file: FileId| {
        let mut text = sources.text(file).to_owned();
        let of_file: Vec<_> = safe.iter().filter(|(span, _)| span.file == file).collect();
        for (span, replacement) in of_file.iter().rev() {
            text.replace_range(span.start..span.end, replacement);
        }
        (file, text, of_file.len())
    };
    files.into_iter().map(one).collect()
}
