//! Go to definition, and find references.

use std::ops::Range;

use cloudcrew_definition::names::Name;
use cloudcrew_definition::source::Sources;
use lsp_types::Location;

use crate::place::Place;

/// The name at a place.
pub(crate) fn at(place: &Place<'_>) -> Option<Name> {
    let Place { folder, offset, .. } = place;
    let stands = |name: &&Name| {
        standing(&folder.sources, name).is_some_and(|r| (r.start..=r.end).contains(offset))
    };
    folder.kept.names(place.file).iter().find(stands).cloned()
}

/// The range of a name's word, without quotes. `None` if the file has changed in the meantime.
pub(crate) fn standing(sources: &Sources, name: &Name) -> Option<Range<usize>> {
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

/// Where a thing is defined. The engine's own names are not defined in any file: returns the places
/// where they are assigned to the crew.
pub(crate) fn definition(place: &Place<'_>, name: &Name) -> Vec<Location> {
    let names = place.folder.names();
    if name.kind.is_the_engines() {
        return names
            .references(name.kind, &name.text)
            .filter_map(|n| location(place, n))
            .collect();
    }
    names.definitions(name.kind, &name.text).filter_map(|n| location(place, n)).collect()
}

/// Where a thing is referenced.
pub(crate) fn references(place: &Place<'_>, name: &Name, with_definition: bool) -> Vec<Location> {
    let names = place.folder.names();
    let defined = names.definitions(name.kind, &name.text).filter(|_| with_definition);
    defined
        .chain(names.references(name.kind, &name.text))
        .filter_map(|n| location(place, n))
        .collect()
}

fn location(place: &Place<'_>, name: &Name) -> Option<Location> {
    // A thing that is a whole file is located at its start.
    let range = standing(&place.folder.sources, name).unwrap_or(0..0);
    Some(Location {
        uri: place.uri(name.span.file)?,
        range: place.lines(name.span.file).range(range),
    })
}
