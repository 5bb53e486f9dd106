//! The change from one phase to the next, in steps. Each is recorded once it is done, so that a
//! process that dies between two of them goes on with the next.

mod facts;
mod records;

use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::memory::{MAX_TEXT, MemoryKind, MemoryRecord, MemorySource};

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{End, EndReason, Event, Transition};
use crate::engagement::library::outcomes;
use crate::engagement::load::Engagement;
use crate::engagement::memory::{Notes, space};
use crate::engagement::request::Request;
use crate::engagement::state::is_persons;
use crate::metrics::{Figures, counts, of_phase};

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

    /// Keeps what an engagement that does not complete has taught: nothing finalizes it. The result
    /// is what to record with its end.
    pub(in crate::engagement) async fn leave_uncompleted(&self, end: &End) -> Vec<Event> {
        if end.kind == EndReason::Completed {
            return Vec::new();
        }
        let phase = self.look(|e| e.state.last_phase.clone().unwrap_or_default()).await;
        let mut steps = vec![
            ("patterns", self.note_all_outcomes().await),
            ("memory", self.write_notes().await),
        ];
        if self.look(counts).await {
            steps.push(("metrics", self.write_figures(Some(end.kind)).await));
        }
        let done = steps.into_iter().map(|(step, fault)| {
            let done = Transition { fault, ..Transition::new(&phase, "end", step) };
            Event::Transitioned(Box::new(done))
        });
        done.collect()
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
                    let items = self.look(|e| of_phase(e, phase)).await;
                    let written = match items {
                        Ok(items) => self.ports.metrics.put(&items).await,
                        Err(error) => Err(error),
                    };
                    done.fault = written.err().map(|error| error.to_string());
                }
            }
            "memory" => done.fault = self.write_notes().await,
            other => done.fault = Some(format!("no step named `{other}`")),
        }
        self.append(vec![Event::Transitioned(Box::new(done))]).await
    }

    /// Writes the notes to the store. They are derived from the journal and can be written again at
    /// any time, so a store that is away does not stop the engagement. The result is the fault.
    pub(in crate::engagement) async fn write_notes(&self) -> Option<String> {
        let notes = self.look(Notes::of).await;
        notes.write(&*self.ports.memory).await.err().map(|error| error.to_string())
    }

    /// Writes all figures to the store. The result is the fault.
    pub(in crate::engagement) async fn write_figures(
        &self,
        end: Option<EndReason>,
    ) -> Option<String> {
        let figures = match self.look(|e| Figures::of(e, end)).await {
            Ok(figures) => figures,
            Err(error) => return Some(error.to_string()),
        };
        figures.write(&*self.ports.metrics).await.err().map(|error| error.to_string())
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
        let decided =
            |row: &&LedgerRow| row.phase == done.phase && row.kind == LedgerKind::Decision;
        let decisions: Vec<&LedgerRow> = rows.iter().filter(decided).collect();
        done.accepted = decisions.iter().map(|row| row.id.clone()).collect();
        let now = self.now().await;
        done.notes =
            self.look(|e| decisions.iter().map(|row| noted(e, row, &done.of, now)).collect()).await;
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
        // Titles that differ have different subjects, also where a slug cannot tell them apart.
        about: format!("{}/{}-{}", row.phase, records::slug(&row.title), &sha256(&row.title)[..6]),
        text,
        sources: vec![MemorySource::Ledger { id: row.id.clone() }],
        project: e.project.clone(),
        phase: row.phase.clone(),
        by: ENGINE.to_owned(),
        step: format!("{of}.decisions"),
        at: now,
    };
    record.named(&space(&e.state.started), &e.state.started.identity)
}
