//! Live events of several engagements over one WebSocket.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts as _, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use cloudcrew_ports::index::Which;
use cloudcrew_ports::journal::Head;
use cloudcrew_runtime::engagement::{EngagementError, content};
use cloudcrew_views::api::{JournalEvent, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::TryRecvError;
use utoipa::{IntoParams, ToSchema};

use super::projects::rows;
use super::refusals::{OfCaller, OfWriter};
use crate::access::{Caller, unknown_caller};
use crate::app::App;
use crate::body::{Asked, Body};
use crate::changes::Watcher;
use crate::people::{Person, Right, may};
use crate::problem::{Kind, Problem};
use crate::tickets::Ticket;

/// Maximum number of engagements to name.
const MOST: usize = 100;
/// Entries to read at once.
const PAGE: usize = 100;
/// How often to look for new entries, new engagements and lost rights.
const TICK: Duration = Duration::from_millis(200);
/// How often rights are checked again, and the list of engagements is read again.
const RECHECK: Duration = Duration::from_secs(1);

/// Which engagements to follow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTicket {
    /// Ids of engagements, or `"all"` for all that the caller may see.
    projects: Projects,
}

/// Ids of engagements, or `all`.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Projects {
    /// All that the caller may see and that have not ended, also those that start later; at most
    /// the 100 newest.
    All(All),
    /// These.
    These(Vec<String>),
}

/// The word `all`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum All {
    /// All that the caller may see.
    All,
}

/// A ticket.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketReply {
    /// Pass it as `ticket` to `/ws`. It opens one connection.
    ticket: String,
    /// When it expires.
    expires: Time,
}

/// A ticket for a WebSocket, which cannot carry a token.
#[utoipa::path(post, path = "/tickets",
    operation_id = "get_ticket", tag = "engagements",
    request_body = NewTicket,
    responses(
        (status = 201, body = TicketReply),
        (status = 503, body = Problem, content_type = "application/problem+json"), OfWriter))]
pub(crate) async fn ticket(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(NewTicket { projects }): Body<NewTicket>,
) -> Result<(StatusCode, Json<TicketReply>), Problem> {
    let projects = match projects {
        Projects::All(All::All) => None,
        Projects::These(ids) if ids.len() > MOST => {
            return Err(Problem::new(Kind::Invalid, format!("at most {MOST} engagements")));
        }
        Projects::These(ids) => {
            for id in &ids {
                if !sees(&app, &caller, id).await.unwrap_or(false) {
                    return Err(Problem::hidden(id));
                }
            }
            Some(ids)
        }
    };
    let secret = (app.ports().secret)();
    let now = app.ports().clock.wall();
    let until = app.tickets().add(&secret, caller, projects, now);
    let until = until.ok_or_else(|| Problem::new(Kind::Unavailable, "too many tickets wait"))?;
    Ok((StatusCode::CREATED, Json(TicketReply { ticket: secret, expires: Time(until) })))
}

/// Whether a person may see an engagement now; `None` when that cannot be said at the moment.
async fn sees(app: &App, person: &Person, project: &str) -> Option<bool> {
    match app.kept().open(app.record(), project).await {
        Ok(engagement) => Some(may(person, &engagement, Right::Read)),
        Err(EngagementError::Unknown(_)) => Some(false),
        Err(_) => None,
    }
}

/// How to connect.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connect {
    /// The ticket.
    #[param(min_length = 1, max_length = 200)]
    ticket: String,
    /// Where to continue after a connection broke off: `ID:NUMBER`, separated by commas.
    #[param(pattern = "^[a-z0-9-]{1,63}:[0-9]{1,18}(,[a-z0-9-]{1,63}:[0-9]{1,18}){0,99}$")]
    after: Option<String>,
}

