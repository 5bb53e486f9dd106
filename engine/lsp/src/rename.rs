//! Renames a name in every occurrence, and the file named after it.

use std::collections::BTreeMap;
use std::ops::Range;

use cloudcrew_definition::names::{Name, NameKind, of_file};
use cloudcrew_definition::path::RepoPath;
use cloudcrew_definition::source::FileId;
use cloudcrew_definition::syntax::{is_name, is_text};
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
    let range =
        names::standing(&place.folder.sources, &name).ok_or("the file has changed; try again")?;
    Ok((range, name))
}

/// The edit that renames something.
pub(crate) fn rename(place: &Place<'_>, name: &Name, to: &str) -> Result<WorkspaceEdit, String> {
    let Place { folder, client, .. } = place;
    fits(name.kind, to)?;
    let names = folder.names();
    if to != name.text && names.definitions(name.kind, to).next().is_some() {
        return Err(format!("`{to}` is already the name of another {}", name.kind.one()));
    }
    let moved = match (name.kind.file(&name.text), name.kind.file(to)) {
        (Some(from), Some(to)) if folder.sources.find(&from).is_some() && from != to => {
            Some((from, to))
        }
        _ => None,
    };
    if let Some((from, to)) = &moved {
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
    edit(place, edits(place, before.kind, &before.text, &after.text), None)
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

/// Whether the new name is valid.
fn fits(kind: NameKind, to: &str) -> Result<(), String> {
    match kind {
        NameKind::Prompts => {
            match to.starts_with("prompts/") && is_text(to) && to.bytes().all(plain_byte) {
                true => Ok(()),
                false => Err(format!("`{to}` is not a path below `prompts/` that ends in `.md`")),
            }
        }
        NameKind::Deliverables => match RepoPath::parse(to) {
            Ok(_) if to.bytes().all(plain_byte) => Ok(()),
            _ => Err(format!("`{to}` is not a file path in a repository")),
        },
        // Some version of YAML reads these as something else.
        _ if matches!(to, "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n") => {
            Err(format!("YAML does not read `{to}` as a name"))
        }
        _ if is_name(to) => Ok(()),
        _ => Err(format!(
            "`{to}` is not a valid name: use up to 63 lowercase letters, digits, `_` and `-`, \
             starting with a letter"
        )),
    }
}

/// Bytes that never need quotes.
fn plain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-')
}

fn edits(
    place: &Place<'_>,
    kind: NameKind,
    from: &str,
    to: &str,
) -> BTreeMap<FileId, Vec<TextEdit>> {
    let mut edits: BTreeMap<FileId, Vec<TextEdit>> = BTreeMap::new();
    for name in place.folder.names().iter().filter(|n| n.kind == kind && n.text == from) {
        // A thing that is a file is named by its path.
        let Some(range) =
            names::standing(&place.folder.sources, name).filter(|range| !range.is_empty())
        else {
            continue;
        };
        let range = place.lines(name.span.file).range(range);
        edits.entry(name.span.file).or_default().push(TextEdit { range, new_text: to.to_owned() });
    }
    edits
}

fn edit(
    place: &Place<'_>,
    edits: BTreeMap<FileId, Vec<TextEdit>>,
    moved: Option<(String, String)>,
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
    if let Some((from, to)) = moved {
        let (old_uri, new_uri) = (folder.uri(&from, documents)?, uri::of(&folder.root.join(to))?);
        let operation = RenameFile { old_uri, new_uri, options: None, annotation_id: None };
        changes.push(DocumentChangeOperation::Op(ResourceOp::Rename(operation)));
    }
    Some(WorkspaceEdit {
        document_changes: Some(DocumentChanges::Operations(changes)),
        ..WorkspaceEdit::default()
    })
}
