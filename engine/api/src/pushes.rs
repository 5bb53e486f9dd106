//! Live events where a gateway keeps the WebSockets: each is one message, sent by whichever process
//! learns of the change. A reader may get an entry twice, and never misses one.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::clock::Clock;
use cloudcrew_ports::connection::{Connection, Connections, Follower, Gateway, Place, Sent};
use cloudcrew_ports::index::Index;
use cloudcrew_ports::journal::Journal;
use cloudcrew_ports::pass::Passes;
use cloudcrew_runtime::engagement::{Engagement, EngagementError, Record};
use cloudcrew_views::api::LiveText;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::changes::{self, Shown};
use crate::people::{Right, may};
use crate::roll::called;
use crate::routes::socket::{self, named, places};
use crate::store::Kept;
use crate::tickets::Ticket;

/// How long the gateway keeps a connection open, in milliseconds: 2 hours.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
const LASTS: i64 = 2 * 3600 * 1000;
/// Maximum bytes of a message, below the gateway's 128 KiB.
const MESSAGE: usize = 120 * 1024;
/// Connections to send to at once.
const TOGETHER: usize = 16;
/// Entries that a reader may lack before another process has to send them.
const FAR: u64 = 200;
/// Time that a connection may take to open, in milliseconds: until then, the gateway refuses
/// messages as if it were closed.
const OPENS: i64 = 5_000;
/// How often to try meanwhile, in milliseconds.
const AGAIN: u64 = 100;

/// What live events need.
#[derive(Clone)]
pub struct Pushes {
    /// Journals.
    pub journal: Arc<dyn Journal>,
    /// Blobs.
    pub blobs: Arc<dyn Blobs>,
    /// The index.
    pub index: Arc<dyn Index>,
    /// Tickets.
    pub passes: Arc<dyn Passes>,
    /// The connections.
    pub connections: Arc<dyn Connections>,
    /// Whoever keeps them open.
    pub gateway: Arc<dyn Gateway>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The engagements that were read lately.
    pub kept: Arc<Kept>,
}

/// A message on its way.
type Sending<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// What a connection follows.
#[derive(Serialize, Deserialize)]
struct Opens {
    #[serde(flatten)]
    ticket: Ticket,
    /// Where the reader continues, by engagement.
    after: BTreeMap<String, u64>,
}

impl Opens {
    fn of(connection: &Connection) -> Result<Opens, EngagementError> {
        let read = serde_json::from_str(&connection.value);
        read.map_err(|error| {
            let (what, why) = (format!("connection {}", connection.id), error.to_string());
            StoreError::Damaged { what, why }.into()
        })
    }
}

