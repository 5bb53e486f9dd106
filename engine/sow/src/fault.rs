//! Why a statement of work cannot be read at all.

/// Why a file cannot be read as a statement of work. The customer's file is at fault, never the
/// crew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SowFault {
    /// The file is too large.
    #[error(
        "the statement of work has {bytes} bytes; the limit is {limit}; \
         keep the text that describes the work and move attachments elsewhere"
    )]
    TooLarge {
        /// Size of the file.
        bytes: usize,
        /// Maximum size.
        limit: usize,
    },
    /// The file has no visible text.
    #[error(
        "the statement of work is empty; write what you need, starting with a `Requirements` \
         heading"
    )]
    Empty,
    /// The first bytes are those of another format.
    #[error("the statement of work is {what}; send it as text, Word, PDF, HTML or mail")]
    NotText {
        /// The apparent format, with its article: `a PDF`, `a picture`.
        what: &'static str,
    },
    /// The file contains a NUL byte, which text never does.
    #[error(
        "the statement of work has a NUL byte at line {line} (byte {offset}), so it is not text; \
         export it as Markdown or plain text"
    )]
    Nul {
        /// Line of the byte, from 1.
        line: usize,
        /// Offset of the byte, from 0.
        offset: usize,
    },
    /// The file is not UTF-8.
    #[error(
        "the statement of work is not valid UTF-8 at line {line} (byte {offset}); save it as \
         UTF-8"
    )]
    NotUtf8 {
        /// Line of the first invalid byte, from 1.
        line: usize,
        /// Offset of the byte, from 0.
        offset: usize,
    },
}
