//! Source files of a rehearsal: a small project that works and says of itself what is not built.
//! The list of requirements is in the statement of work, so files name its items and link to it.

mod python;
mod sql;
mod terraform;

use cloudcrew_definition::crew::{Deliverable, Phase};

use serde_json::json;

use super::compose::MARK;
use super::knowledge::Knowledge;

/// What a file is written from.
pub(super) struct Sketch<'a> {
    deliverable: &'a Deliverable,
    phase: &'a Phase,
    known: &'a Knowledge,
}

/// Writes a file without a template, in the language of its name.
pub(super) fn source_file(deliverable: &Deliverable, phase: &Phase, known: &Knowledge) -> String {
    let sketch = Sketch { deliverable, phase, known };
    match ending(&deliverable.path) {
        "py" if is_test(&deliverable.path) => python::tests(&sketch),
        "py" => python::service(&sketch),
        "sql" => sql::schema(&sketch),
        "tf" => terraform::module(&sketch),
        "md" => sketch.notes("- "),
        // Data has no comments.
        "json" => json!({ "note": sketch.notes("").lines().collect::<Vec<_>>() }).to_string(),
        "ts" | "js" | "rs" | "go" | "java" => sketch.notes("// "),
        _ => sketch.notes("# "),
    }
}

/// What follows the last dot of a path; empty without one.
pub(super) fn ending(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

pub(super) fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("test_") || name.ends_with("_test.py")
}

/// A text on one line, without control characters.
fn line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Sketch<'_> {
    /// The file name without folders and ending, as an identifier: `main`.
    fn stem(&self) -> String {
        let name = self.deliverable.path.rsplit('/').next().unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let stem: String =
            stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        match stem.starts_with(|c: char| c.is_ascii_alphabetic()) {
            true => stem.to_ascii_lowercase(),
            false => format!("file_{}", stem.to_ascii_lowercase()),
        }
    }

    /// The requirements: id and text.
    fn requirements(&self) -> Vec<(String, String)> {
        self.known.lines('R').into_iter().map(|(id, text, _)| (id, line(&text))).collect()
    }

    /// `R1 to R12 in retail-orders.md`, or nothing.
    fn listed(&self) -> Option<String> {
        let lines = self.known.lines('R');
        let (first, last) = (lines.first()?, lines.last()?);
        let file = first.2.rsplit_once(':').map_or(&*first.2, |(file, _)| file);
        let ids = match first.0 == last.0 {
            true => first.0.clone(),
            false => format!("{} to {}", first.0, last.0),
        };
        Some(format!("{ids} in docs/sow/{file}"))
    }

    /// The head of a file: what it is, where the requirements are, what was decided and asked for.
    fn notes(&self, comment: &str) -> String {
        let Deliverable { description, owner, .. } = self.deliverable;
        let mut notes =
            vec![MARK.to_owned(), format!("{} ({owner}, {})", line(description), self.phase.name)];
        if let Some(listed) = self.listed() {
            notes.push(format!("Requirements: {listed}."));
        }
        for row in self.known.rows_of("decision") {
            notes.push(format!("Proposed: {} ({})", line(&row.title), row.source));
        }
        for (reviewer, findings) in self.known.faults(&self.phase.name, &self.deliverable.path) {
            notes.push(format!("Fixed after {reviewer}'s review: {}", line(findings)));
        }
        for row in self.known.rows_of("feedback").filter(|r| r.phase == self.phase.name) {
            notes.push(format!("Asked for by the customer: {}", line(&row.body)));
        }
        notes.iter().map(|note| format!("{comment}{}\n", line(note))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_identifiers() {
        assert!(is_test("app/tests/test_service.py") && is_test("a/service_test.py"));
        assert!(!is_test("app/src/service.py"));
        assert_eq!(line(" a\n b "), "a b");
    }
}
