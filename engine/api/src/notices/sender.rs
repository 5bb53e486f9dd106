//! Sends what a channel has not sent yet, again and again until it is done.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::clock::Clock;
use cloudcrew_ports::journal::{Head, Journal};
use cloudcrew_ports::outbox::{Behind, Outbox};
use cloudcrew_runtime::engagement::{
    EngagementError, Event, Record, Request, Standing, content, open,
};

use super::notice::{Kind, Notice};
use super::people::Reader;

/// Engagements to look at, at once.
const PAGE: usize = 100;
/// Entries to read at once.
const ENTRIES: usize = 200;
/// Maximum number of notifications in one mail.
const MOST: usize = 100;
/// How long to wait after a failure, doubled with each one in a row.
const PAUSE: i64 = 2_000;
/// The longest such time, in milliseconds.
const LONGEST: i64 = 900_000;
/// Added to [`GIVEN_UP`] where the first failure was not seen, because the process is new, and the
/// age of a notification counts instead, in milliseconds: 1 day, which a digest may wait.
const SPARE: i64 = 24 * 3600 * 1000;
/// After this time, a notification that cannot be sent is given up, in milliseconds: 3 days.
const GIVEN_UP: i64 = 3 * 24 * 3600 * 1000;

/// How notifications leave the service.
#[async_trait]
pub trait Sends: Send + Sync {
    /// Sends notifications of one engagement together. A channel for programs gets one at a time.
    async fn send(&self, notices: &[Notice]) -> Result<(), Failed>;

    /// Number of notifications that can be sent together.
    fn together(&self) -> usize {
        1
    }
}

/// Why something was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// It may work later.
    Later(String),
    /// The receiver does not want it.
    Never(String),
}

/// Where notifications go.
pub struct Channel {
    /// Its name, under which its progress is kept.
    pub name: String,
    /// What it wants to know; everything when empty.
    pub on: Vec<Kind>,
    /// The person that it belongs to; without one, it gets everything.
    pub reader: Option<Reader>,
    /// How it sends.
    pub sends: Box<dyn Sends>,
}

/// What is done with notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// They are sent.
    Send,
    /// It is only found out whether there are any.
    Look,
}

/// Sends notifications of one channel.
pub struct Sender {
    journal: Arc<dyn Journal>,
    blobs: Arc<dyn Blobs>,
    outbox: Arc<dyn Outbox>,
    clock: Arc<dyn Clock>,
    channel: Channel,
    /// Engagements that wait: since when the first try failed, how often, and until when.
    waits: HashMap<String, (i64, u32, i64)>,
    /// Engagements that could not be read, and until when they are left alone.
    unread: HashMap<String, i64>,
    /// Engagements of which the person wants to hear later, and when.
    quiet: HashMap<String, i64>,
    /// Tells the operator what went wrong.
    note: fn(&str),
}

