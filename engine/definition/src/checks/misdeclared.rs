//! A name that is wrong where it is declared and right everywhere else.

use std::collections::BTreeMap;

use crate::diagnostic::{Report, closest};
use crate::source::Span;

/// So many names that are nowhere are no slip, and are not compared one by one.
pub(super) const MANY: usize = 1000;

/// Finds declared names that nothing uses where close to them a name is used twice at least that is
/// not declared; says so once, at the declaration, and returns the names that are thereby told of.
pub(super) fn misdeclared<'a>(
    code: &'static str,
    what: &str,
    declared: &[(&str, Span)],
    used: &[(&'a str, Span)],
    report: &mut Report,
) -> Vec<&'a str> {
    let is_declared = |name: &str| declared.iter().any(|(d, _)| *d == name);
    let mut missing: Vec<&str> =
        used.iter().map(|(name, _)| *name).filter(|name| !is_declared(name)).collect();
    missing.sort_unstable();
    missing.dedup();
    let mut told = Vec::new();
    if missing.len() > MANY {
        return told;
    }
    for (name, at) in declared.iter().filter(|(name, _)| !used.iter().any(|(used, _)| used == name))
    {
        let Some(meant) = closest(name, &missing) else { continue };
        let places: Vec<Span> =
            used.iter().filter(|(used, _)| *used == meant).map(|(_, span)| *span).collect();
        if places.len() < 2 {
            continue;
        }
        let message = format!(
            "{what} `{name}` is named nowhere, and `{meant}`, named in {} places, is not there",
            places.len()
        );
        let found = report.error(code, message);
        found.at(*at, "").also(places[0], "named here, for one").help_closest(name, [meant]);
        // Either side may be what was meant.
        found.suggestion.iter_mut().for_each(|s| s.safe = false);
        told.push(meant);
    }
    told
}

/// A name in more places than this is no slip in each: its declaration is gone.
const SLIPS: usize = 2;

/// Finds names that many places use and nothing declares; says so once in each file, at the first
/// place, and returns them.
pub(super) fn undeclared<'a>(
    code: &'static str,
    what: &str,
    missing: impl Iterator<Item = (&'a str, Span)>,
    report: &mut Report,
) -> Vec<&'a str> {
    let mut places: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    missing.for_each(|(name, at)| places.entry(name).or_default().push(at));
    places.retain(|_, places| places.len() > SLIPS);
    for (name, places) in &places {
        let mut told = Vec::new();
        for place in places {
            if told.contains(&place.file) {
                continue;
            }
            told.push(place.file);
            let found = report.error(
                code,
                format!("no {what} named `{name}`, which is named in {} places", places.len()),
            );
            found.at(*place, "").help(format!("declare it in `agents.yaml`, below `{what}s`"));
        }
    }
    places.into_keys().collect()
}
