//! The journal: page by page, and as a stream of server-sent events.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use cloudcrew_ports::journal::Head;
use cloudcrew_runtime::engagement::content;
use cloudcrew_views::api::{EventPage, JournalEvent, LiveText};
use futures_util::Stream;
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;
use utoipa::{IntoParams, ToSchema};

use super::kinds::EntryKind;
use super::refusals::OfReader;
use crate::access::{Opened, Read};
use crate::app::App;
use crate::body::Asked;
use crate::changes::{Entries, POLL, Watcher};
use crate::people::{Person, Right, may};
use crate::problem::{Kind, Problem};

/// Entries per page, unless the caller asks for another number.
const PAGE: usize = 100;
/// Maximum entries per page.
const MOST: usize = 500;
/// Bytes of a page after which it ends.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
/// Entries that were read so long ago are sent only to a person who may still see them.
const RECHECK: Duration = Duration::from_secs(1);
/// How often a silent stream says that it is alive.
const ALIVE: Duration = Duration::from_secs(15);

/// Which entries to read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct FromEntry {
    /// Only entries after this number.
    #[param(maximum = 9_223_372_036_854_775_807_i64)]
    after: Option<u64>,
    /// Maximum number of entries of a page; a stream ends after so many.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
    /// Only entries of this kind.
    #[param(inline)]
    kind: Option<EntryKind>,
}

impl FromEntry {
    /// The number after which to read.
    fn after(&self) -> Result<u64, Problem> {
        let after = self.after.unwrap_or(0);
        match i64::try_from(after) {
            Ok(_) => Ok(after),
            Err(_) => Err(Problem::new(Kind::Malformed, "`after` is larger than any number")),
        }
    }
}

/// A server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the document: the events are written as text")]
pub(crate) struct StreamEvent {
    /// Number of the journal entry; absent in an event named `live`.
    id: Option<String>,
    /// Kind of the entry, or `live`.
    event: String,
    /// The entry as JSON, as in a page; for `live`, the agent and its words.
    data: String,
}

/// A page of the journal.
#[utoipa::path(get, path = "/projects/{id}/events",
    operation_id = "list_events", tag = "engagements",
    params(("id" = String, Path, description = "The engagement"), FromEntry),
    responses((status = 200, body = EventPage), OfReader))]
pub(crate) async fn page(
    State(app): State<App>,
    opened: Opened<Read>,
    Asked(from): Asked<FromEntry>,
) -> Result<Json<EventPage>, Problem> {
    let limit = from.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(few());
    }
    let kind = from.kind.map(EntryKind::name);
    let (project, as_of) = (opened.project.clone(), opened.head.seq);
    drop(opened);
    let mut at = start(&app, &project, from.after()?.min(as_of)).await?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    'pages: while at.seq < as_of {
        let read = app.ports().journal.read(&project, &at, MOST).await?;
        if read.is_empty() {
            break;
        }
        for entry in read {
            at = Head { seq: entry.seq, hash: entry.hash.clone() };
            if kind.as_ref().is_none_or(|kind| *kind == entry.kind) {
                let payload = content(&*app.ports().blobs, &project, &entry).await?;
                bytes += payload.to_string().len();
                events.push(JournalEvent::new(entry, payload));
            }
            if events.len() == limit || bytes > PAGE_BYTES || at.seq >= as_of {
                break 'pages;
            }
        }
    }
    Ok(Json(EventPage { events, after: at.seq, as_of }))
}

/// The journal as server-sent events, from `after` on and then live.
///
/// Each event has the number of its entry as its id: reconnect with `Last-Event-ID` or `after`, and
/// nothing is lost or repeated. Events named `live` carry words of a model while it speaks; they
/// have no id and are not recorded.
#[utoipa::path(get, path = "/projects/{id}/events/stream",
    operation_id = "stream_events", tag = "engagements",
    params(
        ("id" = String, Path, description = "The engagement"),
        FromEntry,
        ("last-event-id" = Option<u64>, Header, description = "As `after`, sent by browsers")),
    responses(
        (status = 200, body = StreamEvent, content_type = "text/event-stream"),
        (status = 501, body = Problem, content_type = "application/problem+json"), OfReader))]
