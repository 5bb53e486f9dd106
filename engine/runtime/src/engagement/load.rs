//! Opens an engagement: reads and folds its journal. Events too large for an entry are in blobs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudcrew_definition::crew::{Definition, Model};
use cloudcrew_plan::{OLDEST_SEMANTICS, Plan, SEMANTICS};
use serde_json::{Value, json as object};

use super::append::Record;
use super::error::EngagementError;
use super::event::label;
use super::event::{Event, Started};
use super::reading::read_sow;
use super::state::State;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::journal::{Entry, Head, NewEntry};
use cloudcrew_ports::json::{self, MAX_WRITTEN, depth};
use cloudcrew_ports::ledger::LedgerRow;
use cloudcrew_ports::repo::Logged;
use cloudcrew_sow::Sow;

/// Maximum size of an event that is stored in its entry, in bytes. The rest of 64 KiB is left for
/// what a store adds.
const INLINE: usize = 48 * 1024;
/// Number of entries to read at once.
const PAGE: usize = 500;

/// An engagement in its current state.
#[derive(Debug)]
pub struct Engagement {
    /// Its id.
    pub project: String,
    /// The definition it is pinned to.
    pub definition: Arc<Definition>,
    /// The statement of work.
    pub sow: Arc<Sow>,
    /// Text of the statement of work.
    pub sow_text: Arc<str>,
    /// Its state.
    pub state: State,
    /// The last journal entry that was read.
    pub head: Head,
    /// Entries that announced a commit, with their hashes: commits refer to them.
    pub(super) intents: BTreeMap<u64, String>,
}

/// Converts events to entries; large events are stored as blobs first.
///
/// # Errors
/// When an event is nested too deeply or the blob port fails.
pub async fn write_entries(
    blobs: &dyn Blobs,
    events: &[Event],
    at: i64,
) -> Result<Vec<NewEntry>, StoreError> {
    let mut entries = Vec::with_capacity(events.len());
    for event in events {
        let mut payload =
            serde_json::to_string(event).expect("an event is plain data with text keys");
        let levels = depth(payload.as_bytes());
        if levels > MAX_WRITTEN {
            let why = format!(
                "a `{}` event is nested {levels} levels deep; at most {MAX_WRITTEN} can be \
                 written",
                label(event)
            );
            return Err(StoreError::Unusable { what: "the journal".to_owned(), why });
        }
        if payload.len() > INLINE {
            payload =
                object!({ "$blob": blobs.put(payload.as_bytes()).await?, "bytes": payload.len() })
                    .to_string();
        }
        entries.push(NewEntry { at, kind: label(event).to_owned(), payload });
    }
    Ok(entries)
}

/// The content of an entry, also when it is in a blob.
///
/// # Errors
/// When the blob is missing or not JSON.
pub async fn content(
    blobs: &dyn Blobs,
    project: &str,
    entry: &Entry,
) -> Result<Value, EngagementError> {
    let Some(hash) = entry.payload.get("$blob").and_then(Value::as_str) else {
        return Ok(entry.payload.clone());
    };
    let damaged =
        |why: String| EngagementError::Damaged { project: project.to_owned(), seq: entry.seq, why };
    let bytes = blobs.get(hash).await?.ok_or_else(|| damaged(format!("blob {hash} is missing")))?;
    json::read(&bytes).map_err(|e| damaged(e.to_string()))
}

/// Reads the event of an entry.
pub(super) async fn event_of(
    blobs: &dyn Blobs,
    project: &str,
    entry: &Entry,
) -> Result<Event, EngagementError> {
    let payload = content(blobs, project, entry).await?;
    serde_json::from_value(payload).map_err(|e| EngagementError::Damaged {
        project: project.to_owned(),
        seq: entry.seq,
        why: e.to_string(),
    })
}

async fn blob<T: serde::de::DeserializeOwned>(
    blobs: &dyn Blobs,
    project: &str,
    hash: &str,
) -> Result<T, EngagementError> {
    let bytes = bytes(blobs, project, hash).await?;
    json::read(&bytes).map_err(|e| EngagementError::Damaged {
        project: project.to_owned(),
        seq: 1,
        why: e.to_string(),
    })
}

async fn bytes(blobs: &dyn Blobs, project: &str, hash: &str) -> Result<Vec<u8>, EngagementError> {
    let missing = || EngagementError::Damaged {
        project: project.to_owned(),
        seq: 1,
        why: format!("blob {hash} is missing"),
    };
    blobs.get(hash).await?.ok_or_else(missing)
}

/// Opens an engagement by reading its journal from the start.
///
/// # Errors
/// When no engagement has that name, its journal is damaged, or a store fails.
pub async fn open(record: Record<'_>, project: &str) -> Result<Engagement, EngagementError> {
    open_with(record, project, |_, _, _| {}).await
}

