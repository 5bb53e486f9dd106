//! Renames a thing: every place where its name is written, and the file named after it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Name, NameKind, Names, of_file};
use crate::overlay::within;
use crate::path::RepoPath;
use crate::source::{FileId, Sources, Span};
use crate::syntax::{is_name, is_text};

/// The range of a name's word, without quotes. `None` if the file has changed in the meantime.
pub fn standing(sources: &Sources, name: &Name) -> Option<Range<usize>> {
    let (start, end) = (name.span.start, name.span.end);
    let text = sources.text(name.span.file).get(start..end)?;
    let quoted =
        ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    if let Some(inner) = quoted {
        return (inner == name.text || name.defines).then_some(start + 1..end - 1);
    }
    // A file whose key differs from its file name still defines the thing.
    (text == name.text || (name.defines && !text.is_empty() && !text.contains('\n')))
        .then_some(start..end)
}

/// Every place where a name is written, in the order of the text.
pub fn occurrences(
    sources: &Sources,
    names: &Names,
    kind: NameKind,
    name: &str,
) -> BTreeMap<FileId, Vec<Range<usize>>> {
    let mut found: BTreeMap<FileId, Vec<Range<usize>>> = BTreeMap::new();
    for one in names.iter().filter(|one| one.kind == kind && one.text == name) {
        // A thing that is a file is named by its path.
        if let Some(range) = standing(sources, one).filter(|range| !range.is_empty()) {
            found.entry(one.span.file).or_default().push(range);
        }
    }
    // A variant is named after its workflow.
    for variant in variants(sources, names, name).filter(|_| kind == NameKind::Workflows) {
        for one in names.references(kind, &variant.text) {
            if let Some(range) = standing(sources, one) {
                let range = range.start..range.start + name.len();
                found.entry(one.span.file).or_default().push(range);
            }
        }
    }
    found
}

/// The variants of a workflow.
fn variants<'a>(
    sources: &'a Sources,
    names: &'a Names,
    workflow: &'a str,
) -> impl Iterator<Item = &'a Name> {
    let defined = names.iter().filter(|one| one.defines);
    defined.filter(move |one| variant_of(sources, one).is_some_and(|of| of == workflow))
}

/// The workflow whose variant a name defines.
fn variant_of(sources: &Sources, name: &Name) -> Option<String> {
    let own = of_file(name.span.file, sources.path(name.span.file))?;
    let is_variant = name.kind == NameKind::Workflows && own.kind == name.kind;
    (is_variant && own.text != name.text).then_some(own.text)
}

/// Whether a thing may get another name; if so, the files that move with it, from and to: its own,
/// and those that overlays lay over it.
///
/// # Errors
/// A sentence that says why it may not.
pub fn renaming(
    sources: &Sources,
    names: &Names,
    kind: NameKind,
    from: &str,
    to: &str,
) -> Result<Vec<(String, String)>, String> {
    fits(kind, to)?;
    if to != from && names.definitions(kind, to).next().is_some() {
        return Err(format!("`{to}` is already the name of another {}", kind.one()));
    }
    if let Some(of) = names.definitions(kind, from).find_map(|one| variant_of(sources, one)) {
        return Err(format!(
            "`{from}` is a variant: rename its key in `workflows/{of}.yaml`, and `workflow` of \
             rehearsals that run it"
        ));
    }
    let (Some(from), Some(to)) = (kind.file(from), kind.file(to)) else { return Ok(Vec::new()) };
    let own = sources.all().filter(|(_, path)| within(path) == from && from != to);
    let moves = |path: &str| (path.to_owned(), format!("{}{to}", &path[..path.len() - from.len()]));
    Ok(own.map(|(_, path)| moves(path)).collect())
}

/// Places where prose has a name as a word of its own, outside of `known` ranges.
pub fn mentions(
    sources: &Sources,
    name: &str,
    known: &BTreeMap<FileId, Vec<Range<usize>>>,
) -> Vec<Span> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/');
    let mut found = Vec::new();
    for (file, _) in sources.all() {
        let (text, known) = (sources.text(file), known.get(&file));
        for (at, _) in text.match_indices(name) {
            let range = at..at + name.len();
            let alone = !text[..at].ends_with(is_part) && !text[range.end..].starts_with(is_part);
            let is_known = known.is_some_and(|all| all.iter().any(|one| one.start == at));
            if alone && !is_known {
                found.push(Span::new(file, range));
            }
        }
    }
    found
}

/// Whether a name of this kind may be so.
///
/// # Errors
/// A sentence about what it may be.
pub fn fits(kind: NameKind, to: &str) -> Result<(), String> {
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
