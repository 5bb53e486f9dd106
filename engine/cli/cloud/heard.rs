//! What a program hears of the work that it does: the words of models, which it passes on to
//! readers, and the request to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cloudcrew_api::pushes::Pushes;
use cloudcrew_ports::connection::Follower;
use cloudcrew_runtime::engagement::{Engagement, Event};
use cloudcrew_runtime::watch::{Live, Watch};
use cloudcrew_views::api::LiveText;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// How long words are collected before they are sent together: each message has its price.
const TOGETHER: Duration = Duration::from_millis(300);
/// Pieces that may wait. Further ones are dropped: words are not recorded, and only shown.
const WAITING: usize = 1024;
/// Maximum bytes of words in one message.
const MOST: usize = 32 * 1024;
/// How long to wait for words on their way.
const FLUSH: Duration = Duration::from_secs(2);
/// How often the readers of an engagement are looked up.
const FRESH: Duration = Duration::from_secs(3);

/// Passes on the request to stop, and words of models if there is someone to send them to. Logs
/// nothing of what people or agents say.
#[derive(Default)]
pub struct Heard {
    stop: AtomicBool,
    words: Option<Sender<Said>>,
}

/// What a speaker is given.
enum Said {
    /// Words about an engagement.
    Words(String, LiveText),
    /// Everything before this was sent.
    Flush(oneshot::Sender<()>),
}

impl Heard {
    /// Sends words to readers, if there can be any, until this value is dropped.
    pub fn for_readers(pushes: Option<Pushes>) -> Heard {
        let Some(pushes) = pushes else { return Heard::default() };
        let (sender, words) = channel(WAITING);
        tokio::spawn(Speaker { pushes, readers: None }.speak(words));
        Heard { stop: AtomicBool::new(false), words: Some(sender) }
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits a moment until what was said is sent: afterwards, the process may be frozen.
    pub async fn flush(&self) {
        let Some(words) = &self.words else { return };
        let (done, flushed) = oneshot::channel();
        let all = async {
            if words.send(Said::Flush(done)).await.is_ok() {
                let _ = flushed.await;
            }
        };
        let _ = tokio::time::timeout(FLUSH, all).await;
    }

    /// The same, with a request to stop of its own.
    pub fn again(&self) -> Arc<Heard> {
        Arc::new(Heard { stop: AtomicBool::new(false), words: self.words.clone() })
    }
}

impl Watch for Heard {
    fn happened(&self, _: u64, _: i64, _: &Event, _: &Engagement) {}

    fn live(&self, project: &str, live: Live<'_>) {
        let Some(words) = &self.words else { return };
        let (agent, message, text) = match live {
            Live::Says { agent, text, message } => (agent, message, Some(text.to_owned())),
            Live::Forget { agent, message } => (agent, message, None),
        };
        let (agent, message) = (agent.to_owned(), message.map(str::to_owned));
        let said = Said::Words(project.to_owned(), LiveText { agent, message, text });
        let _ = words.try_send(said);
    }

    fn stop_wanted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Sends words to the readers of an engagement.
struct Speaker {
    pushes: Pushes,
    /// The readers of one engagement, and when they were looked up.
    readers: Option<(String, Instant, Vec<Follower>)>,
}

impl Speaker {
    async fn speak(mut self, mut words: Receiver<Said>) {
        while let Some(first) = words.recv().await {
            if let Said::Words(..) = first {
                tokio::time::sleep(TOGETHER).await;
            }
            let (mut pieces, mut flushed, mut next) = (Vec::new(), Vec::new(), Some(first));
            while let Some(said) = next {
                match said {
                    Said::Words(project, words) => join(&mut pieces, (project, words)),
                    Said::Flush(done) => flushed.push(done),
                }
                next = words.try_recv().ok();
            }
            for (project, piece) in pieces {
                self.say(&project, &piece).await;
            }
            for done in flushed {
                let _ = done.send(());
            }
        }
    }

    async fn say(&mut self, project: &str, words: &LiveText) {
        let known = self.readers.as_ref();
        if known.is_none_or(|(of, at, _)| of != project || at.elapsed() > FRESH) {
            match self.pushes.connections.followers(project).await {
                Ok(all) => self.readers = Some((project.to_owned(), Instant::now(), all)),
                Err(error) => return tracing::warn!("readers of {project}: {error}"),
            }
        }
        let Some((_, _, readers)) = &self.readers else { return };
        if let Err(error) = self.pushes.words(readers, project, words).await {
            tracing::warn!("words of {project}: {error}");
        }
    }
}

/// Adds a piece, to the one before if both are of one reply.
fn join(pieces: &mut Vec<(String, LiveText)>, next: (String, LiveText)) {
    let (project, words) = next;
    if let Some((of, last)) = pieces.last_mut()
        && *of == project
        && last.agent == words.agent
        && last.message == words.message
        && let (Some(said), Some(more)) = (&mut last.text, &words.text)
        && said.len() + more.len() <= MOST
    {
        said.push_str(more);
        return;
    }
    pieces.push((project, words));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(agent: &str, text: Option<&str>) -> (String, LiveText) {
        let text = text.map(str::to_owned);
        ("shop".to_owned(), LiveText { agent: agent.to_owned(), message: None, text })
    }

    #[test]
    fn pieces_of_one_reply_are_sent_together_and_a_broken_one_is_told() {
        let mut pieces = vec![piece("pm", Some("Good "))];
        for next in [("pm", Some("day")), ("sa", Some("I")), ("sa", None), ("sa", Some("We"))] {
            join(&mut pieces, piece(next.0, next.1));
        }
        let said: Vec<(&str, Option<&str>)> =
            pieces.iter().map(|(_, w)| (w.agent.as_str(), w.text.as_deref())).collect();
        let expected =
            [("pm", Some("Good day")), ("sa", Some("I")), ("sa", None), ("sa", Some("We"))];
        assert_eq!(said, expected);
    }
}
