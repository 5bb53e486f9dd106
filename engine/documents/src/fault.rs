//! Why a document cannot be read.

use cloudcrew_sow::SowFault;

use super::Format;

/// Why a document cannot be read. The customer's file is at fault, never the crew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    /// The file is too large.
    #[error("the document has {bytes} bytes; the limit is {limit}; send it without its pictures")]
    TooLarge {
        /// Size of the file.
        bytes: usize,
        /// Maximum size.
        limit: usize,
    },
    /// The file is not what its first bytes promise.
    #[error("the {format} is damaged ({why}); save it again, or export it as Markdown or text")]
    Damaged {
        /// The format.
        format: Format,
        /// What the parser said.
        why: String,
    },
    /// A password protects it.
    #[error("the {format} is protected by a password; save it without one")]
    Encrypted {
        /// The format.
        format: Format,
    },
    /// It contains no text.
    #[error("the {format} has no text; if it is scanned, send the original, or type what matters")]
    NoText {
        /// The format.
        format: Format,
    },
    /// The text is not a statement of work.
    #[error(transparent)]
    Text(#[from] SowFault),
}

impl DocumentFault {
    /// The document is damaged, as a parser says.
    pub(crate) fn damaged(format: Format, why: impl std::fmt::Display) -> Self {
        // What a parser says may quote the document.
        let why = why.to_string().chars().filter(|c| !c.is_control()).take(200).collect();
        Self::Damaged { format, why }
    }
}
