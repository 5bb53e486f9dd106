//! Decodes bytes to text; the only module that knows what customers attach by mistake.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

use super::SowFault;

/// Maximum size of a statement of work: 2 MiB, about a thousand pages of text. A larger file
/// contains pictures or is an archive, and would not fit a model's context anyway.
pub const MAX_SOW_BYTES: usize = 2 * 1024 * 1024;

/// The text of a file, and how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text: without a byte order mark, lines ending in `\n`.
    pub text: String,
    /// The encoding, if it is not UTF-8: its accents may be wrong and should be looked at.
    pub encoding: Option<&'static str>,
}

/// Decodes the bytes of a text file. Text that is not UTF-8 is read in the encoding that its bytes
/// suggest.
///
/// # Errors
/// Returns a [`SowFault`] when the bytes are another program's format, too large, no text, or
/// blank.
pub fn decode(bytes: &[u8]) -> Result<Decoded, SowFault> {
    decode_up_to(bytes, MAX_SOW_BYTES)
}

/// Like [`decode`], for text of at most `most` bytes, such as the markup around a statement of
/// work.
///
/// # Errors
/// See [`decode`].
pub fn decode_up_to(bytes: &[u8], most: usize) -> Result<Decoded, SowFault> {
    let check_size = |bytes| match bytes > most {
        true => Err(SowFault::TooLarge { bytes, limit: most }),
        false => Ok(()),
    };
    // Check the format before the size: "a PDF" helps the author of a large PDF more than a byte
    // count.
    if let Some(what) = foreign_format(bytes) {
        return Err(SowFault::NotText { what });
    }
    check_size(bytes.len())?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let (text, encoding) = match (utf_16(bytes), std::str::from_utf8(bytes)) {
        (Some(encoding), _) => (encoding.decode(bytes).0, Some(encoding.name())),
        (None, Ok(text)) => (Cow::Borrowed(text), None),
        (None, Err(error)) => {
            if !looks_like_text(bytes) {
                let offset = error.valid_up_to();
                return Err(SowFault::NotUtf8 { line: line_at(bytes, offset), offset });
            }
            let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
            detector.feed(bytes, true);
            let encoding = detector.guess(None, Utf8Detection::Deny);
            (encoding.decode(bytes).0, Some(encoding.name()))
        }
    };
    if let Some(offset) = text.bytes().position(|byte| byte == 0) {
        return Err(SowFault::Nul { line: line_at(text.as_bytes(), offset), offset });
    }
    check_not_blank(&text)?;
    check_size(text.len())?;
    Ok(Decoded { text: unix_lines(&text), encoding })
}

/// UTF-16, by its byte order mark or by the zeros in half of its bytes.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    const SAMPLE: usize = 512;
    if bytes.starts_with(b"\xFF\xFE") {
        return Some(encoding_rs::UTF_16LE);
    }
    if bytes.starts_with(b"\xFE\xFF") {
        return Some(encoding_rs::UTF_16BE);
    }
    let sample = &bytes[..bytes.len().min(SAMPLE) & !1];
    let zeros = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), sample.len() / 2);
    if pairs < 4 {
        return None;
    }
    if odd * 10 >= pairs * 7 && even == 0 {
        return Some(encoding_rs::UTF_16LE);
    }
    (even * 10 >= pairs * 7 && odd == 0).then_some(encoding_rs::UTF_16BE)
}

/// Whether bytes that are not UTF-8 can be text: hardly any control characters.
fn looks_like_text(bytes: &[u8]) -> bool {
    let control = |b: &&u8| **b < 0x20 && !matches!(**b, b'\t' | b'\n' | b'\r' | 0x0C);
    bytes.iter().filter(control).count() * 500 <= bytes.len() && !bytes.contains(&0)
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
        (b"PK\x03\x04", "a ZIP archive"),
        (b"PK\x05\x06", "a ZIP archive"),
        (b"\xD0\xCF\x11\xE0", "an old Word document"),
        (b"{\\rtf", "a rich-text document"),
        (b"\x1F\x8B", "a gzip archive"),
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
        let read = decode(b"\xEF\xBB\xBFGoals\r\n\ta\rb\n").expect("this is text");
        assert_eq!((&*read.text, read.encoding), ("Goals\n\ta\nb\n", None));
    }

    #[test]
    fn other_encodings_are_read_and_named() {
        let read = |bytes: &[u8]| decode(bytes).map(|read| (read.text, read.encoding));
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode("Die Tür muss schließen – für 5 €.");
        assert_eq!(
            read(&bytes),
            Ok(("Die Tür muss schließen – für 5 €.".into(), Some("windows-1252")))
        );
        let (bytes, ..) = encoding_rs::SHIFT_JIS.encode("要件\n・ゲートは2秒以内に開くこと。\n");
        let japanese = read(&bytes).expect("this is text");
        assert_eq!(japanese.1, Some("Shift_JIS"));
        assert!(japanese.0.contains("開くこと"));
        for bytes in [&b"\xFF\xFEG\0o\0a\0l\0s\0"[..], b"G\0o\0a\0l\0s\0"] {
            assert_eq!(read(bytes), Ok(("Goals".into(), Some("UTF-16LE"))));
        }
        assert_eq!(read(b"\xFE\xFF\0G\0o"), Ok(("Go".into(), Some("UTF-16BE"))));
    }

    #[test]
    fn other_formats_are_named_with_advice() {
        assert_eq!(
            refusal(b"GIF89a..."),
            "the statement of work is a picture; send it as text, Word, PDF, HTML or mail"
        );
        assert!(refusal(b"\x89PNG\r\n\x1a\n").contains("a picture"));
        assert!(refusal(b"\xFF\xD8\xFF\xE0").contains("a picture"));
        assert!(refusal(b"RIFF\0\0\0\0WEBPVP8 ").contains("a picture"));
        assert!(refusal(b"PK\x03\x04\x14").contains("a ZIP archive"));
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
        assert_eq!(decode(b"a\r\nb\rc\n\xE9\x01"), Err(SowFault::NotUtf8 { line: 4, offset: 7 }));
        assert_eq!(decode(b"a\nb\0c"), Err(SowFault::Nul { line: 2, offset: 3 }));
        assert_eq!(
            refusal(b"caf\xE9\x02"),
            "the statement of work is not valid UTF-8 at line 1 (byte 3); save it as UTF-8"
        );
    }
}
