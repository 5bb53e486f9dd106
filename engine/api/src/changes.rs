//! Tells readers that a journal has grown, and passes on words while a model speaks. The journal is
//! the truth: a reader that misses a hint reads the same entries a little later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cloudcrew_views::api::LiveText;
use tokio::sync::{broadcast, watch};

/// Number of pieces of live text that a slow reader may lag behind; after that, it misses some.
const LAG: usize = 256;

/// The engagements that someone watches.
#[derive(Debug, Clone, Default)]
pub struct Changes(Arc<Mutex<HashMap<String, Channels>>>);

#[derive(Debug)]
struct Channels {
    grown: watch::Sender<u64>,
    words: broadcast::Sender<LiveText>,
}

/// A reader of one engagement.
#[derive(Debug)]
pub struct Watcher {
    /// Changes when the journal has grown.
    pub grown: watch::Receiver<u64>,
    /// Words of models.
    pub words: broadcast::Receiver<LiveText>,
}

impl Changes {
    /// Starts to watch an engagement.
    pub fn watch(&self, project: &str) -> Watcher {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // When one is added, engagements without a watcher are removed.
        if !all.contains_key(project) {
            all.retain(|_, channels| channels.grown.receiver_count() > 0);
        }
        let channels = all.entry(project.to_owned()).or_insert_with(|| Channels {
            grown: watch::Sender::new(0),
            words: broadcast::Sender::new(LAG),
        });
        Watcher { grown: channels.grown.subscribe(), words: channels.words.subscribe() }
    }

    /// The journal of an engagement has grown.
    pub fn grown(&self, project: &str) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channels) = all.get(project) {
            channels.grown.send_modify(|times| *times += 1);
        }
    }

    /// A model of an engagement speaks.
    pub fn words(&self, project: &str, words: LiveText) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channels) = all.get(project) {
            let _ = channels.words.send(words);
        }
    }
}
