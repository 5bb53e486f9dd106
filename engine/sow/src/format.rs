//! Recognises formats by their bytes.

use std::fmt;

/// A format that is not plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A web page.
    Html,
    /// A mail, as mail programs save it.
    Mail,
    /// A PDF.
    Pdf,
    /// A Word document (`.docx`).
    Word,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Html => "HTML page",
            Self::Mail => "mail",
            Self::Pdf => "PDF",
            Self::Word => "Word document",
        })
    }
}

impl Format {
    /// The type of a file that can be read as a statement of work; `None` if it cannot. What the
    /// sender says of the type is not believed.
    pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
        match Self::of("", bytes) {
            Some(Self::Html) => Some("text/html"),
            Some(Self::Mail) => Some("message/rfc822"),
            Some(Self::Pdf) => Some("application/pdf"),
            Some(Self::Word) => {
                Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
            }
            None => super::decode(bytes).is_ok().then_some("text/plain; charset=utf-8"),
        }
    }
}

/// Bytes at the beginning that are searched.
const SAMPLE: usize = 4 * 1024;

impl Format {
    /// The format of a file; `None` if it is text, or nothing that is read here.
    pub fn of(name: &str, bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
        let head = &bytes[..bytes.len().min(SAMPLE)];
        if head.starts_with(b"%PDF") {
            return Some(Self::Pdf);
        }
        // A Word document names its parts at the beginning or the end of the archive.
        let tail = &bytes[bytes.len().saturating_sub(64 * 1024)..];
        if head.starts_with(b"PK\x03\x04")
            && (holds(tail, b"word/document.xml") || holds(head, b"word/"))
        {
            return Some(Self::Word);
        }
        let name = name.to_ascii_lowercase();
        let head = head.to_ascii_lowercase();
        if name.ends_with(".eml") || is_mail(&head) {
            return Some(Self::Mail);
        }
        let page = [&b"<!doctype html"[..], b"<html", b"<head", b"<body", b"<meta "];
        let begins = page.iter().any(|tag| head.starts_with(tag));
        let named = name.ends_with(".html") || name.ends_with(".htm");
        let xml = head.starts_with(b"<?xml") && holds(&head, b"<html");
        (begins || xml || (named && holds(&head, b"<"))).then_some(Self::Html)
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A mail as programs save it says how it is encoded. A mail that was pasted into a file does not.
fn is_mail(head: &[u8]) -> bool {
    let headers = head
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>();
    let has = |name: &[u8]| headers.iter().any(|line| line.starts_with(name));
    has(b"mime-version:") && has(b"content-type:") && (has(b"from:") || has(b"subject:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_decide_on_the_format() {
        for (name, bytes, format) in [
            ("a.txt", &b"%PDF-1.7"[..], Some(Format::Pdf)),
            ("a.txt", b"\n <!DOCTYPE html><p>a", Some(Format::Html)),
            ("a.htm", b"<p>a</p>", Some(Format::Html)),
            ("a.md", b"<p>a</p>\n\n# b", None),
            ("a.eml", b"Subject: a\n\nb", Some(Format::Mail)),
            (
                "a.txt",
                b"From: a\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nb",
                Some(Format::Mail),
            ),
            ("a.txt", b"From: a\nSubject: b\n\nc", None),
            ("a.docx", b"PK\x03\x04..[Content_Types].xml..word/document.xml", Some(Format::Word)),
            ("a.zip", b"PK\x03\x04..other", None),
        ] {
            assert_eq!(Format::of(name, bytes), format, "{name}");
        }
    }
}
