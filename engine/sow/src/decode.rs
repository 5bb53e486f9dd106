//! Decodes bytes to text; the only module that knows what customers attach by mistake.

use super::SowFault;

/// Maximum size of a statement of work: 2 MiB, about a thousand pages of text. A larger file
/// contains pictures or is an archive, and would not fit a model's context anyway.
pub const MAX_SOW_BYTES: usize = 2 * 1024 * 1024;

/// Decodes the bytes of a file: UTF-8 without a byte order mark, lines ending in
/// `\n`.
///
/// # Errors
/// Returns a [`SowFault`] when the bytes are another program's format, too large, not UTF-8, or
/// blank.
pub fn decode(bytes: &[u8]) -> Result<String, SowFault> {
    // Check the format before the size: "a PDF" helps the author of a large PDF more than a byte
    // count.
    if let Some(what) = foreign_format(bytes) {
        return Err(SowFault::NotText { what });
    }
    check_size(bytes.len())?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        SowFault::NotUtf8 { line: line_at(bytes, offset), offset }
    })?;
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err(SowFault::Nul { line: line_at(bytes, offset), offset });
    }
    check_not_blank(text)?;
    Ok(unix_lines(text))
}

/// Rejects a file larger than [`MAX_SOW_BYTES`].
pub(super) fn check_size(bytes: usize) -> Result<(), SowFault> {
    if bytes > MAX_SOW_BYTES {
        return Err(SowFault::TooLarge { bytes, limit: MAX_SOW_BYTES });
    }
    Ok(())
}

/// Rejects text without visible characters.
pub(super) fn check_not_blank(text: &str) -> Result<(), SowFault> {
    let unseen = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}')
    };
    if text.chars().all(unseen) { Err(SowFault::Empty) } else { Ok(()) }
}

/// The file's format, if its first bytes reveal it; completes "the statement of work is ...".
fn foreign_format(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"\x89PNG", "a picture"),
        (b"\xFF\xD8\xFF", "a picture"),
        (b"GIF8", "a picture"),
        (b"%PDF", "a PDF"),
        (b"PK\x03\x04", "a Word document or a ZIP archive"),
        (b"PK\x05\x06", "a ZIP archive"),
        (b"\xD0\xCF\x11\xE0", "an old Word document"),
        (b"{\\rtf", "a rich-text document"),
        (b"\x1F\x8B", "a gzip archive"),
        (b"\xFF\xFE", "UTF-16"),
        (b"\xFE\xFF", "UTF-16"),
    ];
    // Mail programs and editors add blank lines or a byte order mark in front.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some("a picture");
    }
    MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what)
}

fn line_at(bytes: &[u8], offset: usize) -> usize {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let breaks = before.iter().filter(|byte| **byte == b'\n').count();
    // A lone CR ends a line too; a CR before an LF is already counted.
    let lone = before
        .iter()
        .zip(before.iter().skip(1).chain([&b'\n']))
        .filter(|(a, b)| **a == b'\r' && **b != b'\n');
    1 + breaks + lone.count()
}

fn unix_lines(text: &str) -> String {
    if !text.contains('\r') {
        return text.to_owned();
    }
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        decode(bytes).expect_err("these bytes are refused").to_string()
    }

    #[test]
    fn byte_order_mark_and_windows_line_breaks_are_removed() {
        let text = decode(b"\xEF\xBB\xBFGoals\r\n\ta\rb\n").expect("this is text");
        assert_eq!(text, "Goals\n\ta\nb\n");
    }

    #[test]
    fn other_formats_are_named_with_advice() {
        assert_eq!(
            refusal(b"%PDF-1.7\n..."),
            "the statement of work is a PDF, not text; export it as Markdown or plain text"
        );
        assert!(refusal(b"\x89PNG\r\n\x1a\n").contains("a picture"));
        assert!(refusal(b"\xFF\xD8\xFF\xE0").contains("a picture"));
        assert!(refusal(b"RIFF\0\0\0\0WEBPVP8 ").contains("a picture"));
        assert!(refusal(b"PK\x03\x04\x14").contains("a Word document"));
        assert!(refusal(b"\xFF\xFEa\0b\0").contains("UTF-16"));
        assert!(refusal(b"{\\rtf1\\ansi").contains("rich-text"));
    }

    #[test]
    fn the_format_is_checked_before_the_size() {
        let mut pdf = b"%PDF-1.7".to_vec();
        pdf.resize(MAX_SOW_BYTES + 1, b' ');
        assert_eq!(decode(&pdf), Err(SowFault::NotText { what: "a PDF" }));
        let text = vec![b'a'; MAX_SOW_BYTES + 1];
        assert_eq!(
            decode(&text),
            Err(SowFault::TooLarge { bytes: MAX_SOW_BYTES + 1, limit: MAX_SOW_BYTES })
        );
        assert!(decode(&text[1..]).is_ok());
    }

    #[test]
    fn blank_text_is_empty() {
        for blank in ["", " \t\r\n", "\u{FEFF}\n\u{200B}"] {
            assert_eq!(decode(blank.as_bytes()), Err(SowFault::Empty), "{blank:?}");
        }
    }

    #[test]
    fn the_first_invalid_byte_is_located() {
        assert_eq!(decode(b"a\r\nb\rc\n\xE9"), Err(SowFault::NotUtf8 { line: 4, offset: 7 }));
        assert_eq!(decode(b"a\nb\0c"), Err(SowFault::Nul { line: 2, offset: 3 }));
        assert_eq!(
            refusal(b"caf\xE9"),
            "the statement of work is not valid UTF-8 at line 1 (byte 3); save it as UTF-8"
        );
    }
}
