//! Brings the store of notes to what the journal says.

use cloudcrew_ports::StoreError;
use cloudcrew_ports::clock::{Clock, next};
use cloudcrew_ports::memory::{
    Closing, Kept, LONG_TERM, Memory, MemoryRecord, SHORT_TERM, Space, Trust,
};

use super::space;
use crate::engagement::append::Record;
use crate::engagement::error::EngagementError;
use crate::engagement::event::Event;
use crate::engagement::load::Engagement;
use crate::engagement::refusal::Refusal;

/// What the journal of an engagement says about its notes.
pub fn kept(e: &Engagement) -> Vec<Kept> {
    let trusts = e.state.trusts();
    let notes = e.state.memories.records().iter().map(|record| {
        let mut kept = Kept {
            record: record.clone(),
            trust: trusts.note(record),
            closed: e.state.memories.closing(&record.id).cloned(),
            expires: 0,
            as_of: e.head.seq,
        };
        let term = if kept.is_shared() { LONG_TERM } else { SHORT_TERM };
        kept.expires = record.at.saturating_add(term);
        kept
    });
    notes.collect()
}

/// The notes of an engagement, to be written to the store.
pub struct Notes {
    space: Space,
    all: Vec<Kept>,
    published: Vec<Kept>,
}

impl Notes {
    /// What the journal says now.
    pub fn of(e: &Engagement) -> Notes {
        let all = kept(e);
        let given = |kept: &&Kept| e.state.memories.was_published(&kept.record.id);
        let published = all.iter().filter(given).cloned().collect();
        Notes { space: space(&e.state.started), all, published }
    }

    /// Writes them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn write(&self, memory: &dyn Memory) -> Result<(), StoreError> {
        memory.put(&self.space, &self.all).await?;
        memory.put(&Space::published(self.space.rehearsal), &self.published).await
    }
}

/// Writes the notes of an engagement to the store.
///
/// # Errors
/// When the store fails.
pub async fn sync(memory: &dyn Memory, e: &Engagement) -> Result<(), EngagementError> {
    Ok(Notes::of(e).write(memory).await?)
}

/// Withdraws a note of this engagement: it is no longer shown to anyone.
///
/// # Errors
/// When it has no such note, or a store fails.
pub async fn withdraw(
    record: Record<'_>,
    clock: &dyn Clock,
    memory: &dyn Memory,
    e: &mut Engagement,
    (id, actor, reason): (&str, &str, &str),
) -> Result<(), EngagementError> {
    loop {
        if e.state.memories.record(id).is_none() {
            let (project, note) = (e.project.clone(), id.to_owned());
            return Err(Refusal::NoMemory { project, note }.into());
        }
        if matches!(e.state.memories.closing(id), Some(Closing::Withdrawn { .. })) {
            break;
        }
        let now = next(clock.now(), e.state.times.1);
        let event = Event::Withdrawn {
            memory: id.to_owned(),
            actor: actor.to_owned(),
            reason: reason.to_owned(),
        };
        if e.append_inbound(record, &[event], now).await? {
            break;
        }
    }
    sync(memory, e).await
}

/// Accepts a note of this engagement: later engagements of its owner are shown it.
///
/// # Errors
/// When it has no such note, the note is closed, or a store fails.
pub async fn accept(
    record: Record<'_>,
    clock: &dyn Clock,
    memory: &dyn Memory,
    e: &mut Engagement,
    (id, actor): (&str, &str),
) -> Result<(), EngagementError> {
    lift(record, clock, memory, e, (id, actor), Trust::Accepted).await
}

/// Publishes a note of this engagement to all owners.
///
/// # Errors
/// When it has no such note, the note is closed or was not accepted, it names the engagement or its
/// owner, or a store fails.
pub async fn publish(
    record: Record<'_>,
    clock: &dyn Clock,
    memory: &dyn Memory,
    e: &mut Engagement,
    (id, actor): (&str, &str),
) -> Result<(), EngagementError> {
    lift(record, clock, memory, e, (id, actor), Trust::Published).await
}

async fn lift(
    record: Record<'_>,
    clock: &dyn Clock,
    memory: &dyn Memory,
    e: &mut Engagement,
    (id, actor): (&str, &str),
    to: Trust,
) -> Result<(), EngagementError> {
    loop {
        let (project, note) = (e.project.clone(), id.to_owned());
        let Some(there) = e.state.memories.record(id) else {
            return Err(Refusal::NoMemory { project, note }.into());
        };
        if e.state.memories.closing(id).is_some() {
            let why = "it was superseded or withdrawn".to_owned();
            return Err(Refusal::NotLifted { note, why }.into());
        }
        let trust = e.state.trust(there);
        if trust >= to {
            break;
        }
        let (memory, actor) = (id.to_owned(), actor.to_owned());
        let event = if to == Trust::Published {
            publishable(e, there, trust).map_err(|why| Refusal::NotLifted { note, why })?;
            Event::Published { memory, actor }
        } else {
            Event::NoteAccepted { memory, actor }
        };
        let now = next(clock.now(), e.state.times.1);
        if e.append_inbound(record, &[event], now).await? {
            break;
        }
    }
    sync(memory, e).await
}

/// Whether a note may be shown to all owners.
fn publishable(e: &Engagement, note: &MemoryRecord, trust: Trust) -> Result<(), String> {
    if trust < Trust::Accepted {
        return Err("no person has accepted it".to_owned());
    }
    let words = format!("{} {}", note.about, note.text).to_lowercase();
    for name in [&e.project, &e.state.started.owner] {
        if name.chars().count() > 2 && words.contains(&name.to_lowercase()) {
            return Err(format!("it names `{name}`"));
        }
    }
    Ok(())
}
