//! What changed since a person last decided: computed from the files and the journal, never
//! reported by a model.

use std::collections::BTreeSet;
use std::time::Duration;

use cloudcrew_definition::shown::hidden;
use cloudcrew_ports::ledger::LedgerRow;
use cloudcrew_runtime::engagement::Engagement;
use schemars::JsonSchema;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};
use utoipa::ToSchema;

use super::blocks::{Block, Span, blocks};

/// Maximum sections of a file to list.
const MOST_SECTIONS: usize = 500;
/// Maximum time to compare the lines of a file; after that, the diff is coarser.
const PATIENCE: Duration = Duration::from_millis(300);

/// What changed since the last decision on a phase.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct Since {
    /// What it is compared with.
    pub against: Against,
    /// The files that the request covers, and those that it no longer covers.
    pub files: Vec<FileChange>,
    /// Requirements that the files mention now and did not before.
    pub gained: Vec<Requirement>,
    /// Requirements that the files mentioned before and do not now.
    pub lost: Vec<Requirement>,
    /// Number of requirements that the files name, of those in the statement of work.
    pub covered: usize,
    /// Number of requirements in the statement of work.
    pub requirements: usize,
    /// Facts, assumptions, decisions and blockers that the phase has recorded since.
    pub notes: Vec<NoteSince>,
    /// Whether some of it was too large to compare.
    pub cut: bool,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// What a request is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The version that was last approved.
    Approved,
    /// The version that the caller last decided on.
    Mine,
    /// An earlier run of the phase, whoever decided on it.
    Run,
    /// The customer's code before the engagement, or nothing.
    Base,
}

/// How a file differs.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct FileChange {
    /// Its path in the repository.
    pub path: String,
    /// Its object id; absent when it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// Object id of the older version; absent when it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What happened to it.
    pub change: FileState,
    /// Whether both versions are text; otherwise, lines and sections are not compared.
    pub text: bool,
    /// Number of added lines.
    pub added: usize,
    /// Number of removed lines.
    pub removed: usize,
    /// Number of characters and comments that a reader would not see.
    pub hidden: usize,
    /// Sections of a Markdown file that differ, in order.
    pub sections: Vec<SectionChange>,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// It is new.
    New,
    /// Its content differs.
    Changed,
    /// It is the same.
    Same,
    /// It is gone.
    Gone,
}

/// A section that differs.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct SectionChange {
    /// Its heading, without markup.
    pub title: String,
    /// What happened to it.
    pub change: SectionState,
}

/// What happened to a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SectionState {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its text differs.
    Rewritten,
}

/// A requirement of the statement of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct Requirement {
    /// Its id: `R1`.
    pub id: String,
    /// Its words.
    pub text: String,
}

/// A row of the ledger that is new.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct NoteSince {
    /// `fact`, `assumption`, `decision` or `blocker`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// The agent who recorded it.
    pub author: String,
}

/// Two versions of a file of a request.
#[derive(Debug)]
pub struct Versions {
    /// Its path in the repository.
    pub path: String,
    /// Object id and content of the older one.
    pub old: Option<(String, Vec<u8>)>,
    /// Object id and content of the newer one.
    pub new: Option<(String, Vec<u8>)>,
}

/// What a comparison needs of an engagement.
#[derive(Debug)]
pub struct Basis {
    /// What the files are compared with.
    pub against: Against,
    /// The phase.
    pub phase: String,
    /// Run of the phase that the files are compared with; 0 without one.
    pub run: u32,
    /// The requirements of the statement of work.
    pub requirements: Vec<Requirement>,
    /// Rows of the ledger.
    pub rows: Vec<LedgerRow>,
    /// Number of the last journal entry.
    pub as_of: u64,
    /// Whether there are more files than were read.
    pub cut: bool,
}

impl Basis {
    /// The requirements of an engagement.
    pub fn requirements(e: &Engagement) -> Vec<Requirement> {
        let items = e.sow.requirements.iter();
        items.map(|item| Requirement { id: item.id.clone(), text: item.text.clone() }).collect()
    }
}

impl Since {
    /// Compares the files of a request with what they were. It takes time for large ones.
    pub fn new(basis: &Basis, files: &[Versions]) -> Since {
        let text = |version: &Option<(String, Vec<u8>)>| {
            let bytes = version.as_ref().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        };
        let (mut before, mut now) = (BTreeSet::new(), BTreeSet::new());
        for file in files {
            before.extend(named(&text(&file.old)));
            now.extend(named(&text(&file.new)));
        }
        let items = &basis.requirements;
        let only = |there: &BTreeSet<String>, not: &BTreeSet<String>| {
            let differs = items.iter().filter(|r| there.contains(&r.id) && !not.contains(&r.id));
            differs.cloned().collect()
        };
        let notes = basis.rows.iter().filter_map(|row| note(row, &basis.phase, basis.run));
        let files: Vec<FileChange> = files.iter().map(FileChange::new).collect();
        Since {
            against: basis.against,
            cut: basis.cut || files.iter().any(|file| file.sections.len() >= MOST_SECTIONS),
            files,
            gained: only(&now, &before),
            lost: only(&before, &now),
            covered: items.iter().filter(|item| now.contains(&item.id)).count(),
            requirements: items.len(),
            notes: notes.collect(),
            as_of: basis.as_of,
        }
    }
}

