//! Live events where a gateway keeps the WebSockets: each is one message, sent by whichever process
//! learns of the change. A reader may get an entry twice, and never misses one.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::clock::Clock;
use cloudcrew_ports::connection::{Connection, Connections, Follower, Gateway, Sent};
use cloudcrew_ports::index::Index;
use cloudcrew_ports::journal::Journal;
use cloudcrew_ports::pass::Passes;
use cloudcrew_runtime::engagement::{Engagement, EngagementError, Record};
use cloudcrew_views::api::LiveText;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::changes::{self, Shown};
use crate::people::{Person, Right, may};
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
/// Time in which a connection opens, in milliseconds, a little more than the 29 seconds that the
/// gateway gives to its functions. Until then, it refuses messages as if it were closed.
const OPENS: i64 = 35_000;
/// How often to try meanwhile.
const AGAIN: Duration = Duration::from_millis(100);
/// How long a process may take to send a reader what it lacks, in milliseconds. Then another one
/// may try.
const CLAIMED: i64 = 120_000;

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
type Sending<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngagementError>> + Send + 'a>>;

/// What a reader asks for.
#[derive(Serialize, Deserialize)]
struct Asks {
    /// The engagements to follow; `None` for all that the reader may see.
    projects: Option<Vec<String>>,
    /// Where the reader continues, by engagement.
    after: BTreeMap<String, u64>,
}

/// An engagement, as a reader of it is concerned.
#[derive(Debug, Clone, Copy)]
struct Seen {
    /// Whether the reader may see it.
    open: bool,
    /// The last entry for which that was decided.
    end: u64,
    /// Whether it has ended.
    ended: bool,
    /// When it began, in milliseconds since 1970 UTC.
    began: i64,
}

impl Seen {
    fn by(reader: &Person, engagement: &Engagement) -> Seen {
        Seen {
            open: may(reader, engagement, Right::Read),
            end: engagement.head.seq,
            ended: engagement.state.end.is_some(),
            began: engagement.state.times.0,
        }
    }
}

/// What became of an attempt to send a reader what it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// The reader has everything.
    Complete,
    /// The reader lacks more than this process sends, or its connection is not open yet.
    Later,
}

/// Who reads.
fn reader(connection: &Connection) -> Result<Person, EngagementError> {
    read(&connection.id, &connection.reader)
}

