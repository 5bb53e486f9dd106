//! The client's capabilities, as far as answers depend on them.

use lsp_types::{ClientCapabilities, PositionEncodingKind, ResourceOperationKind};

use crate::position::Encoding;

/// The client's capabilities.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    /// Unit of its columns.
    pub encoding: Encoding,
    /// Whether it shows related locations of a finding.
    pub related: bool,
    /// Whether it accepts edits with document versions.
    pub versioned: bool,
    /// Whether it renames files as part of an edit.
    pub renames: bool,
    /// Whether it shows nested symbols.
    pub nested: bool,
    /// Whether it watches files on request.
    pub watches: bool,
}

impl Client {
    /// Capabilities of the simplest client.
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
