//! What many engagements taught: notes and patterns, as the service shows them.

use cloudcrew_ports::memory::{Closing, Kept, MemorySource};
use serde::Serialize;
use utoipa::ToSchema;

use super::time::Time;
use crate::memory::{MemoryWhy, WhyFile};
use crate::patterns::PatternMetadata;

/// A page of notes.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotePage {
    /// The notes, oldest first.
    pub notes: Vec<NoteRow>,
    /// Pass as `after` to read on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A note of a crew.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteRow {
    /// Its id.
    pub id: String,
    /// `decision`, `preference`, `summary` or `lesson`.
    pub kind: String,
    /// Its subject.
    pub about: String,
    /// Its words.
    pub text: String,
    /// Its trust level: `quoted`, `derived`, `accepted` or `published`.
    pub trust: String,
    /// Whether engagements other than its own are shown it.
    pub shared: bool,
    /// Why it is no longer used: `superseded` or `withdrawn`; absent while it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// What was said when it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The engagement that made it.
    pub project: String,
    /// The phase that made it.
    pub phase: String,
    /// The agent that made it, or `engine`.
    pub by: String,
    /// What it was made from: `statement`, a path, `ledger:ID` or `memory:ID`.
    pub sources: Vec<String>,
    /// When it was made.
    pub at: Time,
    /// When it expires.
    pub expires: Time,
}

impl NoteRow {
    /// A note.
    pub fn new(kept: &Kept) -> NoteRow {
        let record = &kept.record;
        let source = |source: &MemorySource| match source {
            MemorySource::Statement => "statement".to_owned(),
            MemorySource::File { path, .. } => path.clone(),
            MemorySource::Ledger { id } => format!("ledger:{id}"),
            MemorySource::Memory { id } => format!("memory:{id}"),
        };
        let (closed, reason) = match &kept.closed {
            None => (None, None),
            Some(Closing::Superseded { .. }) => (Some("superseded".to_owned()), None),
            Some(Closing::Withdrawn { reason, .. }) => {
                (Some("withdrawn".to_owned()), Some(reason.clone()))
            }
        };
        NoteRow {
            id: record.id.clone(),
            kind: record.kind.name().to_owned(),
            about: record.about.clone(),
            text: record.text.clone(),
            trust: kept.trust.name().to_owned(),
            shared: kept.is_shared() && kept.closed.is_none(),
            closed,
            reason,
            project: record.project.clone(),
            phase: record.phase.clone(),
            by: record.by.clone(),
            sources: record.sources.iter().map(source).collect(),
            at: Time(record.at),
            expires: Time(kept.expires),
        }
    }
}

/// The notes of an engagement, and where notes were shown in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectNotes {
    /// Its notes, oldest first.
    pub notes: Vec<NoteRow>,
    /// Files that were written after notes were shown.
    pub files: Vec<NotedFile>,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// A file that was written after notes were shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotedFile {
    /// Its path.
    pub path: String,
    /// Whether this is the current version.
    pub current: bool,
    /// Ids of the notes.
    pub notes: Vec<String>,
}

impl ProjectNotes {
    /// The notes of an engagement.
    pub fn new(notes: &[Kept], why: MemoryWhy, as_of: u64) -> ProjectNotes {
        let file = |file: WhyFile| NotedFile {
            path: file.path,
            current: file.current,
            notes: file.notes.into_iter().map(|note| note.id).collect(),
        };
        ProjectNotes {
            notes: notes.iter().map(NoteRow::new).collect(),
            files: why.files.into_iter().map(file).collect(),
            as_of,
        }
    }
}

/// The patterns that crews may use.
#[derive(Debug, Serialize, ToSchema)]
pub struct PatternPage {
    /// The patterns, those of the workspace first.
    pub patterns: Vec<PatternRow>,
}

/// A pattern with the evidence for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PatternRow {
    /// Its name.
    pub name: String,
    /// What it is.
    pub title: String,
    /// What kind of files it holds.
    pub category: String,
    /// Search keywords.
    pub tags: Vec<String>,
    /// When to use it.
    pub description: String,
    /// Paths of its files.
    pub files: Vec<String>,
    /// `workspace`, or who contributed it.
    pub origin: String,
    /// `withdrawn`, `draft`, `candidate` or `proven`.
    pub tier: String,
    /// All uses, counted or not.
    pub times_used: u64,
    /// Uses in engagements in which a person decided.
    pub counted: u64,
    /// Those that were approved without changes.
    pub succeeded: u64,
    /// Lower bound of that share, with 95% confidence.
    pub lower_bound: f64,
    /// By how much that share is above that of all such phases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lift: Option<f64>,
}

impl PatternRow {
    /// A pattern.
    pub fn new(pattern: PatternMetadata) -> PatternRow {
        let evidence = pattern.evidence;
        PatternRow {
            name: pattern.pattern,
            title: pattern.title,
            category: pattern.category,
            tags: pattern.tags,
            description: pattern.description,
            files: pattern.files,
            origin: pattern.origin,
            tier: evidence.tier.name().to_owned(),
            times_used: evidence.times_used,
            counted: evidence.counted,
            succeeded: evidence.succeeded,
            lower_bound: evidence.lower_bound,
            lift: pattern.lift,
        }
    }
}