impl Sender {
    /// A sender, which begins with what happens from now on if its channel is new.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new(
        (journal, blobs): (Arc<dyn Journal>, Arc<dyn Blobs>),
        outbox: Arc<dyn Outbox>,
        clock: Arc<dyn Clock>,
        channel: Channel,
        note: fn(&str),
    ) -> Result<Sender, StoreError> {
        outbox.add(&channel.name).await?;
        let (waits, unread, quiet) = (HashMap::new(), HashMap::new(), HashMap::new());
        Ok(Sender { journal, blobs, outbox, clock, channel, waits, unread, quiet, note })
    }

    /// Sends what is due, forever. `every` is how often to look.
    pub async fn run(mut self, every: Duration) {
        loop {
            if let Err(error) = self.once().await {
                (self.note)(&format!("notifications to {}: {error}", self.channel.name));
            }
            tokio::time::sleep(every).await;
        }
    }

    /// Sends what is due now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn once(&mut self) -> Result<(), EngagementError> {
        let mut after = None::<String>;
        loop {
            let page = self.outbox.behind(&self.channel.name, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.engagement.clone());
            let now = self.clock.wall();
            let mut done = Vec::new();
            for behind in page {
                if self.rests(&behind.engagement).is_some_and(|until| until > now) {
                    continue;
                }
                done.extend(self.moved(behind, now, Doing::Send).await.0);
            }
            if !done.is_empty() {
                self.outbox.done(&self.channel.name, &done).await?;
            }
        }
    }

    /// Sends what is due now of one engagement. Returns when to try again, in milliseconds since
    /// 1970 UTC, if something is left to send.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(&mut self, project: &str) -> Result<Option<i64>, StoreError> {
        let now = self.clock.wall();
        let Some(behind) = self.outbox.behind_in(&self.channel.name, project).await? else {
            return Ok(None);
        };
        if let Some(until) = self.rests(project).filter(|until| *until > now) {
            return Ok(Some(until));
        }
        let (moved, _) = self.moved(behind, now, Doing::Send).await;
        self.outbox.done(&self.channel.name, moved.as_slice()).await?;
        Ok(self.rests(project))
    }

    /// Whether an engagement has notifications to send or to schedule. Sends nothing, and is done
    /// with entries about which there is nothing to say.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn has_news(&mut self, project: &str) -> Result<bool, StoreError> {
        let now = self.clock.wall();
        let Some(behind) = self.outbox.behind_in(&self.channel.name, project).await? else {
            return Ok(false);
        };
        if self.rests(project).is_some_and(|until| until > now) {
            return Ok(false);
        }
        let (moved, found) = self.moved(behind, now, Doing::Look).await;
        self.outbox.done(&self.channel.name, moved.as_slice()).await?;
        Ok(found)
    }

    /// Until when an engagement is left alone.
    fn rests(&self, project: &str) -> Option<i64> {
        let waits = self.waits.get(project).map(|(_, _, until)| *until);
        let others = [self.unread.get(project), self.quiet.get(project)];
        others.into_iter().flatten().copied().chain(waits).max()
    }

    /// Sends what is due of an engagement; returns how far it is done, if that is further, and
    /// whether there is something to send that it has only looked for. An engagement that cannot be
    /// read keeps no other waiting.
    async fn moved(&mut self, behind: Behind, now: i64, doing: Doing) -> (Option<Behind>, bool) {
        let project = &behind.engagement;
        self.unread.remove(project);
        self.quiet.remove(project);
        match self.engagement(&behind, now, doing).await {
            Ok((upto, found)) => {
                let is_further = upto > behind.after;
                (is_further.then_some(Behind { after: upto, ..behind }), found)
            }
            Err(error) => {
                (self.note)(&format!("{project}: {error}"));
                self.unread.insert(project.clone(), now + LONGEST);
                (None, false)
            }
        }
    }

    /// Sends what is due of one engagement; returns the entry up to which it is done, and what was
    /// found as for [`Sender::moved`].
    async fn engagement(
        &mut self,
        behind: &Behind,
        now: i64,
        doing: Doing,
    ) -> Result<(u64, bool), EngagementError> {
        let project = &behind.engagement;
        let standing = behind.standing.as_deref();
        let standing = standing.and_then(|text| serde_json::from_str::<Standing>(text).ok());
        let mut standing = standing.filter(|standing| !standing.partial);
        let mut head = match self.journal.head_at(project, behind.after).await? {
            Some(head) => head,
            None => return Ok((behind.after, false)),
        };
        let (mut upto, mut ready, mut rehearses) = (behind.after, Vec::new(), None);
        loop {
            let page = self.journal.read(project, &head, ENTRIES).await?;
            let Some(last) = page.last() else { break };
            head = Head { seq: last.seq, hash: last.hash.clone() };
            for entry in page {
                let payload = content(&*self.blobs, project, &entry).await?;
                let event = serde_json::from_value::<Event>(payload).ok();
                let notice =
                    event.and_then(|event| Notice::of(project, entry.seq, entry.at, &event));
                let wanted = match notice {
                    Some(notice) => self.wanted(notice, &mut standing).await?,
                    None => None,
                };
                if let Some(mut notice) = wanted {
                    let later = |reader: &Reader| reader.later(notice.at.0, now);
                    let later = self.channel.reader.as_ref().and_then(later);
                    if let Some(until) = later {
                        self.quiet.insert(project.clone(), until);
                    }
                    if doing == Doing::Look {
                        return Ok((upto, true));
                    }
                    if later.is_some() {
                        return Ok((self.send(project, ready, upto, now).await, false));
                    }
                    let rehearses = match rehearses {
                        Some(known) => known,
                        None => *rehearses.insert(self.rehearses(project).await?),
                    };
                    if rehearses {
                        notice = notice.rehearsed();
                    }
                    ready.push(notice);
                    if ready.len() >= self.channel.sends.together().min(MOST) {
                        let sent = self.send(project, std::mem::take(&mut ready), upto, now).await;
                        if sent < entry.seq {
                            return Ok((sent, false));
                        }
                        upto = sent;
                    }
                } else if ready.is_empty() {
                    upto = entry.seq;
                }
            }
        }
        if ready.is_empty() {
            return Ok((upto, false));
        }
        let sent = self.send(project, ready, upto, now).await;
        Ok((if sent > upto { head.seq } else { sent }, false))
    }

    /// Whether an engagement is a rehearsal, by its first entry.
    async fn rehearses(&self, project: &str) -> Result<bool, EngagementError> {
        let first = self.journal.read(project, &Head::default(), 1).await?;
        let Some(first) = first.first() else { return Ok(false) };
        let started = content(&*self.blobs, project, first).await?;
        let started = serde_json::from_value::<Event>(started);
        Ok(matches!(started, Ok(Event::Started(started)) if started.voice.is_rehearsal()))
    }

    /// Sends notifications; returns the entry of the last one, or `before` when they must be sent
    /// again.
    async fn send(&mut self, project: &str, ready: Vec<Notice>, before: u64, now: i64) -> u64 {
        let Some(last) = ready.last().map(|notice| notice.seq) else { return before };
        let failed = match self.channel.sends.send(&ready).await {
            Ok(()) => {
                self.waits.remove(project);
                return last;
            }
            Err(failed) => failed,
        };
        let since = self.failed(project, now);
        let oldest = ready.first().map_or(now, |notice| notice.at.0);
        let why = match failed {
            // A process that is new has not seen the first failure.
            Failed::Later(why) if now - since < GIVEN_UP && now - oldest < GIVEN_UP + SPARE => {
                (self.note)(&format!("{}: not sent yet: {why}", self.channel.name));
                return before;
            }
            Failed::Later(why) | Failed::Never(why) => why,
        };
        self.waits.remove(project);
        (self.note)(&format!("{}: gave up on {project} entry {last}: {why}", self.channel.name));
        last
    }

    /// Notes a failure; returns when the first one in a row was.
    fn failed(&mut self, project: &str, now: i64) -> i64 {
        let (since, times, _) = self.waits.get(project).copied().unwrap_or((now, 0, 0));
        let pause = PAUSE.saturating_mul(1 << times.min(20)).min(LONGEST);
        self.waits.insert(project.to_owned(), (since, times + 1, now + pause));
        since
    }

    /// A notification, if it is for this channel. A person's roles are read from the journal when
    /// the index does not have them.
    async fn wanted(
        &self,
        mut notice: Notice,
        standing: &mut Option<Standing>,
    ) -> Result<Option<Notice>, EngagementError> {
        let channel = &self.channel;
        if !channel.on.is_empty() && !channel.on.contains(&notice.kind) {
            return Ok(None);
        }
        let Some(reader) = &channel.reader else { return Ok(Some(notice)) };
        if standing.is_none() {
            let record = Record::new(&*self.journal, &*self.blobs);
            *standing = Some(Standing::of(&open(record, &notice.project).await?.state));
        }
        // A reminder or an escalation concerns whoever the request asks now.
        let requests = standing.iter().flat_map(|standing| &standing.requests);
        let of = |request: &&Request| Some(&request.id) == notice.request.as_ref();
        if let Some(request) = requests.into_iter().find(of) {
            notice.groups = request.groups().into_iter().map(str::to_owned).collect();
        }
        Ok(reader.concerns(&notice, standing.as_ref()).then_some(notice))
    }
}
