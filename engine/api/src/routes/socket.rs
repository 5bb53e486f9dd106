//! Live events of several engagements over one WebSocket.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts as _, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use cloudcrew_ports::journal::Head;
use cloudcrew_runtime::engagement::EngagementError;
use cloudcrew_views::api::{LiveText, Time};
use futures_util::future::select_all;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::broadcast::error::TryRecvError;
use utoipa::{IntoParams, ToSchema};

use super::refusals::{OfCaller, OfWriter};
use crate::access::{Caller, unknown_caller};
use crate::app::App;
use crate::body::{Asked, Body};
use crate::changes::Watcher;
use crate::people::{Person, Right, may};
use crate::problem::{Kind, Problem};
use crate::tickets::Ticket;

/// Maximum number of engagements to name.
pub(crate) const MOST: usize = 100;
/// How often to look whether the service stops, or another process wrote.
const TICK: Duration = Duration::from_millis(200);
/// Pieces of live text to pass on before entries are looked for again.
const WORDS: usize = 64;
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
        (status = 501, body = Problem, content_type = "application/problem+json"),
        OfWriter))]
pub(crate) async fn ticket(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(NewTicket { projects }): Body<NewTicket>,
) -> Result<(StatusCode, Json<TicketReply>), Problem> {
    app.is_live()?;
    let projects = match projects {
        Projects::All(All::All) => None,
        Projects::These(ids) if ids.len() > MOST => {
            return Err(Problem::new(Kind::Invalid, format!("at most {MOST} engagements")));
        }
        Projects::These(ids) => {
            for id in &ids {
                if !sees(&app, &caller, id, None).await.unwrap_or(false) {
                    return Err(Problem::hidden(id));
                }
            }
            Some(ids)
        }
    };
    let secret = (app.ports().secret)();
    let now = app.ports().clock.wall();
    let until = Ticket { person: caller, projects }.add(app.passes(), &secret, now).await?;
    Ok((StatusCode::CREATED, Json(TicketReply { ticket: secret, expires: Time(until) })))
}

