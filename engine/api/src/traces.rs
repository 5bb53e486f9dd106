//! Sends traces to an OpenTelemetry collector. A span is sent when its step ends; after a restart,
//! the journal is read again, and only spans that were not recorded as sent are sent.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::journal::{Head, Journal};
use cloudcrew_ports::outbox::{Behind, Outbox};
use cloudcrew_runtime::engagement::{EngagementError, Event, content};
use cloudcrew_views::trace::{Span, Tracer, otlp};

use crate::notices::Failed;

/// Name of the reader.
const READER: &str = "traces";
/// Engagements to look at, at once.
const PAGE: usize = 100;
/// Entries to read at once.
const ENTRIES: usize = 500;
/// Maximum number of spans in one request.
const SPANS: usize = 500;
/// Maximum number of engagements whose open spans are kept in memory.
const KEPT: usize = 512;
/// How long to wait after a failure.
const PAUSE: Duration = Duration::from_secs(15);

/// A collector.
#[async_trait]
pub trait Collects: Send + Sync {
    /// Sends a request of the OpenTelemetry protocol, in JSON.
    async fn collect(&self, body: String) -> Result<(), Failed>;
}

/// Sends the spans of all engagements.
pub struct Traces {
    journal: Arc<dyn Journal>,
    blobs: Arc<dyn Blobs>,
    outbox: Arc<dyn Outbox>,
    collector: Box<dyn Collects>,
    /// What is open in engagements, and the entry up to which they were read.
    open: HashMap<String, (Tracer, Head)>,
    note: fn(&str),
}

impl Traces {
    /// A sender, which begins with what happens from now on when it is new.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new(
        journal: Arc<dyn Journal>,
        blobs: Arc<dyn Blobs>,
        outbox: Arc<dyn Outbox>,
        collector: Box<dyn Collects>,
        note: fn(&str),
    ) -> Result<Traces, StoreError> {
        outbox.add(READER).await?;
        Ok(Traces { journal, blobs, outbox, collector, open: HashMap::new(), note })
    }

    /// Sends what has ended, forever.
    pub async fn run(mut self, every: Duration) {
        loop {
            let pause = match self.once().await {
                Ok(()) => every,
                Err(why) => {
                    (self.note)(&format!("traces: {why}"));
                    PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn once(&mut self) -> Result<(), String> {
        let mut after = None::<String>;
        loop {
            let page = self.outbox.behind(READER, after.as_deref(), PAGE).await;
            let page = page.map_err(|error| error.to_string())?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.engagement.clone());
            for behind in page {
                let read = self.read(&behind).await;
                // An engagement that cannot be read keeps no other waiting.
                let (spans, upto) = match read {
                    Ok(read) => read,
                    Err(error) => {
                        (self.note)(&format!("traces of {}: {error}", behind.engagement));
                        continue;
                    }
                };
                for part in spans.chunks(SPANS) {
                    match self.collector.collect(otlp(part).to_string()).await {
                        Ok(()) => {}
                        Err(Failed::Never(why)) => {
                            (self.note)(&format!("traces of {}: {why}", behind.engagement));
                        }
                        Err(Failed::Later(why)) => {
                            // What is open is read again, from the journal.
                            self.open.remove(&behind.engagement);
                            return Err(why);
                        }
                    }
                }
                let done = [Behind { after: upto, ..behind }];
                let done = self.outbox.done(READER, &done).await;
                done.map_err(|error| error.to_string())?;
            }
        }
    }

    /// The spans that have ended since `behind`, and the entry up to which the journal was read.
    async fn read(&mut self, behind: &Behind) -> Result<(Vec<Span>, u64), EngagementError> {
        let project = &behind.engagement;
        let known = self.open.remove(project).filter(|(_, head)| head.seq == behind.after);
        let (mut tracer, mut head) = match known {
            Some((tracer, head)) => (Some(tracer), head),
            None => (None, Head::default()),
        };
        let (mut spans, mut ended) = (Vec::new(), false);
        loop {
            let page = self.journal.read(project, &head, ENTRIES).await?;
            let Some(last) = page.last() else { break };
            head = Head { seq: last.seq, hash: last.hash.clone() };
            for entry in page {
                let payload = content(&*self.blobs, project, &entry).await?;
                // An entry written by a newer version has no step that this version knows.
                let Ok(event) = serde_json::from_value::<Event>(payload) else { continue };
                if let Event::Started(started) = &event {
                    tracer = Some(Tracer::new(started, entry.at));
                }
                let Some(tracer) = tracer.as_mut() else { continue };
                let done = tracer.take(entry.at, &event);
                if entry.seq > behind.after {
                    spans.extend(done);
                }
                ended = matches!(event, Event::Ended(_));
            }
        }
        let upto = head.seq;
        if let Some(tracer) = tracer.filter(|_| !ended) {
            // Another engagement is read again when it goes on.
            if self.open.len() >= KEPT
                && let Some(other) = self.open.keys().next().cloned()
            {
                self.open.remove(&other);
            }
            self.open.insert(project.clone(), (tracer, head));
        }
        Ok((spans, upto))
    }
}
