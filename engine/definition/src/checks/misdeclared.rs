//! Names that are misspelt where they are declared but used correctly elsewhere.

use std::collections::BTreeMap;

use crate::diagnostic::{Report, closest};
use crate::source::Span;

/// More undeclared names than this are not typos, so they are not compared one by one.
pub(super) const MANY: usize = 1000;

/// Finds declared names that are never used while an undeclared name, similar or the only one, is
/// used at least twice. Reports each once, at its declaration, and returns the undeclared names
/// that it covered.
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
    let unused = declared.iter().filter(|(name, _)| !used.iter().any(|(used, _)| used == name));
    let unused: Vec<_> = unused.collect();
    let names: Vec<&str> = declared.iter().map(|(name, _)| *name).collect();
    for (name, at) in &unused {
        let close = closest(name, &missing);
        let only = || {
            let unused: Vec<&str> = unused.iter().map(|(name, _)| *name).collect();
            renamed(missing.iter().copied(), &unused).map(|(meant, _)| meant)
        };
        let only = || only().filter(|meant| closest(meant, &names).is_none());
        let Some(meant) = close.or_else(only) else { continue };
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
        found.at(*at, "").also(places[0], "one of the uses");
        match close {
            Some(_) => found.help_closest(name, [meant]),
            None => found.help(format!("if it was renamed, use `{name}` in those places too")),
        };
        // Either spelling may be the intended one.
        found.suggestion.iter_mut().for_each(|s| s.safe = false);
        reported.push(meant);
    }
    reported
}

/// The only missing name and the only unused one, unless they differ by a typo: the second is
/// probably the first, renamed.
pub(super) fn renamed<'a, 'b>(
    missing: impl IntoIterator<Item = &'a str>,
    unused: &[&'b str],
) -> Option<(&'a str, &'b str)> {
    let mut missing = missing.into_iter();
    let name = missing.next()?;
    match unused {
        [unused]
            if missing.all(|other| other == name)
                && closest(last(name), &[last(unused)]).is_none()
                && (last(name) != last(unused) || closest(name, &[unused]).is_none()) =>
        {
            Some((name, unused))
        }
        _ => None,
    }
}

/// The last part of a path, without an extension.
fn last(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split_once('.').map_or(name, |(stem, _)| stem)
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
