//! Reads the documents that customers send, as Markdown: PDF, Word, HTML, mail and plain text.
//!
//! The parsers of other formats come from libraries, and their input is hostile. Every size is
//! bounded here; a caller that must survive anything runs [`read()`] in a process of its own, with
//! limits on memory and time.

mod fault;
mod html;
mod mail;
mod markdown;
mod pdf;
mod word;

#[cfg(test)]
mod story_tests;

use cloudcrew_sow::decode;

pub use cloudcrew_sow::Format;
pub use fault::DocumentFault;

/// Maximum size of a document: 20 MiB, which includes its pictures.
pub const MAX_BYTES: usize = 20 * 1024 * 1024;

/// The text of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Markdown, or the text as it was written.
    pub text: String,
    /// The format it was read from; `None` for text.
    pub format: Option<Format>,
    /// What a reader should know: the encoding, or what was left out.
    pub notes: Vec<String>,
}

/// Reads a document. Its bytes decide on the format; `name` only tells a mail from a text.
///
/// # Errors
/// Returns a [`DocumentFault`] when the document is damaged, encrypted, too large, without text, or
/// of a format that is not read.
pub fn read(name: &str, bytes: &[u8]) -> Result<Document, DocumentFault> {
    read_at(name, bytes, 0)
}

/// Reads a document that is `depth` attachments deep.
fn read_at(name: &str, bytes: &[u8], depth: u8) -> Result<Document, DocumentFault> {
    if bytes.len() > MAX_BYTES {
        return Err(DocumentFault::TooLarge { bytes: bytes.len(), limit: MAX_BYTES });
    }
    let format = Format::of(name, bytes);
    let mut notes = Vec::new();
    let text = match format {
        None => {
            let read = decode(bytes)?;
            if let Some(encoding) = read.encoding {
                notes
                    .push(format!("it is not UTF-8 and was read as {encoding}; check its accents"));
            }
            return Ok(Document { text: read.text, format, notes });
        }
        Some(Format::Html) => html::markdown(bytes, &mut notes)?,
        Some(Format::Mail) => mail::markdown(bytes, depth, &mut notes)?,
        Some(Format::Pdf) => pdf::text(bytes)?,
        Some(Format::Word) => word::markdown(bytes, &mut notes)?,
    };
    // The same limits as for text, and the same idea of emptiness.
    let read = decode(text.as_bytes()).map_err(|fault| match (fault, format) {
        (cloudcrew_sow::SowFault::Empty, Some(format)) => DocumentFault::NoText { format },
        (fault, _) => fault.into(),
    })?;
    Ok(Document { text: read.text, format, notes })
}