/// Whether a person may see an engagement, by its journal up to this head at least, or now; `None`
/// when that cannot be said at the moment.
async fn sees(app: &App, person: &Person, project: &str, head: Option<&Head>) -> Option<bool> {
    match app.kept().open_at(app.record(), project, head).await {
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
///
/// Where `/config.json` names a URL, connect there instead, with the same parameters. There, an
/// entry may come twice (ignore numbers that you have seen), one of more than 120 KiB comes without
/// its `event`, and a connection ends after two hours, or ten minutes without a message in either
/// direction. Reconnect with `after`.
#[utoipa::path(get, path = "/ws",
    operation_id = "connect", tag = "engagements", security(()),
    params(Connect),
    responses(
        (status = 101, description = "Switching to WebSocket"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
        (status = 426, body = Problem, content_type = "application/problem+json"),
        (status = 501, body = Problem, content_type = "application/problem+json"), OfCaller))]
pub(crate) async fn connect(
    State(app): State<App>,
    Asked(Connect { ticket, after }): Asked<Connect>,
    mut parts: Parts,
) -> Result<Response, Problem> {
    app.stays_open()?;
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
    let ticket = Ticket::take(app.passes(), &ticket, now).await?.ok_or_else(unknown_caller)?;
    Ok(upgrade.max_message_size(4096).on_upgrade(move |socket| async move {
        follow(app, ticket, after, socket).await;
        drop(open);
    }))
}

/// Reads `ID:NUMBER,ID:NUMBER`.
pub(crate) fn places(text: &str) -> Result<BTreeMap<String, u64>, Problem> {
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
    /// Words that were heard and not yet passed on.
    words: Option<LiveText>,
    /// Whether its journal may have grown.
    behind: bool,
}

impl Followed {
    /// Waits until something happens.
    async fn hear(&mut self) {
        tokio::select! {
            _ = self.watcher.grown.changed() => self.behind = true,
            words = self.watcher.words.recv() => self.words = words.ok(),
        }
    }

    /// The next words.
    fn next_words(&mut self) -> Option<LiveText> {
        self.words.take().or_else(|| {
            loop {
                match self.watcher.words.try_recv() {
                    // A slow reader misses words, never entries.
                    Err(TryRecvError::Lagged(_)) => {}
                    words => return words.ok(),
                }
            }
        })
    }
}

/// Waits until something happens in one of these engagements.
async fn any(followed: &mut BTreeMap<String, Followed>) {
    let hear = followed.values_mut().map(|one| Box::pin(one.hear()));
    let hear: Vec<_> = hear.collect();
    match hear.is_empty() {
        true => std::future::pending().await,
        false => drop(select_all(hear).await),
    }
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
                () = any(&mut self.followed) => {}
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
                // Whoever follows one loses it by an entry of its journal.
                seen.extend(ids.into_iter().map(|id| (id, u64::MAX)));
            }
            None => {
                let roll = self.app.roll().call(&self.app).await;
                let roll = roll.map_err(|_| close_code::ERROR)?;
                let live = roll.iter().rev().filter(|one| {
                    one.is_for(&self.ticket.person)
                        && (!one.ended
                            || one.created >= self.since
                            || self.followed.contains_key(&one.id))
                });
                seen.extend(live.take(MOST).map(|one| (one.id.clone(), one.as_of)));
            }
        }
        let gone: Vec<String> = self
            .followed
            .keys()
            .filter(|id| !seen.iter().any(|(s, _)| s == *id))
            .cloned()
            .collect();
        for id in gone {
            self.forget(&id).await?;
        }
        for (id, as_of) in seen {
            if let Some(followed) = self.followed.get_mut(&id) {
                followed.behind |= as_of > followed.at.seq;
                continue;
            }
            let journal = &self.app.ports().journal;
            let watcher = self.app.ports().changes.watch(&id);
            let end = journal.head(&id).await.map_err(|_| close_code::ERROR)?;
            let Some(end) = end else { continue };
            // Checked after the place is known, so that no entry is between the two.
            if sees(&self.app, &self.ticket.person, &id, None).await != Some(true) {
                continue;
            }
            let at = match self.after.remove(&id).filter(|seq| *seq <= end.seq) {
                Some(seq) => journal.head_at(&id, seq).await.map_err(|_| close_code::ERROR)?,
                None => None,
            };
            // What starts while the connection is open is shown from its beginning.
            let at = at.unwrap_or(if self.opened { Head::default() } else { end });
            self.followed.insert(id, Followed { at, watcher, words: None, behind: true });
        }
        self.opened = true;
        Ok(())
    }

    /// Stops to follow an engagement.
    async fn forget(&mut self, id: &str) -> Result<(), Ends> {
        // Whoever may see it again continues there.
        if let Some(followed) = self.followed.remove(id) {
            self.after.insert(id.to_owned(), followed.at.seq);
        }
        self.send(json!({ "project": id, "gone": true }).to_string()).await
    }

    /// Sends what is new.
    async fn pass_on(&mut self) -> Result<(), Ends> {
        let ids: Vec<String> = self.followed.keys().cloned().collect();
        for id in ids {
            let Some(followed) = self.followed.get_mut(&id) else { continue };
            // What another process writes is noticed when the list is read again.
            let grown = followed.watcher.grown.has_changed().unwrap_or(false);
            if grown || std::mem::take(&mut followed.behind) {
                self.entries(&id).await?;
            }
            for _ in 0..WORDS {
                let words = self.followed.get_mut(&id).and_then(Followed::next_words);
                let Some(words) = words else { break };
                self.send(named(&id, &json!(words).to_string())).await?;
            }
        }
        Ok(())
    }

    async fn entries(&mut self, id: &str) -> Result<(), Ends> {
        loop {
            let Some(followed) = self.followed.get_mut(id) else { return Ok(()) };
            let (ports, at) = (self.app.ports(), followed.at.clone());
            let read = followed.watcher.read(&*ports.journal, &*ports.blobs, &at).await;
            let read = read.map_err(|_| close_code::ERROR)?;
            if read.is_empty() {
                return Ok(());
            }
            let (mut checked, mut concern) =
                (Instant::now(), read.iter().rev().find(|entry| entry.concerns_rights));
            for entry in read.iter() {
                // Entries of which the reader takes long are sent only to whoever may still see it.
                let old = checked.elapsed() >= RECHECK;
                let head = concern.take().map(|entry| &entry.head);
                if head.is_some() || old {
                    match sees(&self.app, &self.ticket.person, id, head).await {
                        Some(true) => checked = Instant::now(),
                        Some(false) => return self.forget(id).await,
                        None => return Err(close_code::ERROR),
                    }
                }
                self.send(named(id, &entry.json)).await?;
                if let Some(followed) = self.followed.get_mut(id) {
                    followed.at = entry.head.clone();
                }
            }
        }
    }

    async fn send(&mut self, message: String) -> Result<(), Ends> {
        let sent = self.socket.send(Message::Text(message.into())).await;
        sent.map_err(|_| close_code::AWAY)
    }
}

/// The JSON of an object, with the engagement that it belongs to.
pub(crate) fn named(project: &str, object: &str) -> String {
    let rest = object.strip_prefix('{').unwrap_or_default();
    format!("{{\"project\":{},{rest}", json!(project))
}
