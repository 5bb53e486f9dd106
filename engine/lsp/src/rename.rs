//! Renames a name in every occurrence, and the file named after it.

use std::collections::BTreeMap;
use std::ops::Range;

use cloudcrew_definition::names::{Name, NameKind, fits, occurrences, of_file, renaming, standing};
use cloudcrew_definition::source::FileId;
use lsp_types::{
    DocumentChangeOperation, DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier,
    RenameFile, ResourceOp, TextDocumentEdit, TextEdit, WorkspaceEdit,
};

use crate::place::Place;
use crate::{names, uri};

/// What would be renamed: the word and the name. The error says why renaming is impossible.
pub(crate) fn prepare(place: &Place<'_>) -> Result<(Range<usize>, Name), String> {
    let name = names::at(place).ok_or("no name at this position")?;
    if name.kind.is_the_engines() {
        return Err(format!(
            "`{}` is a {} of the engine and cannot be renamed",
            name.text,
            name.kind.one()
        ));
    }
    let range = standing(&place.folder.sources, &name).ok_or("the file has changed; try again")?;
    Ok((range, name))
}

/// The edit that renames something.
pub(crate) fn rename(place: &Place<'_>, name: &Name, to: &str) -> Result<WorkspaceEdit, String> {
    let Place { folder, client, .. } = place;
    let moved = renaming(&folder.sources, &folder.names(), name.kind, &name.text, to)?;
    for (from, to) in &moved {
        if !client.renames {
            return Err(format!(
                "this editor cannot rename files; rename `{from}` to `{to}` \
                 yourself"
            ));
        }
        if folder.root.join(to).exists() {
            return Err(format!("the file `{to}` already exists"));
        }
    }
    edit(place, edits(place, name.kind, &name.text, to), moved)
        .ok_or_else(|| "a file of this workspace has no URI".to_owned())
}

/// The edit for other files when the editor renames a file: its references.
pub(crate) fn moved(place: &Place<'_>, to: &str) -> Option<WorkspaceEdit> {
    let (before, after) = (of_file(place.file, place.path())?, of_file(place.file, to)?);
    if before.kind != after.kind || fits(after.kind, &after.text).is_err() {
        return None;
    }
    edit(place, edits(place, before.kind, &before.text, &after.text), Vec::new())
}

/// Merges two edits.
#[expect(clippy::mutable_key_type, reason = "the protocol's own type; a URI is never mutated")]
pub(crate) fn together(mut whole: WorkspaceEdit, more: WorkspaceEdit) -> WorkspaceEdit {
    if let Some(changes) = more.changes {
        let there = whole.changes.get_or_insert_default();
        for (uri, edits) in changes {
            there.entry(uri).or_default().extend(edits);
        }
    }
    whole.document_changes = match (whole.document_changes.take(), more.document_changes) {
        (
            Some(DocumentChanges::Operations(mut first)),
            Some(DocumentChanges::Operations(second)),
        ) => {
            first.extend(second);
            Some(DocumentChanges::Operations(first))
        }
        (first, second) => first.or(second),
    };
    whole
}

fn edits(
    place: &Place<'_>,
    kind: NameKind,
    from: &str,
    to: &str,
) -> BTreeMap<FileId, Vec<TextEdit>> {
    let of_file = |(file, ranges): (FileId, Vec<Range<usize>>)| {
        let edit =
            |range| TextEdit { range: place.lines(file).range(range), new_text: to.to_owned() };
        (file, ranges.into_iter().map(edit).collect())
    };
    let found = occurrences(&place.folder.sources, &place.folder.names(), kind, from);
    found.into_iter().map(of_file).collect()
}

fn edit(
    place: &Place<'_>,
    edits: BTreeMap<FileId, Vec<TextEdit>>,
    moved: Vec<(String, String)>,
) -> Option<WorkspaceEdit> {
    let Place { folder, client, documents, .. } = place;
    let addressed = |(file, edits): (FileId, Vec<TextEdit>)| {
        let version =
            documents.get(&folder.root.join(folder.sources.path(file))).map(|open| open.version);
        Some((place.uri(file)?, version, edits))
    };
    let addressed = edits.into_iter().map(addressed).collect::<Option<Vec<_>>>()?;
    if !client.versioned {
        #[expect(
            clippy::mutable_key_type,
            reason = "the protocol's own type; a URI is never mutated"
        )]
        let changes = addressed.into_iter().map(|(uri, _, edits)| (uri, edits)).collect();
        return Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() });
    }
    let mut changes: Vec<DocumentChangeOperation> = Vec::new();
    for (uri, version, edits) in addressed {
        let text_document = OptionalVersionedTextDocumentIdentifier { uri, version };
        let edits = edits.into_iter().map(OneOf::Left).collect();
        changes.push(DocumentChangeOperation::Edit(TextDocumentEdit { text_document, edits }));
    }
    for (from, to) in moved {
        let (old_uri, new_uri) = (folder.uri(&from, documents)?, uri::of(&folder.root.join(to))?);
        let operation = RenameFile { old_uri, new_uri, options: None, annotation_id: None };
        changes.push(DocumentChangeOperation::Op(ResourceOp::Rename(operation)));
    }
    Some(WorkspaceEdit {
        document_changes: Some(DocumentChanges::Operations(changes)),
        ..WorkspaceEdit::default()
    })
}
