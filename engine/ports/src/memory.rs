//! What crews remember beyond one engagement: preferences of the customer, decisions, summaries of
//! phases, and lessons.
//!
//! A store of records is a projection of journals: whatever it holds, the journal of the engagement
//! that wrote it holds too. It can be emptied and filled again. The owner is part of the key, so no
//! query can reach a record of someone else.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_definition::digest::sha256;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// Maximum size of a record's text, in bytes.
pub const MAX_TEXT: usize = 2048;
/// Maximum number of sources of a record.
pub const MAX_SOURCES: usize = 16;
/// How long a record that only its own engagement sees is kept, in milliseconds: 7 days.
pub const SHORT_TERM: i64 = 7 * DAY;
/// How long a record that later engagements see is kept, in milliseconds: 90 days.
pub const LONG_TERM: i64 = 90 * DAY;
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Kind of note.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MemoryKind {
    /// A decision of the ledger, word for word.
    Decision,
    /// What the customer prefers.
    Preference,
    /// The result of a part of the work.
    Summary,
    /// What the next engagement should do differently.
    Lesson,
}

impl MemoryKind {
    /// All kinds.
    pub const ALL: [MemoryKind; 4] =
        [MemoryKind::Decision, MemoryKind::Preference, MemoryKind::Summary, MemoryKind::Lesson];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            MemoryKind::Decision => "decision",
            MemoryKind::Preference => "preference",
            MemoryKind::Summary => "summary",
            MemoryKind::Lesson => "lesson",
        }
    }
}

/// The trust level of a record, which also decides who sees it. A record is never trusted more than
/// what it was made from, unless a person accepts it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Words from outside, such as the statement of work. Only the phase that wrote it sees it.
    Quoted,
    /// Made by the crew and reviewed by nobody. Only its engagement sees it.
    Derived,
    /// Approved by a person. All engagements of the owner see it.
    Accepted,
    /// Published by a person. The engagements of all owners see it.
    Published,
}

impl Trust {
    /// All levels, lowest first.
    pub const ALL: [Trust; 4] = [Trust::Quoted, Trust::Derived, Trust::Accepted, Trust::Published];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Trust::Quoted => "quoted",
            Trust::Derived => "derived",
            Trust::Accepted => "accepted",
            Trust::Published => "published",
        }
    }

    /// The name as people and agents read it.
    pub fn label(self) -> &'static str {
        match self {
            Trust::Derived => "unreviewed",
            trust => trust.name(),
        }
    }
}

/// What a record was made from.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum MemorySource {
    /// The statement of work.
    Statement,
    /// A version of a file.
    File {
        /// Its path.
        path: String,
        /// Its object id.
        oid: String,
    },
    /// A row of the ledger.
    Ledger {
        /// Its id.
        id: String,
    },
    /// Another record.
    Memory {
        /// Its id.
        id: String,
    },
}

/// Something to remember. It never changes; see [`Kept`] for what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryRecord {
    /// Derived from the rest, so that a repeated step writes it once. See [`MemoryRecord::named`].
    pub id: String,
    /// What it is.
    pub kind: MemoryKind,
    /// Its subject, such as `iac/provider`. A newer record of the same kind replaces an older one.
    pub about: String,
    /// At most [`MAX_TEXT`] bytes.
    pub text: String,
    /// What it was made from, at most [`MAX_SOURCES`].
    pub sources: Vec<MemorySource>,
    /// The engagement that wrote it.
    pub project: String,
    /// The phase that wrote it.
    pub phase: String,
    /// The agent that wrote it, or `engine`.
    pub by: String,
    /// Key of the step that wrote it.
    pub step: String,
    /// When it was written, milliseconds since 1970 UTC.
    pub at: i64,
}

impl MemoryRecord {
    /// Sets the id.
    #[must_use]
    pub fn named(mut self, space: &Space, identity: &str) -> MemoryRecord {
        let sources = serde_json::to_string(&self.sources).unwrap_or_default();
        let parts = [
            space.key(),
            self.project.clone(),
            identity.to_owned(),
            self.kind.name().to_owned(),
            self.about.clone(),
            self.text.clone(),
            sources,
        ];
        let lengths: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
        let digest = sha256(lengths);
        self.id = format!("m-{}", digest.get(..24).unwrap_or(&digest));
        self
    }
}

/// Why a record is no longer used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Closing {
    /// A newer record has the same subject.
    Superseded {
        /// Id of the newer one.
        by: String,
    },
    /// A person withdrew it.
    Withdrawn {
        /// The person.
        actor: String,
        /// The reason.
        reason: String,
    },
}

/// A record, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// The record.
    #[serde(flatten)]
    pub record: MemoryRecord,
    /// Its trust level now.
    pub trust: Trust,
    /// Why it is no longer used; absent while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closing>,
    /// When it expires, milliseconds since 1970 UTC.
    pub expires: i64,
    /// Number of the journal entry that this follows from. A higher one replaces a lower one.
    pub as_of: u64,
}

impl Kept {
    /// Whether engagements other than its own see it.
    pub fn is_shared(&self) -> bool {
        self.trust >= Trust::Accepted
    }
}

/// Whose records these are. Rehearsals have their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Space {
    /// Whether rehearsals share it.
    pub rehearsal: bool,
    /// The owner of the engagements; empty for what is published to all owners.
    pub owner: String,
}

impl Space {
    /// What a person published to all owners.
    pub fn published(rehearsal: bool) -> Space {
        Space { rehearsal, owner: String::new() }
    }

    /// A key that no other space has, made of letters, digits and `-._/`.
    pub fn key(&self) -> String {
        let mut owner = String::new();
        for byte in self.owner.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => owner.push(byte.into()),
                byte => owner.push_str(&format!("_{byte:02x}")),
            }
        }
        let realm = if self.rehearsal { "rehearsal" } else { "live" };
        if self.owner.is_empty() {
            format!("{realm}/published")
        } else {
            format!("{realm}/o/{owner}")
        }
    }
}

/// The memory port.
#[async_trait]
pub trait Memory: Send + Sync {
    /// How long a write may stay invisible to reads. Zero for a store that reads what it wrote.
    fn lag(&self) -> Duration;

    /// Writes records. What is known of one is replaced if `as_of` is higher; the same id with
    /// another content is an error.
    async fn put(&self, space: &Space, records: &[Kept]) -> Result<(), StoreError>;

    /// Records of a kind that are open, shared and not expired at `now`, best match first. Without
    /// words that match any, none. Any text is a query.
    async fn find(
        &self,
        space: &Space,
        kind: MemoryKind,
        words: &str,
        now: i64,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError>;

    /// Records of a kind that are open, shared and not expired at `now`, newest first.
    async fn newest(
        &self,
        space: &Space,
        kind: MemoryKind,
        now: i64,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError>;

    /// A record; `None` if the space has none of this id. An expired one may be gone.
    async fn get(&self, space: &Space, id: &str) -> Result<Option<Kept>, StoreError>;

    /// All records of a space, closed ones too, oldest first; at most `most` after the record
    /// `after`. Expired ones may be gone.
    async fn list(
        &self,
        space: &Space,
        after: Option<&str>,
        most: usize,
    ) -> Result<Vec<Kept>, StoreError>;

    /// Notes that an engagement was shown records.
    async fn shown(&self, space: &Space, ids: &[String], project: &str) -> Result<(), StoreError>;

    /// The engagements that were shown a record, by name.
    async fn reached(&self, space: &Space, id: &str) -> Result<BTreeSet<String>, StoreError>;

    /// Removes everything that is remembered, to be filled again from the journals.
    async fn forget_all(&self) -> Result<(), StoreError>;
}
