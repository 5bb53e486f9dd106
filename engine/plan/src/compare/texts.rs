//! Texts: how many lines and which headings were added or removed.

use cloudcrew_definition::crew::{Definition, Workflow};
use cloudcrew_definition::text::headings;

use super::{Change, Changes};

/// How much of a text changed: `3 lines added, 1 removed`; `None` when only its layout did.
pub(super) fn lines(before: &str, after: &str) -> Option<String> {
    let lines = |text: &str| {
        let mut lines: Vec<String> =
            text.lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect();
        lines.sort_unstable();
        lines
    };
    let (old, new) = (lines(before), lines(after));
    let (more, less) = (beyond(&new, &old), beyond(&old, &new));
    match (more, less) {
        (0, 0) if before.trim() == after.trim() => None,
        (0, 0) => Some("its lines have a new order".to_owned()),
        (more, less) => Some(format!(
            "{} added, {less} removed",
            if more == 1 { "1 line".to_owned() } else { format!("{more} lines") }
        )),
    }
}

/// Number of lines of the sorted `these` that are not among the sorted `those`, counting
/// repetitions.
fn beyond(these: &[String], those: &[String]) -> usize {
    let mut rest = those.iter().peekable();
    let mut count = 0;
    for line in these {
        while rest.peek().is_some_and(|other| *other < line) {
            rest.next();
        }
        if rest.peek() == Some(&line) {
            rest.next();
        } else {
            count += 1;
        }
    }
    count
}

/// Templates of a workflow's deliverables.
pub(super) fn templates(
    before: (&Definition, &Workflow),
    after: (&Definition, &Workflow),
    found: &mut Vec<Change>,
) {
    let used = |(definition, workflow): (&Definition, &Workflow)| {
        let phases = workflow.phases.iter().filter_map(|name| definition.phase(name));
        phases.flat_map(|p| &p.deliverables).filter_map(|d| d.template.clone()).collect::<Vec<_>>()
    };
    let (old_names, mut names) = (used(before), used(after));
    names.retain(|name| old_names.contains(name));
    names.sort();
    names.dedup();
    for name in names {
        let text = |definition: &Definition| {
            definition.templates.iter().find(|t| t.name == name).map(|t| t.text.clone())
        };
        let (Some(old), Some(new)) = (text(before.0), text(after.0)) else { continue };
        let mut changes = Changes {
            found,
            about: format!("template {name}"),
            file: format!("templates/{name}.md"),
        };
        let titles = |text: &str| headings(text).into_iter().map(|h| h.title).collect::<Vec<_>>();
        let (old_titles, new_titles) = (titles(&old), titles(&new));
        changes.lists("", &old_titles, &new_titles, "new sections:", "removed sections:");
        if old_titles == new_titles
            && let Some(how) = lines(&old, &new)
        {
            changes.say("", format!("its text has changed: {how}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_not_a_change() {
        assert_eq!(lines("a\nb\n", "a\n\nb"), Some("its lines have a new order".to_owned()));
        assert_eq!(lines("a\nb\n", " a\nb"), None);
        assert_eq!(lines("a\nb\nb", "a\nb\nc\nd"), Some("2 lines added, 1 removed".to_owned()));
    }
}
