//! The change from one phase to the next, in steps. Each is recorded once it is done, so that a
//! process that dies between two of them goes on with the next.

mod facts;
mod records;

use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::memory::{MAX_TEXT, MemoryKind, MemoryRecord, MemorySource};

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{End, EndReason, Event, Transition};
use crate::engagement::library::outcomes;
use crate::engagement::load::Engagement;
use crate::engagement::memory::{space, sync};
use crate::engagement::request::Request;
use crate::engagement::state::is_persons;
use crate::metrics::{counts, of_phase, whole};

/// The engine as the author of what it writes.
const ENGINE: &str = "engine";

impl Driver {
    /// Adds what the journal knows to the summary of a phase, before the customer reads it.
    pub(in crate::engagement) async fn summarize(
        &self,
        phase: &str,
    ) -> Result<(), EngagementError> {
        let of = self.look(|e| swarm_of(e, phase)).await;
        self.transit(phase, &of, "summary").await
    }

    /// Leaves a phase that the customer has approved.
    pub(in crate::engagement) async fn leave_approved(
        &self,
        request: &Request,
    ) -> Result<(), EngagementError> {
        let by_person = match &request.answer {
            Some(answer) => self.look(|e| is_persons(answer, &e.state.started.voice)).await,
            None => false,
        };
        if by_person {
            self.transit(&request.phase, &request.id, "decisions").await?;
            self.transit(&request.phase, &request.id, "records").await?;
        }
        self.transit(&request.phase, &request.id, "patterns").await?;
        self.transit(&request.phase, &request.id, "memory").await?;
        self.transit(&request.phase, &request.id, "metrics").await
    }

    /// Leaves a phase without a gate.
    pub(in crate::engagement) async fn leave_ungated(
        &self,
        phase: &str,
    ) -> Result<(), EngagementError> {
        let of = self.look(|e| swarm_of(e, phase)).await;
        self.transit(phase, &of, "summary").await?;
        self.transit(phase, &of, "patterns").await?;
        self.transit(phase, &of, "memory").await?;
        self.transit(phase, &of, "metrics").await
    }

    /// Keeps the figures of an engagement that does not complete: nothing finalizes it.
    pub(in crate::engagement) async fn leave_uncompleted(
        &self,
        end: &End,
    ) -> Result<(), EngagementError> {
        let kept = self.look(counts).await;
        if !kept || end.kind == EndReason::Completed {
            return Ok(());
        }
        let written = whole(&*self.ports.metrics, &*self.engagement().await, Some(end.kind)).await;
        let phase = self.look(|e| e.state.last_phase.clone().unwrap_or_default()).await;
        let done = Transition {
            fault: written.err().map(|error| error.to_string()),
            ..Transition::new(&phase, "end", "metrics")
        };
        self.append(vec![Event::Transitioned(Box::new(done))]).await
    }

    /// Does a step, unless it is on record.
    async fn transit(&self, phase: &str, of: &str, step: &str) -> Result<(), EngagementError> {
        let key = (of.to_owned(), step.to_owned());
        if self.look(|e| e.state.progress(phase).transitions.contains(&key)).await {
            return Ok(());
        }
        let mut done = Transition::new(phase, of, step);
        match step {
            "summary" => done.fault = self.add_facts(phase, of).await?,
            "decisions" => self.accept_decisions(&mut done).await?,
            "records" => self.write_records(&mut done).await?,
            "patterns" => done.fault = self.note_outcomes(phase).await,
            "metrics" => {
                if self.look(counts).await {
                    let engagement = self.engagement().await;
                    let written = of_phase(&*self.ports.metrics, &engagement, phase).await;
                    done.fault = written.err().map(|error| error.to_string());
                }
            }
            _ => {
                // What is remembered follows from the journal and can be written again at any
                // time, so a store that is away does not stop the engagement.
                let synced = sync(&*self.ports.memory, &*self.engagement().await).await;
                done.fault = synced.err().map(|error| error.to_string());
            }
        }
        self.append(vec![Event::Transitioned(Box::new(done))]).await
    }

    /// Writes to the library how the uses of patterns ended, in all phases.
    pub(in crate::engagement) async fn note_all_outcomes(&self) -> Option<String> {
        let phases = self.look(|e| e.state.plan().entries.clone()).await;
        for (phase, _) in phases {
            if let Some(fault) = self.note_outcomes(&phase).await {
                return Some(fault);
            }
        }
        None
    }

    /// Writes to the library how the uses of patterns in a phase ended.
    async fn note_outcomes(&self, phase: &str) -> Option<String> {
        let (space, events) = self.look(|e| (space(&e.state.started), outcomes(e, phase))).await;
        for (digest, id, event) in events {
            let noted = self.ports.patterns.note(&space, &digest, &id, &event).await;
            if let Err(error) = noted {
                return Some(error.to_string());
            }
        }
        None
    }

    /// Marks the decisions of a phase as accepted, and notes them for later work.
    async fn accept_decisions(&self, done: &mut Transition) -> Result<(), EngagementError> {
        let rows = self.ledger_rows().await?;
        let decided = |row: &&LedgerRow| row.phase == done.phase && row.kind == LedgerKind::Decision;
        let decisions: Vec<&LedgerRow> = rows.iter().filter(decided).collect();
        done.accepted = decisions.iter().map(|row| row.id.clone()).collect();
        let now = self.now().await;
        done.notes = self
            .look(|e| decisions.iter().map(|row| noted(e, row, &done.of, now)).collect())
            .await;
        Ok(())
    }
}

/// The last swarm of a phase.
fn swarm_of(e: &Engagement, phase: &str) -> String {
    format!("{phase}.{}", e.state.progress(phase).swarms)
}

/// A decision as a note: its words, and where it stands.
fn noted(e: &Engagement, row: &LedgerRow, of: &str, now: i64) -> MemoryRecord {
    let source = if row.source.is_empty() { String::new() } else { format!(" ({})", row.source) };
    let mut text = format!("{}{source}", row.title);
    cloudcrew_ports::bounds::cut(&mut text, MAX_TEXT);
    let record = MemoryRecord {
        id: String::new(),
        kind: MemoryKind::Decision,
        about: format!("{}/{}", row.phase, records::slug(&row.title)),
        text,
        sources: vec![MemorySource::Ledger { id: row.id.clone() }],
        verbatim: true,
        project: e.project.clone(),
        phase: row.phase.clone(),
        by: ENGINE.to_owned(),
        step: format!("{of}.decisions"),
        at: now,
    };
    record.named(&space(&e.state.started), &e.state.started.identity)
}
