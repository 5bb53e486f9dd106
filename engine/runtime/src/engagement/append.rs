//! The only way to write to a journal: compare and swap, together with the index row that the
//! events result in.

use std::ops::Range;

use super::error::EngagementError;
use super::event::Event;
use super::load::{Engagement, open_with, write_entries};
use super::standing::Standing;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::journal::{
    AppendError, Batch, Entry, Head, Journal, MAX_APPEND, MAX_BATCH, NewEntry, Writer, chain,
};
use cloudcrew_ports::receipt::Receipt;
use cloudcrew_ports::secret::redact;

/// The stores that hold an engagement.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Its journal.
    pub journal: &'a dyn Journal,
    /// Hold what is too large for the journal.
    pub blobs: &'a dyn Blobs,
    /// Makes the receipt to write together with what a person does here, if there is one.
    pub receipt: Option<&'a Receipting<'a>>,
}

impl<'a> Record<'a> {
    /// A record in a store that is both a journal and a blob store.
    pub fn of<S: Journal + Blobs>(store: &'a S) -> Record<'a> {
        Record::new(store, store)
    }

    /// A record in two stores.
    pub fn new(journal: &'a dyn Journal, blobs: &'a dyn Blobs) -> Record<'a> {
        Record { journal, blobs, receipt: None }
    }

    /// The same record; what a person does in it is written with a receipt.
    pub fn answering(self, receipt: &'a Receipting<'a>) -> Record<'a> {
        Record { receipt: Some(receipt), ..self }
    }
}

/// Makes the receipt of events that a person causes, if the person sent a key.
pub type Receipting<'a> = dyn Fn(&[Event]) -> Option<Receipt> + Sync + 'a;

/// Outcome of an append.
#[derive(Debug)]
pub(super) enum Appended {
    /// The events are recorded.
    Done,
    /// Another process appended first: its entries were applied, and nothing was written.
    Behind(Vec<(Entry, Event)>),
}

/// Events ready to be written atomically.
pub(super) struct Ready<'a> {
    events: &'a [Event],
    entries: Vec<NewEntry>,
    at: i64,
}

impl<'a> Ready<'a> {
    /// Prepares events; large ones are moved to blobs.
    pub(super) async fn new(
        blobs: &dyn Blobs,
        events: &'a [Event],
        at: i64,
    ) -> Result<Ready<'a>, StoreError> {
        Ok(Ready { events, entries: write_entries(blobs, events, at).await?, at })
    }

    pub(super) fn events(&self) -> &'a [Event] {
        self.events
    }

    pub(super) fn at(&self) -> i64 {
        self.at
    }

    /// Splits the events into as few appends as possible.
    pub(super) fn parts(self) -> impl Iterator<Item = Ready<'a>> {
        let Ready { events, entries, at } = self;
        let sizes: Vec<usize> = entries.iter().map(|entry| entry.payload.len()).collect();
        let mut entries = entries.into_iter();
        parts(&sizes).into_iter().map(move |part| Ready {
            entries: entries.by_ref().take(part.len()).collect(),
            events: &events[part],
            at,
        })
    }
}

fn parts(sizes: &[usize]) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (i, size) in sizes.iter().enumerate() {
        if i > start && (i - start == MAX_APPEND || bytes + size > MAX_BATCH) {
            parts.push(start..i);
            (start, bytes) = (i, 0);
        }
        bytes += size;
    }
    if start < sizes.len() {
        parts.push(start..sizes.len());
    }
    parts
}

impl Engagement {
    /// Applies events and appends them to the journal.
    ///
    /// # Errors
    /// When an event is not legal here, the lease is lost, or a store fails. The engagement may
    /// then be ahead of its journal and must be opened again.
    pub(super) async fn append(
        &mut self,
        record: Record<'_>,
        writer: Writer,
        ready: &Ready<'_>,
    ) -> Result<Appended, EngagementError> {
        let before = self.head.clone();
        for (event, entry) in ready.events.iter().zip(&ready.entries) {
            self.repinned(record.blobs, event).await?;
            let seq = self.head.seq + 1;
            let hash = chain(&self.head.hash, seq, entry.at, &entry.kind, &entry.payload);
            self.take(event, seq, hash, entry.at)?;
        }
        let row = Standing::of(&self.state).row();
        let receipt = match writer {
            Writer::Inbound => record.receipt.and_then(|receipt| receipt(ready.events)),
            Writer::Driver(_) => None,
        };
        let batch = Batch { entries: ready.entries.clone(), row, receipt };
        match record.journal.append(&self.project, &before, writer, batch).await {
            Ok(_) => Ok(Appended::Done),
            Err(AppendError::Conflict(_)) => {
                Ok(Appended::Behind(self.read_again(record, &before).await?))
            }
            Err(AppendError::LeaseLost { holder, .. }) => {
                Err(EngagementError::LeaseLost { project: self.project.clone(), holder })
            }
            Err(AppendError::Answered(receipt)) => Err(EngagementError::Answered(receipt)),
            Err(AppendError::Store(e)) => Err(e.into()),
        }
    }

    /// Folds the journal from the start, because events were applied that are not in it. Returns
    /// the entries after `seen`.
    async fn read_again(
        &mut self,
        record: Record<'_>,
        seen: &Head,
    ) -> Result<Vec<(Entry, Event)>, EngagementError> {
        let held = self.state.swarm.as_ref().is_some_and(|run| run.machine.is_none());
        let refused = self.state.swarm.as_mut().map(|run| std::mem::take(&mut run.refused));
        let mut new = Vec::new();
        let each = |_: &Engagement, entry: Entry, event| {
            if entry.seq > seen.seq {
                new.push((entry, event));
            }
        };
        *self = open_with(record, &self.project, each).await?;
        if let Some(run) = self.state.swarm.as_mut() {
            if held {
                run.machine = None;
            }
            run.refused = refused.unwrap_or_default();
        }
        Ok(new)
    }

    /// Records events of a process that does not drive the engagement, atomically. Returns `false`
    /// when another process appended first: its entries were applied, and the caller must decide
    /// again.
    pub(super) async fn append_inbound(
        &mut self,
        record: Record<'_>,
        events: &[Event],
        now: i64,
    ) -> Result<bool, EngagementError> {
        let events = redacted(events);
        let ready = Ready::new(record.blobs, &events, now).await?;
        Ok(matches!(self.append(record, Writer::Inbound, &ready).await?, Appended::Done))
    }
}

/// The events without secrets, which people paste by mistake into what they say. Answers are
/// cleaned before.
fn redacted(events: &[Event]) -> Vec<Event> {
    let mut events = events.to_vec();
    for event in &mut events {
        match event {
            Event::MessageReceived(message) => redact(&mut message.words),
            Event::Remarked(remark) => redact(&mut remark.words),
            Event::Surveyed(survey) => redact(&mut survey.words),
            Event::Withdrawn { reason, .. } => redact(reason),
            _ => {}
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_split_by_count_and_by_size() {
        let lengths = |sizes: &[usize]| -> Vec<usize> {
            parts(sizes).into_iter().map(|part| part.len()).collect()
        };
        assert_eq!(lengths(&[]), Vec::<usize>::new());
        assert_eq!(lengths(&[1; MAX_APPEND]), [MAX_APPEND]);
        assert_eq!(lengths(&[1; MAX_APPEND + 1]), [MAX_APPEND, 1]);
        assert_eq!(lengths(&[MAX_BATCH / 4; 5]), [4, 1]);
        assert_eq!(lengths(&[MAX_BATCH, 1]), [1, 1]);
    }
}