/// Like [`open`], and calls `each` for every event except the first.
pub(super) async fn open_with(
    record: Record<'_>,
    project: &str,
    each: impl FnMut(&Engagement, Entry, Event),
) -> Result<Engagement, EngagementError> {
    let Record { journal, blobs, .. } = record;
    let first = journal.read(project, &Head::default(), 1).await?;
    let Some(entry) = first.first() else {
        return Err(EngagementError::Unknown(project.to_owned()));
    };
    let Event::Started(started) = event_of(blobs, project, entry).await? else {
        return Err(EngagementError::Damaged {
            project: project.to_owned(),
            seq: 1,
            why: "the first entry is not `started`".into(),
        });
    };
    let started: Started = *started;
    if !(OLDEST_SEMANTICS..=SEMANTICS).contains(&started.semantics) {
        return Err(EngagementError::Semantics {
            project: project.to_owned(),
            engine: started.engine,
        });
    }
    let definition: Definition = blob(blobs, project, &started.definition).await?;
    let plan: Plan = blob(blobs, project, &started.plan).await?;
    let text = String::from_utf8_lossy(&bytes(blobs, project, &started.sow).await?).into_owned();
    let damaged = |e: cloudcrew_sow::SowFault| EngagementError::Damaged {
        project: project.to_owned(),
        seq: 1,
        why: e.to_string(),
    };
    let sow = match &started.sow_items {
        Some(items) => blob(blobs, project, items).await?,
        None => {
            read_sow(&definition, &started.workflow, &started.sow_file, &text).map_err(damaged)?
        }
    };
    let mut engagement = Engagement {
        project: project.to_owned(),
        definition: Arc::new(definition),
        sow: Arc::new(sow),
        sow_text: text.into(),
        state: State::new(plan, started, entry.at),
        head: Head { seq: entry.seq, hash: entry.hash.clone() },
        intents: BTreeMap::new(),
    };
    engagement.follow(record, each).await?;
    Ok(engagement)
}

impl Engagement {
    /// Applies entries that others have appended, and returns them.
    ///
    /// # Errors
    /// When the journal is damaged or a store fails.
    pub async fn catch_up(
        &mut self,
        record: Record<'_>,
    ) -> Result<Vec<(Entry, Event)>, EngagementError> {
        let mut new = Vec::new();
        self.follow(record, |_, entry, event| new.push((entry, event))).await?;
        Ok(new)
    }

    /// Applies entries that others have appended, one at a time, without holding them all in
    /// memory.
    ///
    /// # Errors
    /// See [`Engagement::catch_up`].
    pub async fn follow(
        &mut self,
        record: Record<'_>,
        mut each: impl FnMut(&Engagement, Entry, Event),
    ) -> Result<(), EngagementError> {
        let Record { journal, blobs, .. } = record;
        loop {
            let page = journal.read(&self.project, &self.head, PAGE).await?;
            let full = page.len() == PAGE;
            for entry in page {
                let event = event_of(blobs, &self.project, &entry).await?;
                self.repinned(blobs, &event).await?;
                self.take(&event, entry.seq, entry.hash.clone(), entry.at)?;
                each(self, entry, event);
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// Loads the other definitions that an event names.
    pub(super) async fn repinned(
        &mut self,
        blobs: &dyn Blobs,
        event: &Event,
    ) -> Result<(), EngagementError> {
        if let Event::Repinned { definition, plan } = event {
            let definition: Definition = blob(blobs, &self.project, definition).await?;
            self.repin(definition, blob(blobs, &self.project, plan).await?);
        }
        Ok(())
    }

    /// Checks the ledger against the journal.
    ///
    /// # Errors
    /// When a row is missing that the journal says was written.
    pub fn has_all(&self, rows: &[LedgerRow]) -> Result<(), EngagementError> {
        let present: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        match self.state.recorded.iter().find(|id| !present.contains(id.as_str())) {
            None => Ok(()),
            Some(gone) => Err(EngagementError::Damaged {
                project: self.project.clone(),
                seq: self.head.seq,
                why: format!(
                    "row `{gone}` was written to the ledger but is missing; restore the \
                     `cloudcrew.db` that contains it"
                ),
            }),
        }
    }

    /// Checks the journal against a commit that an engagement of the same name made on the branch.
    ///
    /// # Errors
    /// When the commit belongs to another engagement, or refers to an entry that this journal does
    /// not have: the journal was truncated, or this home is an older copy.
    pub fn knows(&self, commit: &Logged, branch: &str) -> Result<(), EngagementError> {
        let (project, id) = (&self.project, &commit.id);
        let of = commit.anchor.engagement.as_deref().unwrap_or_default();
        if of != self.state.started.identity {
            return Err(EngagementError::World(format!(
                "branch `{branch}` belongs to another engagement named `{project}` ({of}), which \
                 made commit {id}; continue in that engagement's home, or start this one under \
                 another name"
            )));
        }
        let Some((seq, hash)) = &commit.anchor.journal else { return Ok(()) };
        if self.intents.get(seq) == Some(hash) {
            return Ok(());
        }
        let seq = *seq;
        let why = if seq > self.head.seq {
            format!("the journal ends at entry {}", self.head.seq)
        } else {
            "that entry is different".into()
        };
        Err(EngagementError::Damaged {
            project: project.clone(),
            seq,
            why: format!(
                "commit {id} on branch `{branch}` was made by this entry, but in this home \
                 {why}. This home is older than the branch: continue in the newer one, or \
                 restore its `cloudcrew.db` together with its `-wal`"
            ),
        })
    }

    /// The current settings of a model: those of the definition, or those that replaced them.
    pub fn model(&self, name: &str) -> Option<Model> {
        let mut model = self.definition.model(name)?.clone();
        if let Some((live, price)) = self.state.routes.get(name) {
            model.live = Some(live.clone());
            model.price = *price;
        }
        Some(model)
    }

    pub(super) fn take(
        &mut self,
        event: &Event,
        seq: u64,
        hash: String,
        at: i64,
    ) -> Result<(), EngagementError> {
        let project = self.project.clone();
        self.state.apply(event, at).map_err(|e| EngagementError::Damaged {
            project,
            seq,
            why: e.to_string(),
        })?;
        if matches!(event, Event::CommitIntended { .. }) {
            self.intents.insert(seq, hash.clone());
        }
        self.head = Head { seq, hash };
        Ok(())
    }
}
