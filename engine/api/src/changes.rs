//! What the readers of an engagement share: hints that its journal has grown, words while a model
//! speaks, and the newest entries, read and written as JSON once for all of them. The journal is
//! the truth: a reader that misses a hint reads the same entries a little later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::journal::{Head, Journal};
use cloudcrew_runtime::engagement::{EngagementError, concerns_rights, content};
use cloudcrew_views::api::{JournalEvent, LiveText};
use serde_json::json;
use tokio::sync::{broadcast, watch};

/// Number of pieces of live text that a slow reader may lag behind; after that, it misses some.
const LAG: usize = 256;
/// Maximum entries to read at once.
const PAGE: usize = 100;
/// Bytes of JSON after which a page ends.
const PAGE_BYTES: usize = 256 * 1024;
/// How often the journal is read for entries of other processes.
pub(crate) const POLL: Duration = Duration::from_secs(1);

/// The engagements that someone watches.
#[derive(Debug, Clone, Default)]
pub struct Changes(Arc<Mutex<HashMap<String, Weak<Feed>>>>);

impl Changes {
    /// Starts to watch an engagement.
    pub(crate) fn watch(&self, project: &str) -> Watcher {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(project).and_then(Weak::upgrade);
        let feed = known.unwrap_or_else(|| {
            all.retain(|_, feed| feed.strong_count() > 0);
            let feed = Arc::new(Feed {
                project: project.to_owned(),
                grown: watch::Sender::new(0),
                words: broadcast::Sender::new(LAG),
                newest: tokio::sync::Mutex::default(),
            });
            all.insert(project.to_owned(), Arc::downgrade(&feed));
            feed
        });
        Watcher { grown: feed.grown.subscribe(), words: feed.words.subscribe(), feed }
    }

    /// The journal of an engagement has grown.
    pub fn grown(&self, project: &str) {
        if let Some(feed) = self.feed(project) {
            feed.grown.send_modify(|times| *times += 1);
        }
    }

    /// A model of an engagement speaks.
    pub fn words(&self, project: &str, words: LiveText) {
        if let Some(feed) = self.feed(project) {
            let _ = feed.words.send(words);
        }
    }

    fn feed(&self, project: &str) -> Option<Arc<Feed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(project)?.upgrade()
    }
}

/// What the readers of one engagement share; it ends with the last of them.
#[derive(Debug)]
struct Feed {
    project: String,
    grown: watch::Sender<u64>,
    words: broadcast::Sender<LiveText>,
    newest: tokio::sync::Mutex<Option<Newest>>,
}

/// The newest page that was read.
#[derive(Debug)]
struct Newest {
    after: Head,
    end: Head,
    entries: Entries,
    /// Whether the journal had no more entries.
    complete: bool,
    /// How often the journal had been said to grow before this was read.
    times: u64,
    /// When the journal was read.
    read: Instant,
}

/// Entries of a page, in order.
pub(crate) type Entries = Arc<[Shown]>;

/// An entry as readers receive it.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Its place in the journal.
    pub(crate) head: Head,
    /// What happened.
    pub(crate) kind: String,
    /// The [`JournalEvent`] as JSON.
    pub(crate) json: String,
    /// Whether it may change who may see the engagement.
    pub(crate) concerns_rights: bool,
}

/// A reader of one engagement.
#[derive(Debug)]
pub(crate) struct Watcher {
    feed: Arc<Feed>,
    /// Changes when the journal has grown.
    pub(crate) grown: watch::Receiver<u64>,
    /// Words of models.
    pub(crate) words: broadcast::Receiver<LiveText>,
}

impl Watcher {
    /// Reads the entries after `at`, at most a page. Readers at the same place read the store once,
    /// and readers at the end look for entries of other processes once per [`POLL`] together.
    pub(crate) async fn read(
        &mut self,
        journal: &dyn Journal,
        blobs: &dyn Blobs,
        at: &Head,
    ) -> Result<Entries, EngagementError> {
        // Marked before the store is read: what is written from now on is seen later.
        let times = *self.grown.borrow_and_update();
        let feed = &*self.feed;
        let mut newest = feed.newest.lock().await;
        if let Some(newest) = newest.as_ref() {
            if newest.after == *at && !newest.entries.is_empty() {
                return Ok(Arc::clone(&newest.entries));
            }
            let is_fresh = newest.times >= times && newest.read.elapsed() < POLL;
            if newest.complete && newest.end == *at && is_fresh {
                return Ok(Arc::default());
            }
        }
        let (entries, complete) = page(journal, blobs, &feed.project, at).await?;
        let read = Instant::now();
        let entries: Entries = entries.into();
        let end = entries.last().map_or(at, |last| &last.head).clone();
        if let Some(newest) = newest.as_mut().filter(|last| last.end == end && entries.is_empty()) {
            (newest.complete, newest.times, newest.read) = (complete, times, read);
            return Ok(entries);
        }
        // A reader that is behind leaves what the others share.
        if newest.as_ref().is_some_and(|newest| newest.end.seq > end.seq) {
            return Ok(entries);
        }
        let mut page = Newest { after: at.clone(), end, entries, complete, times, read };
        let entries = Arc::clone(&page.entries);
        if newest.as_ref().is_some_and(|last| last.times == times && last.end.seq < page.end.seq) {
            // Another process wrote this: wake the other readers.
            page.times += 1;
            feed.grown.send_modify(|times| *times += 1);
        }
        *newest = Some(page);
        Ok(entries)
    }
}

/// Reads the entries after `at`, at most a page, and whether there are no more.
pub(crate) async fn page(
    journal: &dyn Journal,
    blobs: &dyn Blobs,
    project: &str,
    at: &Head,
) -> Result<(Vec<Shown>, bool), EngagementError> {
    let found = journal.read(project, at, PAGE).await?;
    let (count, mut entries, mut bytes) = (found.len(), Vec::new(), 0);
    for entry in found {
        let payload = content(blobs, project, &entry).await?;
        let head = Head { seq: entry.seq, hash: entry.hash.clone() };
        let (kind, concerns_rights) = (entry.kind.clone(), concerns_rights(&entry.kind));
        let json = json!(JournalEvent::new(entry, payload)).to_string();
        bytes += json.len();
        entries.push(Shown { head, kind, json, concerns_rights });
        if bytes > PAGE_BYTES {
            break;
        }
    }
    let complete = count < PAGE && entries.len() == count;
    Ok((entries, complete))
}