/// Live events of several engagements.
///
/// Each message is JSON: `{"project", "seq", "at", "kind", "event", "hash"}` for a journal entry,
/// `{"project", "agent", "text"}` for words of a model while it speaks, and `{"project", "gone":
/// true}` when the caller may no longer see an engagement. Without `after`, an engagement is shown
/// from now on; one that starts later, from its beginning.
#[utoipa::path(get, path = "/ws",
    operation_id = "connect", tag = "engagements", security(()),
    params(Connect),
    responses(
        (status = 101, description = "Switching to WebSocket"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 426, body = Problem, content_type = "application/problem+json"), OfCaller))]
pub(crate) async fn connect(
    State(app): State<App>,
    Asked(Connect { ticket, after }): Asked<Connect>,
    mut parts: Parts,
) -> Result<Response, Problem> {
    let after = after.as_deref().map(places).transpose()?.unwrap_or_default();
    if !(1..=200).contains(&ticket.len()) {
        return Err(Problem::new(Kind::Malformed, "`ticket` has 1 to 200 bytes"));
    }
    // A request that is not a WebSocket uses no ticket up.
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &app)
        .await
        .map_err(|rejection| Problem::new(Kind::Upgrade, rejection.body_text()))?;
    let now = app.ports().clock.wall();
    let many = || Problem::new(Kind::Unavailable, "too many WebSockets are open");
    let open = app.socket().ok_or_else(many)?;
    let ticket = app.tickets().take(&ticket, now).ok_or_else(unknown_caller)?;
    Ok(upgrade.max_message_size(4096).on_upgrade(move |socket| async move {
        follow(app, ticket, after, socket).await;
        drop(open);
    }))
}

/// Reads `ID:NUMBER,ID:NUMBER`.
fn places(text: &str) -> Result<BTreeMap<String, u64>, Problem> {
    let place = |part: &str| {
        let (id, seq) = part.split_once(':')?;
        let is_id = (1..=63).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let is_number = (1..=18).contains(&seq.len()) && seq.bytes().all(|b| b.is_ascii_digit());
        Some((id.to_owned(), seq.parse().ok().filter(|_| is_id && is_number)?))
    };
    let fault = || Problem::new(Kind::Malformed, "`after` must look like `ID:NUMBER,ID:NUMBER`");
    if text.split(',').count() > MOST {
        return Err(fault());
    }
    text.split(',').map(|part| place(part).ok_or_else(fault)).collect()
}

/// An engagement that a connection follows.
struct Followed {
    at: Head,
    watcher: Watcher,
    /// Whether its journal may have grown.
    behind: bool,
}

/// A connection: it reads journals where the reader has got to, so that a slow one holds no queue.
struct Connection {
    app: App,
    ticket: Ticket,
    after: BTreeMap<String, u64>,
    followed: BTreeMap<String, Followed>,
    /// Whether the engagements at the time of the connection are followed.
    opened: bool,
    /// When the connection was opened.
    since: Time,
    socket: WebSocket,
}

async fn follow(app: App, ticket: Ticket, after: BTreeMap<String, u64>, socket: WebSocket) {
    let (followed, since) = (BTreeMap::new(), Time(app.ports().clock.wall()));
    let mut connection = Connection { app, ticket, after, followed, opened: false, since, socket };
    let reason = connection.run().await.err().unwrap_or(close_code::NORMAL);
    let frame = CloseFrame { code: reason, reason: "".into() };
    let _ = connection.socket.send(Message::Close(Some(frame))).await;
}

/// Why a connection ends, as a close code.
type Ends = u16;

