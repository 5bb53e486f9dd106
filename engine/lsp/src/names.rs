//! Go to definition, and find references.

use cloudcrew_definition::names::{Name, standing};
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
