//! Word documents (`.docx`) as Markdown.

mod body;
mod numbering;
mod styles;

use std::io::{Cursor, Read as _};

use quick_xml::events::BytesStart;
use zip::ZipArchive;
use zip::result::ZipError;

use super::{DocumentFault, Format};

/// Maximum size of a part after inflating, 32 MiB; an archive may claim anything.
const MAX_PART: u64 = 32 * 1024 * 1024;
/// Maximum number of parts in an archive.
const MAX_PARTS: usize = 10_000;

/// The document as Markdown.
pub(crate) fn markdown(bytes: &[u8], notes: &mut Vec<String>) -> Result<String, DocumentFault> {
    let damaged = |error: ZipError| match error {
        ZipError::UnsupportedArchive(why) if why.contains("assword") => {
            DocumentFault::Encrypted { format: Format::Word }
        }
        error => DocumentFault::damaged(Format::Word, error),
    };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > MAX_PARTS {
        return Err(DocumentFault::damaged(Format::Word, "it has too many parts"));
    }
    let mut part = |name: &str| -> Result<Option<Vec<u8>>, DocumentFault> {
        let file = match archive.by_name(name) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(damaged(error)),
        };
        let mut read = Vec::new();
        let taken = file.take(MAX_PART + 1).read_to_end(&mut read);
        taken.map_err(|error| DocumentFault::damaged(Format::Word, error))?;
        if read.len() as u64 > MAX_PART {
            return Err(DocumentFault::damaged(Format::Word, "a part is too large"));
        }
        Ok(Some(read))
    };
    let document = part("word/document.xml")?
        .ok_or_else(|| DocumentFault::damaged(Format::Word, "it has no text part"))?;
    let styles = styles::read(&part("word/styles.xml")?.unwrap_or_default());
    let numbering = numbering::read(&part("word/numbering.xml")?.unwrap_or_default());
    let mut text = body::markdown(&document, &styles, numbering, notes)?;
    for (name, what) in [("word/footnotes.xml", "footnotes"), ("word/endnotes.xml", "endnotes")] {
        let Some(xml) = part(name)? else { continue };
        let more = body::markdown(&xml, &styles, Default::default(), notes)?;
        if !more.trim().is_empty() {
            notes.push(format!("the {what} were added at the end"));
            text.push('\n');
            text.push_str(&more);
        }
    }
    Ok(text)
}

/// The name of an element without its namespace.
fn local<'e>(element: &'e BytesStart<'_>) -> &'e str {
    element.local_name().into_inner()
}

/// The value of an attribute, by its name without namespace.
fn value(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
    Some(found.value.into_owned())
}

/// Whether an on/off property such as `<w:b/>` or `<w:b w:val="0"/>` is on.
fn is_on(element: &BytesStart<'_>) -> bool {
    !matches!(value(element, "val").as_deref(), Some("0" | "false" | "off" | "none"))
}
