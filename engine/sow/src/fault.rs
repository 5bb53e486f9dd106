//! What can be wrong with a statement of work before anybody has read a word of it.

/// Why a file cannot be read as a statement of work. The customer's file is at fault, never the
/// crew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SowFault {
    /// The file is larger than a statement of work may be.
    #[error(
        "the statement of work is {bytes} bytes and at most {limit} are read; \
         keep the text that describes the work and move attachments elsewhere"
    )]
    TooLarge {
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// There is nothing to read.
    #[error(
        "the statement of work is empty; write what you need, starting with a `Requirements` \
         heading"
    )]
    Empty,
    /// The first bytes say that this is a format of another program.
    #[error("the statement of work is {what}, not text; export it as Markdown or plain text")]
    NotText {
        /// What the file looks like, with its article: `a PDF`, `a picture`.
        what: &'static str,
    },
    /// A NUL byte: no text has one.
    #[error(
        "the statement of work holds a NUL byte on line {line} (byte {offset}), so it is not text; \
         export it as Markdown or plain text"
    )]
    Nul {
        /// The line of the byte, from 1.
        line: usize,
        /// How many bytes come before it.
        offset: usize,
    },
    /// Bytes that are not UTF-8.
    #[error(
        "the statement of work is not UTF-8 from line {line} on (byte {offset}); save it again as \
         UTF-8"
    )]
    NotUtf8 {
        /// The line of the first byte that does not fit, from 1.
        line: usize,
        /// How many bytes come before it.
        offset: usize,
    },
}