pub(crate) async fn stream(
    State(app): State<App>,
    opened: Opened<Read>,
    headers: HeaderMap,
    Asked(from): Asked<FromEntry>,
) -> Result<Sse<impl Stream<Item = Result<Sent, Infallible>>>, Problem> {
    app.stays_open()?;
    let last = match headers.get("last-event-id") {
        Some(id) => {
            let number = id.to_str().ok().and_then(|id| id.parse().ok());
            let fault = || Problem::new(Kind::Malformed, "`Last-Event-ID` must be a number");
            Some(number.ok_or_else(fault)?)
        }
        None => None,
    };
    if from.limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
        return Err(few());
    }
    let after = match last {
        Some(last) => last,
        None => from.after()?,
    };
    let (after, kind) = (after.min(opened.head.seq), from.kind.map(EntryKind::name));
    let (project, person) = (opened.project.clone(), opened.caller.clone());
    drop(opened);
    // Watch first: what is written from now on is seen.
    let watcher = app.ports().changes.watch(&project);
    let at = start(&app, &project, after).await?;
    let reader = Reader {
        app,
        project,
        at,
        left: from.limit.unwrap_or(usize::MAX),
        kind,
        watcher,
        ready: (Entries::default(), 0),
        person,
        checked: Instant::now(),
    };
    let events = futures_util::stream::unfold(reader, |mut reader| async move {
        let sent = reader.next().await?;
        Some((Ok(sent), reader))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE)))
}

fn few() -> Problem {
    Problem::new(Kind::Malformed, format!("`limit` must be from 1 to {MOST}"))
}

/// The head after entry `seq`.
async fn start(app: &App, project: &str, seq: u64) -> Result<Head, Problem> {
    let head = app.ports().journal.head_at(project, seq).await?;
    head.ok_or_else(|| Problem::new(Kind::Unknown, format!("no entry {seq}")))
}

/// A reader of the stream. It holds a page of entries at most: a slow reader reads later.
struct Reader {
    app: App,
    project: String,
    at: Head,
    left: usize,
    kind: Option<String>,
    watcher: Watcher,
    /// Entries that were read, and how many of them were sent.
    ready: (Entries, usize),
    person: Person,
    /// When the right to read was known last.
    checked: Instant,
}

impl Reader {
    /// The next event; `None` at the end of the stream. A store that fails ends it: the reader
    /// reconnects and continues.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            if self.left == 0 || self.app.ports().wakes.stops() {
                return None;
            }
            let is_old = self.ready.1 < self.ready.0.len() && self.checked.elapsed() >= RECHECK;
            if is_old && !self.sees(None).await {
                return None;
            }
            if let Some(entry) = self.ready.0.get(self.ready.1) {
                self.ready.1 += 1;
                self.at = entry.head.clone();
                if self.kind.as_ref().is_some_and(|kind| *kind != entry.kind) {
                    continue;
                }
                self.left -= 1;
                let id = entry.head.seq.to_string();
                return Some(Sent::default().id(id).event(&entry.kind).data(&entry.json));
            }
            let ports = self.app.ports();
            let read = self.watcher.read(&*ports.journal, &*ports.blobs, &self.at).await.ok()?;
            let concern = read.iter().rev().find(|entry| entry.concerns_rights);
            if let Some(entry) = concern
                && !self.sees(Some(&entry.head)).await
            {
                return None;
            }
            if !read.is_empty() {
                self.ready = (read, 0);
                continue;
            }
            // Without new entries, rights have not changed.
            self.checked = Instant::now();
            tokio::select! {
                _ = self.watcher.grown.changed() => {}
                () = tokio::time::sleep(POLL) => {}
                words = self.watcher.words.recv() => match words {
                    Ok(words) => return spoken(&words),
                    // A slow reader misses words, never entries.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Whether the person may see the engagement, by its journal up to this head at least, or now.
    async fn sees(&mut self, head: Option<&Head>) -> bool {
        let opened = self.app.kept().open_at(self.app.record(), &self.project, head).await;
        self.checked = Instant::now();
        opened.is_ok_and(|opened| may(&self.person, &opened, Right::Read))
    }
}

fn spoken(words: &LiveText) -> Option<Sent> {
    Sent::default().event("live").json_data(words).ok()
}