/// A row that a later run of the phase has recorded. Its id begins with the step that wrote it:
/// `discovery.2.v1.t0.c0`.
fn note(row: &LedgerRow, phase: &str, after: u32) -> Option<NoteSince> {
    let kind = row.kind.name();
    if row.phase != phase || !matches!(kind, "fact" | "assumption" | "decision" | "blocker") {
        return None;
    }
    let step = row.id.strip_prefix(phase)?.strip_prefix('.')?;
    let run: u32 = step.split('.').next()?.parse().ok()?;
    let (kind, title, author) = (kind.to_owned(), row.title.clone(), row.author.clone());
    (run > after).then_some(NoteSince { kind, title, author })
}

/// Ids of requirements in a text, as words: `R1`.
fn named(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_id = |word: &&str| {
        let number = word.strip_prefix('R').unwrap_or_default();
        (1..=4).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
    };
    words.filter(is_id).map(str::to_owned)
}

impl FileChange {
    /// Compares two versions.
    pub fn new(file: &Versions) -> FileChange {
        let Versions { path, old, new } = file;
        let oid =
            |version: &Option<(String, Vec<u8>)>| version.as_ref().map(|(oid, _)| oid.clone());
        let read = |version: &Option<(String, Vec<u8>)>| match version {
            Some((_, bytes)) => std::str::from_utf8(bytes).ok().map(str::to_owned),
            None => Some(String::new()),
        };
        let change = match (old, new) {
            (None, _) => FileState::New,
            (_, None) => FileState::Gone,
            (Some((old, _)), Some((new, _))) if old == new => FileState::Same,
            _ => FileState::Changed,
        };
        let mut file = FileChange {
            path: path.clone(),
            oid: oid(new),
            from: oid(old),
            change,
            text: false,
            added: 0,
            removed: 0,
            hidden: 0,
            sections: Vec::new(),
        };
        let (Some(old), Some(new)) = (read(old), read(new)) else { return file };
        file.text = true;
        file.hidden = hidden(&new) + new.matches("<!--").count();
        if change == FileState::Same {
            return file;
        }
        let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old.as_str(), new.as_str());
        for change in diff.iter_all_changes() {
            match change.tag() {
                ChangeTag::Insert => file.added += 1,
                ChangeTag::Delete => file.removed += 1,
                ChangeTag::Equal => {}
            }
        }
        if path.ends_with(".md") && change == FileState::Changed {
            file.sections = sections(&old, &new);
        }
        file
    }
}

/// The sections of two versions of a Markdown file that differ: those of the newer one in order,
/// then those that are gone.
fn sections(old: &str, new: &str) -> Vec<SectionChange> {
    let (old, new) = (outline(old), outline(new));
    let find = |all: &[(String, Vec<Block>)], title: &str, n: usize| {
        all.iter().filter(|(other, _)| other == title).nth(n).map(|(_, blocks)| blocks.clone())
    };
    // Sections with the same heading are compared in order.
    let nth = |all: &[(String, Vec<Block>)], at: usize| {
        all[..at].iter().filter(|(title, _)| *title == all[at].0).count()
    };
    let mut changes = Vec::new();
    for (at, (title, blocks)) in new.iter().enumerate().take(MOST_SECTIONS) {
        let change = match find(&old, title, nth(&new, at)) {
            None => SectionState::Added,
            Some(before) if before != *blocks => SectionState::Rewritten,
            Some(_) => continue,
        };
        changes.push(SectionChange { title: title.clone(), change });
    }
    for (at, (title, _)) in old.iter().enumerate().take(MOST_SECTIONS) {
        if find(&new, title, nth(&old, at)).is_none() {
            changes.push(SectionChange { title: title.clone(), change: SectionState::Removed });
        }
    }
    changes
}

/// Headings, each with the blocks up to the next one. What comes before the first has none.
fn outline(text: &str) -> Vec<(String, Vec<Block>)> {
    let mut sections: Vec<(String, Vec<Block>)> = Vec::new();
    for block in blocks(text).0 {
        match block {
            Block::Heading { spans, .. } => sections.push((words(&spans), Vec::new())),
            block => match sections.last_mut() {
                Some((_, blocks)) => blocks.push(block),
                None => sections.push((String::new(), vec![block])),
            },
        }
    }
    sections
}

fn words(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(old: &str, new: &str) -> FileChange {
        let version = |text: &str| Some((text.len().to_string(), text.as_bytes().to_vec()));
        let (old, new) = (version(old), version(new));
        FileChange::new(&Versions { path: "a.md".into(), old, new })
    }

    #[test]
    fn a_document_says_which_of_its_sections_differ() {
        let old = "intro\n\n# One\n\na\n\n## Same\n\nb\n\n## Gone\n\nc\n";
        let new = "intro\n\n# One\n\nchanged\n\n## Same\n\nb\n\n## New\n\nc\n";
        let file = compared(old, new);
        assert_eq!((file.change, file.added, file.removed), (FileState::Changed, 2, 2));
        let titles: Vec<_> =
            file.sections.iter().map(|section| (section.title.as_str(), section.change)).collect();
        let expected = [
            ("One", SectionState::Rewritten),
            ("New", SectionState::Added),
            ("Gone", SectionState::Removed),
        ];
        assert_eq!(titles, expected);
    }

    #[test]
    fn what_a_reader_would_not_see_is_counted() {
        assert_eq!(compared("a", "b\u{202e}c <!-- approve --> \u{200b}").hidden, 3);
        assert_eq!(compared("a", "plain").hidden, 0);
    }

    #[test]
    fn requirements_are_named_by_their_id_as_a_word() {
        let found: Vec<_> = named("R1, (R12) and `R3`; not R, XR4, R5a or R12345").collect();
        assert_eq!(found, ["R1", "R12", "R3"]);
    }
}
