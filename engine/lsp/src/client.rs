//! What the client can do, as far as answers depend on it.

use lsp_types::{ClientCapabilities, PositionEncodingKind, ResourceOperationKind};

use crate::position::Encoding;

/// What the client can do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    /// What its columns count.
    pub encoding: Encoding,
    /// It shows other places with a finding.
    pub related: bool,
    /// It takes edits with versions of documents.
    pub versioned: bool,
    /// It renames files as part of an edit.
    pub renames: bool,
    /// It shows symbols within symbols.
    pub nested: bool,
    /// It watches files that it is asked to.
    pub watches: bool,
}

impl Client {
    /// What the least of clients can do.
    pub(crate) const LEAST: Client = Client {
        encoding: Encoding::Utf16,
        related: false,
        versioned: false,
        renames: false,
        nested: false,
        watches: false,
    };

    pub(crate) fn of(can: &ClientCapabilities) -> Client {
        let text = can.text_document.as_ref();
        let workspace = can.workspace.as_ref();
        let edits = workspace.and_then(|w| w.workspace_edit.as_ref());
        let encodings = can.general.as_ref().and_then(|g| g.position_encodings.as_ref());
        let versioned = edits.and_then(|e| e.document_changes).unwrap_or(false);
        let kinds = edits.and_then(|e| e.resource_operations.as_ref());
        Client {
            encoding: match encodings {
                Some(offered) if offered.contains(&PositionEncodingKind::UTF8) => Encoding::Utf8,
                _ => Encoding::Utf16,
            },
            related: text
                .and_then(|t| t.publish_diagnostics.as_ref())
                .and_then(|p| p.related_information)
                .unwrap_or(false),
            versioned,
            renames: versioned
                && kinds.is_some_and(|kinds| kinds.contains(&ResourceOperationKind::Rename)),
            nested: text
                .and_then(|t| t.document_symbol.as_ref())
                .and_then(|s| s.hierarchical_document_symbol_support)
                .unwrap_or(false),
            watches: workspace
                .and_then(|w| w.did_change_watched_files.as_ref())
                .and_then(|w| w.dynamic_registration)
                .unwrap_or(false),
        }
    }
}