impl Pushes {
    fn record(&self) -> Record<'_> {
        Record::new(&*self.journal, &*self.blobs)
    }

    /// Lets a connection in with a ticket, which is used up; `after` is that of `/ws`. Returns the
    /// person's name, or `None` when it is not let in.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn admit(
        &self,
        id: &str,
        ticket: &str,
        after: Option<&str>,
    ) -> Result<Option<String>, StoreError> {
        let Ok(after) = after.map(places).transpose() else { return Ok(None) };
        let now = self.clock.wall();
        let Some(ticket) = Ticket::take(&*self.passes, ticket, now).await? else {
            return Ok(None);
        };
        let (person, every) = (ticket.person.name.clone(), ticket.projects.is_none());
        let opens = Opens { ticket, after: after.unwrap_or_default() };
        let value = json!(opens).to_string();
        let (id, until) = (id.to_owned(), now + LASTS);
        self.connections.add(&Connection { id, value, every, opened: now, until }).await?;
        Ok(Some(person))
    }

    /// A connection is open: it follows its engagements, and gets what it missed.
    ///
    /// # Errors
    /// When a store or the gateway fails.
    pub async fn begin(&self, id: &str) -> Result<(), EngagementError> {
        let Some(connection) = self.connections.find(id).await? else { return Ok(()) };
        let opens = Opens::of(&connection)?;
        let ids = match &opens.ticket.projects {
            Some(ids) => ids.clone(),
            None => {
                let roll = called(self.record(), &*self.index, self.clock.now()).await?;
                let live = roll.into_iter().rev().filter(|one| {
                    one.is_for(&opens.ticket.person)
                        && (!one.ended || opens.after.contains_key(&one.id))
                });
                live.take(socket::MOST).map(|one| one.id).collect()
            }
        };
        for project in ids {
            let Some(end) = self.journal.head(&project).await? else { continue };
            let engagement = self.kept.open(self.record(), &project).await?;
            if !may(&opens.ticket.person, &engagement, Right::Read) {
                continue;
            }
            let after = opens.after.get(&project).copied().filter(|after| *after <= end.seq);
            let place = Place { at: after.unwrap_or(end.seq), gone: false };
            self.connections.place(&connection, &project, place).await?;
            // What was written before it had its place.
            let follower = Follower { connection: connection.clone(), place: Some(place) };
            self.follow(&engagement, &follower, u64::MAX).await?;
        }
        Ok(())
    }

    /// A connection was closed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end(&self, id: &str) -> Result<(), StoreError> {
        self.connections.remove(id).await
    }

    /// The journal of an engagement has grown: its readers get what is new. Returns the connections
    /// that lack so much that [`Pushes::catch_up`] must send it.
    ///
    /// # Errors
    /// When a store or the gateway fails.
    pub async fn grown(&self, project: &str) -> Result<Vec<String>, EngagementError> {
        let followers = self.connections.followers(project).await?;
        if followers.is_empty() {
            return Ok(Vec::new());
        }
        let engagement = match self.kept.open(self.record(), project).await {
            // Something else was written before its journal.
            Err(EngagementError::Unknown(_)) => return Ok(Vec::new()),
            opened => opened?,
        };
        let mut far = Vec::new();
        for some in followers.chunks(TOGETHER) {
            let mut sends: Vec<Sending<'_, Option<String>, EngagementError>> = Vec::new();
            for follower in some {
                sends.push(Box::pin(self.follow(&engagement, follower, FAR)));
            }
            for sent in join_all(sends).await {
                far.extend(sent?);
            }
        }
        Ok(far)
    }

    /// Sends one reader all that it lacks of an engagement.
    ///
    /// # Errors
    /// When a store or the gateway fails.
    pub async fn catch_up(&self, id: &str, project: &str) -> Result<(), EngagementError> {
        let followers = self.connections.followers(project).await?;
        let Some(follower) = followers.iter().find(|follower| follower.connection.id == id) else {
            return Ok(());
        };
        let engagement = self.kept.open(self.record(), project).await?;
        self.follow(&engagement, follower, u64::MAX).await.map(drop)
    }

    /// Sends words of a model to followers of an engagement. Whoever has no place in it yet gets
    /// none.
    ///
    /// # Errors
    /// When a store or the gateway fails.
    pub async fn words(
        &self,
        followers: &[Follower],
        project: &str,
        words: &LiveText,
    ) -> Result<(), StoreError> {
        let message = named(project, &json!(words).to_string());
        for some in followers.chunks(TOGETHER) {
            let mut sends: Vec<Sending<'_, Sent, StoreError>> = Vec::new();
            for follower in some {
                if follower.place.is_some_and(|place| !place.gone) {
                    sends.push(self.gateway.send(&follower.connection.id, &message));
                }
            }
            for sent in join_all(sends).await {
                sent?;
            }
        }
        Ok(())
    }

    /// Sends a reader what it may see and lacks. One that lacks more than `most` entries is left
    /// as it is, and its id returned.
    async fn follow(
        &self,
        engagement: &Engagement,
        follower: &Follower,
        most: u64,
    ) -> Result<Option<String>, EngagementError> {
        let Follower { connection, place } = follower;
        let (opens, project) = (Opens::of(connection)?, &engagement.project);
        let is_open = may(&opens.ticket.person, engagement, Right::Read);
        let state = &engagement.state;
        let at = match place {
            Some(place) if !is_open && place.gone => return Ok(None),
            Some(place) if !is_open => {
                let told = json!({ "project": project, "gone": true }).to_string();
                if self.send(connection, project, &told).await? {
                    let gone = Place { gone: true, ..*place };
                    self.connections.place(connection, project, gone).await?;
                }
                return Ok(None);
            }
            Some(place) => place.at,
            None if !is_open => return Ok(None),
            // What had ended before the connection was opened is not followed.
            None if state.end.is_some() && state.times.0 < connection.opened => return Ok(None),
            None => 0,
        };
        if engagement.head.seq.saturating_sub(at) > most {
            return Ok(Some(connection.id.clone()));
        }
        let Some(mut head) = self.journal.head_at(project, at).await? else { return Ok(None) };
        loop {
            let page = changes::page(&*self.journal, &*self.blobs, project, &head).await?;
            let (entries, complete) = page;
            for entry in &entries {
                if !self.send(connection, project, &message(project, entry)).await? {
                    return Ok(None);
                }
            }
            if let Some(last) = entries.last() {
                head = last.head.clone();
                let place = Place { at: head.seq, gone: false };
                self.connections.place(connection, project, place).await?;
            }
            if complete {
                return Ok(None);
            }
        }
    }

    /// Sends a message; returns whether the connection is open. One that is closed is removed.
    async fn send(
        &self,
        connection: &Connection,
        project: &str,
        message: &str,
    ) -> Result<bool, StoreError> {
        loop {
            if self.gateway.send(&connection.id, message).await? == Sent::Yes {
                return Ok(true);
            }
            // It may not be open yet.
            if self.clock.wall() - connection.opened > OPENS {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(AGAIN)).await;
        }
        self.connections.leave(&connection.id, project).await?;
        self.connections.remove(&connection.id).await?;
        Ok(false)
    }
}

/// The message about an entry. One that is too large comes without its event.
fn message(project: &str, entry: &Shown) -> String {
    let whole = named(project, &entry.json);
    if whole.len() <= MESSAGE {
        return whole;
    }
    let mut brief: Value = serde_json::from_str(&whole).unwrap_or_default();
    if let Some(brief) = brief.as_object_mut() {
        brief.shift_remove("event");
    }
    brief.to_string()
}
