//! Converts lines and columns of an editor to byte offsets and back, in the negotiated unit.

use std::ops::Range;

use lsp_types::{Position, PositionEncodingKind};

/// The unit of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, which every client supports.
    Utf16,
}

impl Encoding {
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
        }
    }
}

/// The lines of a text. A line ends with `\n`, `\r\n` or `\r`, as the protocol says.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str, encoding: Encoding) -> Lines<'t> {
        let bytes = text.as_bytes();
        let ends = |at: &usize| {
            bytes[*at] == b'\n' || (bytes[*at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
        };
        let starts =
            std::iter::once(0).chain((0..bytes.len()).filter(ends).map(|at| at + 1)).collect();
        Lines { text, starts, encoding }
    }

    /// Byte range of a line, without its line break.
    fn line(&self, line: usize) -> Range<usize> {
        let start = self.starts[line];
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len()
    }

    /// The byte offset of a position. A position outside is moved to the nearest one inside, and
    /// one within a character to its start.
    pub(crate) fn offset(&self, position: Position) -> usize {
        let line = position.line as usize;
        if line >= self.starts.len() {
            return self.text.len();
        }
        let range = self.line(line);
        let (mut left, mut at) = (position.character as usize, range.start);
        for c in self.text[range].chars() {
            let units = self.encoding.units(c);
            if left < units {
                break;
            }
            left -= units;
            at += c.len_utf8();
        }
        at
    }

    /// The position of a byte offset.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let units = self.text[self.starts[line]..offset]
            .chars()
            .map(|c| self.encoding.units(c))
            .sum::<usize>();
        Position { line: line as u32, character: units as u32 }
    }

    /// The range of a byte range.
    pub(crate) fn range(&self, range: Range<usize>) -> lsp_types::Range {
        lsp_types::Range {
            start: self.position(range.start),
            end: self.position(range.end.max(range.start)),
        }
    }

    /// The byte range of a range, with its ends in order.
    pub(crate) fn bytes(&self, range: lsp_types::Range) -> Range<usize> {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        start.min(end)..end.max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a😀b\r\nü\rx\n";

    #[test]
    fn columns_use_the_negotiated_unit() {
        let (wide, narrow) = (Lines::new(TEXT, Encoding::Utf16), Lines::new(TEXT, Encoding::Utf8));
        let at = |line, character| Position { line, character };
        assert_eq!((wide.offset(at(0, 3)), narrow.offset(at(0, 5))), (5, 5));
        assert_eq!((wide.position(5), narrow.position(5)), (at(0, 3), at(0, 5)));
        // Inside a surrogate pair: its start.
        assert_eq!(wide.offset(at(0, 2)), 1);
        assert_eq!(wide.offset(at(2, 0)), TEXT.find('x').expect("there"));
    }

    #[test]
    fn a_position_outside_is_moved_inside() {
        let lines = Lines::new(TEXT, Encoding::Utf16);
        assert_eq!(
            lines.offset(Position { line: 0, character: 999 }),
            TEXT.find('\r').expect("there")
        );
        assert_eq!(lines.offset(Position { line: u32::MAX, character: u32::MAX }), TEXT.len());
        assert_eq!(lines.position(usize::MAX), Position { line: 3, character: 0 });
    }

    #[test]
    fn every_byte_offset_round_trips() {
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            let lines = Lines::new(TEXT, encoding);
            for (at, c) in TEXT.char_indices().filter(|(_, c)| !matches!(c, '\n')) {
                assert_eq!(lines.offset(lines.position(at)), at, "{c:?}");
            }
        }
    }
}
