//! Brings the store of notes to what the journal says.

use cloudcrew_ports::clock::{Clock, next};
use cloudcrew_ports::memory::{Closing, Kept, LONG_TERM, Memory, SHORT_TERM, Space, Trust};

use super::space;
use crate::engagement::append::Record;
use crate::engagement::error::EngagementError;
use crate::engagement::event::Event;
use crate::engagement::load::Engagement;
use crate::engagement::refusal::Refusal;

/// What the journal of an engagement says about its notes.
pub fn kept(e: &Engagement) -> Vec<Kept> {
    let notes = e.state.memories.records().iter().map(|record| {
        let mut kept = Kept {
            record: record.clone(),
            trust: e.state.trust(record),
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

/// Writes the notes of an engagement to the store.
///
/// # Errors
/// When the store fails.
pub async fn sync(memory: &dyn Memory, e: &Engagement) -> Result<(), EngagementError> {
    let all = kept(e);
    memory.put(&space(&e.state.started), &all).await?;
    let given = |kept: &Kept| e.state.memories.was_published(&kept.record.id);
    let published: Vec<Kept> = all.into_iter().filter(given).collect();
    let to = Space::published(space(&e.state.started).rehearsal);
    Ok(memory.put(&to, &published).await?)
}

/// Withdraws a note of this engagement: it is shown to nobody any more.
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

/// Gives a note of this engagement to all owners.
///
/// # Errors
/// When it has no such note, the note is closed or not accepted, it names the engagement or its
/// owner, or a store fails.
pub async fn publish(
    record: Record<'_>,
    clock: &dyn Clock,
    memory: &dyn Memory,
    e: &mut Engagement,
    (id, actor): (&str, &str),
) -> Result<(), EngagementError> {
    loop {
        let (project, note) = (e.project.clone(), id.to_owned());
        let Some(there) = e.state.memories.record(id) else {
            return Err(Refusal::NoMemory { project, note }.into());
        };
        let trust = e.state.trust(there);
        if trust == Trust::Published {
            break;
        }
        let refused = |why: &str| {
            let (note, why) = (id.to_owned(), why.to_owned());
            EngagementError::from(Refusal::NotPublished { note, why })
        };
        if e.state.memories.closing(id).is_some() {
            return Err(refused("it is no longer used"));
        }
        if trust < Trust::Derived {
            return Err(refused("it repeats words from outside that nobody has approved"));
        }
        let words = format!("{} {}", there.about, there.text).to_lowercase();
        let started = &e.state.started;
        for name in [&e.project, &started.owner] {
            if name.chars().count() > 2 && words.contains(&name.to_lowercase()) {
                return Err(refused(&format!("it names `{name}`")));
            }
        }
        let now = next(clock.now(), e.state.times.1);
        let event = Event::Published { memory: id.to_owned(), actor: actor.to_owned() };
        if e.append_inbound(record, &[event], now).await? {
            break;
        }
    }
    sync(memory, e).await
}
