//! Patterns of the workspace, and what a workflow says about them.

use cloudcrew_definition::crew::{Definition, Pattern, PatternRules};

use super::{Change, Changes};

/// Patterns before and after.
pub(super) fn compare(before: &Definition, after: &Definition, found: &mut Vec<Change>) {
    let mut changes = Changes { found, about: "patterns".to_owned(), file: "patterns".to_owned() };
    let names = |of: &Definition| -> Vec<String> {
        of.patterns.iter().map(|pattern| pattern.name.clone()).collect()
    };
    let (old, new) = (names(before), names(after));
    changes.lists("", &old, &new, "new patterns:", "removed patterns:");
    for pattern in &after.patterns {
        let Some(was) = before.patterns.iter().find(|p| p.name == pattern.name) else { continue };
        let key = format!("{}.yaml files", pattern.name);
        changes.differ(&key, was.digest(), pattern.digest(), |_, _| {
            format!("the files of `{}` changed, so its evidence is reset", pattern.name)
        });
        let about = |p: &Pattern| {
            (p.title.clone(), p.category.clone(), p.tags.clone(), p.description.clone())
        };
        let key = format!("{}.yaml", pattern.name);
        changes.differ(&key, about(was), about(pattern), |_, _| {
            format!("the description of `{}` changed", pattern.name)
        });
    }
}

/// What a workflow says about patterns.
pub(super) fn rules(
    changes: &mut Changes<'_>,
    before: Option<PatternRules>,
    after: Option<PatternRules>,
) {
    let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
    changes.differ("patterns.hold_out", old.hold_out, new.hold_out, |old, new| {
        format!("each pattern is withheld from {new}% of phases, instead of {old}%")
    });
    let (old, new) = (old.min_lower_bound, new.min_lower_bound);
    changes.differ("patterns.min_lower_bound", old, new, |_, new| match new {
        Some(least) => format!("a promotion requires a lower bound of {least}"),
        None => "a promotion no longer requires a lower bound".to_owned(),
    });
}