fn read<T: serde::de::DeserializeOwned>(id: &str, text: &str) -> Result<T, EngagementError> {
    serde_json::from_str(text).map_err(|error| {
        StoreError::Damaged { what: format!("connection {id}"), why: error.to_string() }.into()
    })
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
        let Ticket { person, projects } = ticket;
        let asks = json!(Asks { projects, after: after.unwrap_or_default() }).to_string();
        let (id, reader, until) = (id.to_owned(), json!(person).to_string(), now + LASTS);
        let connection = Connection { id, reader, opened: now, until };
        self.connections.add(&connection, &asks).await?;
        Ok(Some(person.name))
    }

    /// A connection opens: it follows its engagements, and gets what it missed. May be repeated.
    ///
    /// # Errors
    /// The first one, after all engagements were tried.
    pub async fn begin(&self, id: &str) -> Result<(), EngagementError> {
        let Some((connection, asks)) = self.connections.find(id).await? else { return Ok(()) };
        let (person, asks) = (reader(&connection)?, read::<Asks>(id, &asks)?);
        let ids = match &asks.projects {
            Some(ids) => ids.clone(),
            None => {
                let roll = called(self.record(), &*self.index, self.clock.now()).await?;
                let live = roll.into_iter().rev().filter(|one| {
                    one.is_for(&person) && (!one.ended || asks.after.contains_key(&one.id))
                });
                live.take(socket::MOST).map(|one| one.id).collect()
            }
        };
        let mut begun = Ok(());
        for project in ids {
            let after = asks.after.get(&project).copied();
            begun = begun.and(self.begin_one(&connection, &project, after).await);
        }
        if asks.projects.is_none() {
            self.connections.follow_all(&connection).await?;
        }
        begun
    }

    async fn begin_one(
        &self,
        connection: &Connection,
        project: &str,
        after: Option<u64>,
    ) -> Result<(), EngagementError> {
        let follower = Follower { connection: connection.clone(), place: None };
        let seen = match self.seen(project, &[follower]).await {
            Err(EngagementError::Unknown(_)) => return Ok(()),
            seen => seen?,
        };
        let Some(seen) = seen.first().filter(|seen| seen.open) else { return Ok(()) };
        let at = after.filter(|after| *after <= seen.end).unwrap_or(seen.end);
        self.connections.follow(connection, project, at).await?;
        self.catch_up(&connection.id, project).await
    }

    /// A connection was closed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end(&self, id: &str) -> Result<(), StoreError> {
        self.connections.remove(id).await
    }

    /// The journal of an engagement has grown: its readers get what is new. Returns the connections
    /// to which [`Pushes::catch_up`] must send it, because they lack much, are not open yet, or
    /// could not be reached. Meanwhile, no other process is asked to.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn grown(&self, project: &str) -> Result<Vec<String>, EngagementError> {
        let followers = self.connections.followers(project).await?;
        if followers.is_empty() {
            return Ok(Vec::new());
        }
        // Rights are decided before anything is sent: sending may take long.
        let seen = match self.seen(project, &followers).await {
            // Something else was written before its journal.
            Err(EngagementError::Unknown(_)) => return Ok(Vec::new()),
            seen => seen?,
        };
        let (mut late, pairs) = (Vec::new(), followers.iter().zip(seen));
        for some in pairs.collect::<Vec<_>>().chunks(TOGETHER) {
            let mut sends: Vec<Sending<'_, Delivery>> = Vec::new();
            for (follower, seen) in some {
                sends.push(Box::pin(self.deliver(follower, project, *seen, FAR)));
            }
            for (delivery, (follower, _)) in join_all(sends).await.into_iter().zip(some) {
                match delivery {
                    Ok(Delivery::Complete) => continue,
                    Ok(Delivery::Later) => {}
                    Err(error) => tracing::warn!(project, "a reader cannot be reached: {error}"),
                }
                let (id, now) = (&follower.connection.id, self.clock.wall());
                if self.connections.claim(id, project, now, now + CLAIMED).await? {
                    late.push(id.clone());
                }
            }
        }
        Ok(late)
    }

    /// Sends one reader all that it lacks of an engagement. A connection that does not take it is
    /// closed: its reader connects again, and continues where it was.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn catch_up(&self, id: &str, project: &str) -> Result<(), EngagementError> {
        loop {
            let Some(follower) = self.connections.follower(id, project).await? else {
                return Ok(());
            };
            let seen = self.seen(project, std::slice::from_ref(&follower)).await?;
            let Some(seen) = seen.first() else { return Ok(()) };
            let is_opening = self.clock.wall() - follower.connection.opened <= OPENS;
            match self.deliver(&follower, project, *seen, u64::MAX).await {
                Ok(Delivery::Later) if is_opening => tokio::time::sleep(AGAIN).await,
                Ok(_) => return Ok(()),
                Err(error) => {
                    self.gateway.close(id).await?;
                    self.forget(id, project).await?;
                    return Err(error);
                }
            }
        }
    }

    /// Sends words of a model to followers of an engagement. Whoever has no place in it yet gets
    /// none.
    ///
    /// # Errors
    /// When the gateway fails.
    pub async fn words(
        &self,
        followers: &[Follower],
        project: &str,
        words: &LiveText,
    ) -> Result<(), EngagementError> {
        let message = named(project, &json!(words).to_string());
        for some in followers.chunks(TOGETHER) {
            let mut sends: Vec<Sending<'_, Sent>> = Vec::new();
            for follower in some {
                if follower.place.is_some_and(|place| !place.gone) {
                    let (id, message) = (&follower.connection.id, &message);
                    sends.push(Box::pin(async move { Ok(self.gateway.send(id, message).await?) }));
                }
            }
            for sent in join_all(sends).await {
                sent?;
            }
        }
        Ok(())
    }

    /// What each of these readers may see of an engagement, by its journal as it is now.
    async fn seen(
        &self,
        project: &str,
        followers: &[Follower],
    ) -> Result<Vec<Seen>, EngagementError> {
        let engagement = self.kept.open(self.record(), project).await?;
        let seen = |follower: &Follower| Ok(Seen::by(&reader(&follower.connection)?, &engagement));
        followers.iter().map(seen).collect()
    }

    /// Sends a reader what it lacks and was seen to be allowed, unless that is more than `most`
    /// entries.
    async fn deliver(
        &self,
        Follower { connection, place }: &Follower,
        project: &str,
        seen: Seen,
        most: u64,
    ) -> Result<Delivery, EngagementError> {
        let id = &connection.id;
        let at = match place {
            Some(place) if !seen.open => {
                let told = json!({ "project": project, "gone": true }).to_string();
                if !place.gone && self.send(connection, project, &told).await? {
                    self.connections.told(id, project, true).await?;
                }
                return Ok(Delivery::Complete);
            }
            None if !seen.open => return Ok(Delivery::Complete),
            // What had ended before the connection was opened is not followed.
            None if seen.ended && seen.began < connection.opened => return Ok(Delivery::Complete),
            Some(place) => {
                if place.gone {
                    self.connections.told(id, project, false).await?;
                }
                place.at
            }
            None => {
                self.connections.follow(connection, project, 0).await?;
                0
            }
        };
        if seen.end.saturating_sub(at) > most {
            return Ok(Delivery::Later);
        }
        let Some(mut head) = self.journal.head_at(project, at).await? else {
            return Ok(Delivery::Complete);
        };
        while head.seq < seen.end {
            let (page, _) = changes::page(&*self.journal, &*self.blobs, project, &head).await?;
            let Some(last) = page.last() else { break };
            let next = last.head.clone();
            for entry in page.iter().filter(|entry| entry.head.seq <= seen.end) {
                if !self.send(connection, project, &message(project, entry)).await? {
                    return Ok(Delivery::Later);
                }
                head = entry.head.clone();
            }
            self.connections.sent(connection, project, head.seq).await?;
            if next.seq > head.seq {
                break;
            }
        }
        Ok(Delivery::Complete)
    }

    /// Sends a message; returns whether the connection took it. One that is closed is forgotten,
    /// unless it may not be open yet.
    async fn send(
        &self,
        connection: &Connection,
        project: &str,
        message: &str,
    ) -> Result<bool, StoreError> {
        if self.gateway.send(&connection.id, message).await? == Sent::Yes {
            return Ok(true);
        }
        if self.clock.wall() - connection.opened > OPENS {
            self.forget(&connection.id, project).await?;
        }
        Ok(false)
    }

    async fn forget(&self, id: &str, project: &str) -> Result<(), StoreError> {
        self.connections.leave(id, project).await?;
        self.connections.remove(id).await
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