impl Connection {
    async fn run(&mut self) -> Result<(), Ends> {
        let mut checked = None::<Instant>;
        loop {
            if self.app.ports().wakes.stops() {
                return Err(close_code::RESTART);
            }
            if checked.is_none_or(|checked| checked.elapsed() >= RECHECK) {
                self.recheck().await?;
                checked = Some(Instant::now());
            }
            self.pass_on().await?;
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                heard = self.socket.recv() => match heard {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                    // Nothing that a reader says matters.
                    Some(Ok(_)) => {}
                },
            }
        }
    }

    /// Follows new engagements, and no longer those that the person may not see any more.
    async fn recheck(&mut self) -> Result<(), Ends> {
        let mut seen = Vec::new();
        match self.ticket.projects.clone() {
            Some(ids) => {
                for id in ids {
                    let sees = sees(&self.app, &self.ticket.person, &id).await;
                    if sees.unwrap_or_else(|| self.followed.contains_key(&id)) {
                        seen.push((id, u64::MAX));
                    }
                }
            }
            None => {
                let found = rows(&self.app, &self.ticket.person, Which::All).await;
                let mut found = found.map_err(|_| close_code::ERROR)?;
                found.reverse();
                let live = found.into_iter().filter(|row| {
                    row.end.is_none()
                        || row.created >= self.since
                        || self.followed.contains_key(&row.id)
                });
                seen.extend(live.take(MOST).map(|row| (row.id, row.as_of)));
            }
        }
        let gone: Vec<String> = self
            .followed
            .keys()
            .filter(|id| !seen.iter().any(|(s, _)| s == *id))
            .cloned()
            .collect();
        for id in gone {
            // Whoever may see it again continues there.
            if let Some(followed) = self.followed.remove(&id) {
                self.after.insert(id.clone(), followed.at.seq);
            }
            self.send(json!({ "project": id, "gone": true })).await?;
        }
        for (id, as_of) in seen {
            if let Some(followed) = self.followed.get_mut(&id) {
                followed.behind |= as_of > followed.at.seq;
                continue;
            }
            let journal = &self.app.ports().journal;
            let end = journal.head(&id).await.map_err(|_| close_code::ERROR)?;
            let Some(end) = end else { continue };
            let at = match self.after.remove(&id).filter(|seq| *seq <= end.seq) {
                Some(seq) => journal.head_at(&id, seq).await.map_err(|_| close_code::ERROR)?,
                None => None,
            };
            let watcher = self.app.ports().changes.watch(&id);
            // What starts while the connection is open is shown from its beginning.
            let at = at.unwrap_or(if self.opened { Head::default() } else { end });
            self.followed.insert(id, Followed { at, watcher, behind: true });
        }
        self.opened = true;
        Ok(())
    }

    /// Sends what is new.
    async fn pass_on(&mut self) -> Result<(), Ends> {
        let ids: Vec<String> = self.followed.keys().cloned().collect();
        for id in ids {
            while let Some(followed) = self.followed.get_mut(&id) {
                let words = followed.watcher.words.try_recv();
                match words {
                    Ok(words) => {
                        let mut message = json!(words);
                        message["project"] = id.clone().into();
                        self.send(message).await?;
                    }
                    Err(TryRecvError::Lagged(_)) => {}
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            let Some(followed) = self.followed.get_mut(&id) else { continue };
            // What another process writes is noticed when rights are checked again.
            let grown = followed.watcher.grown.has_changed().unwrap_or(false);
            if grown || std::mem::take(&mut followed.behind) {
                followed.watcher.grown.mark_unchanged();
                self.entries(&id).await?;
            }
        }
        Ok(())
    }

    async fn entries(&mut self, id: &str) -> Result<(), Ends> {
        loop {
            let Some(at) = self.followed.get(id).map(|followed| followed.at.clone()) else {
                return Ok(());
            };
            let ports = self.app.ports();
            let read = ports.journal.read(id, &at, PAGE).await.map_err(|_| close_code::ERROR)?;
            if read.is_empty() {
                return Ok(());
            }
            for entry in read {
                let payload = content(&*self.app.ports().blobs, id, &entry).await;
                let payload = payload.map_err(|_| close_code::ERROR)?;
                let at = Head { seq: entry.seq, hash: entry.hash.clone() };
                let mut message = json!(JournalEvent::new(entry, payload));
                message["project"] = id.into();
                self.send(message).await?;
                if let Some(followed) = self.followed.get_mut(id) {
                    followed.at = at;
                }
            }
        }
    }

    async fn send(&mut self, message: Value) -> Result<(), Ends> {
        let sent = self.socket.send(Message::Text(message.to_string().into())).await;
        sent.map_err(|_| close_code::AWAY)
    }
}
