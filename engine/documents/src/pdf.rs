//! PDF as text.

use super::{DocumentFault, Format};

/// The text of a PDF, page by page.
pub(crate) fn text(bytes: &[u8]) -> Result<String, DocumentFault> {
    // The parser panics on some damaged files.
    let read = std::panic::catch_unwind(|| pdf_extract::extract_text_from_mem(bytes));
    match read {
        Ok(Ok(text)) => Ok(tidy(&text)),
        Ok(Err(error)) => {
            let why = error.to_string();
            let lower = why.to_lowercase();
            if ["encrypt", "decrypt", "password"].iter().any(|word| lower.contains(word)) {
                return Err(DocumentFault::Encrypted { format: Format::Pdf });
            }
            Err(DocumentFault::damaged(Format::Pdf, why))
        }
        Err(_) => Err(DocumentFault::damaged(Format::Pdf, "its parser gave up")),
    }
}

/// Without control characters and runs of blank lines.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.split(['\n', '\u{C}']) {
        let line: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
        let line = line.trim_end();
        if line.trim().is_empty() {
            if !blank {
                tidy.push('\n');
            }
            blank = true;
            continue;
        }
        tidy.push_str(line);
        tidy.push('\n');
        blank = false;
    }
    tidy
}
