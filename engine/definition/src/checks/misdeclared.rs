//! Names that are misspelt where they are declared but used correctly elsewhere.

use std::collections::BTreeMap;

use crate::diagnostic::{Report, closest};
use crate::source::Span;

/// More undeclared names than this are not typos, so they are not compared one by one.
pub(super) const MANY: usize = 1000;

/// Finds declared names that are never used while a similar, undeclared name is used at least
/// twice. Reports each once, at its declaration, and returns the undeclared names it covered.
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
    let mut reported = Vec::new();
    if missing.len() > MANY {
        return reported;
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
            "{what} `{name}` is never used, and `{meant}`, used in {} places, is not declared",
            places.len()
        );
        let found = report.error(code, message);
        found.at(*at, "").also(places[0], "one of the uses").help_closest(name, [meant]);
        // Either spelling may be the intended one.
        found.suggestion.iter_mut().for_each(|s| s.safe = false);
        reported.push(meant);
    }
    reported
}

/// A name used in more places than this is not a typo: its declaration is missing.
const SLIPS: usize = 2;

/// Finds names that are used in many places but never declared. Reports each once per file, at its
/// first use, and returns the names.
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
        let mut reported = Vec::new();
        for place in places {
            if reported.contains(&place.file) {
                continue;
            }
            reported.push(place.file);
            let found = report
                .error(code, format!("no {what} named `{name}`, used in {} places", places.len()));
            found.at(*place, "").help(format!("declare it under `{what}s` in `agents.yaml`"));
        }
    }
    places.into_keys().collect()
}
