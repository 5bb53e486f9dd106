//! Notifications of a deployment: what `serve --notify` does all the time, for one engagement at a
//! time.

use std::sync::Arc;

use cloudcrew_api::notices::Sender;
use tokio::sync::Mutex;

use crate::exit::Failure;
use crate::serve::notify;
use crate::wiring::aws::Cloud;
use crate::wiring::clock::SystemClock;

/// The channels.
pub struct Notices(Vec<Mutex<Sender>>);

impl Notices {
    /// The channels that the operator deployed. Settings that cannot be read are reported in the
    /// log: nothing else must stop because of them.
    pub async fn new(cloud: &Cloud) -> Result<Notices, Failure> {
        let channels = match cloud.notify().await {
            Ok(None) => Ok(Vec::new()),
            Ok(Some(bytes)) => notify::read(&bytes).await,
            Err(failure) => Err(failure.to_string()),
        };
        let channels = channels.unwrap_or_else(|why| {
            tracing::error!("nobody is notified: {why}");
            Vec::new()
        });
        let mut senders = Vec::new();
        for channel in channels {
            let record = (Arc::new(cloud.store.clone()) as _, Arc::new(cloud.blobs.clone()) as _);
            let (outbox, clock) = (Arc::new(cloud.store.clone()), Arc::new(SystemClock::default()));
            let sender = Sender::new(record, outbox, clock, channel, |why| tracing::warn!("{why}"));
            senders.push(Mutex::new(sender.await?));
        }
        Ok(Notices(senders))
    }

    /// Whether someone is to be notified about an engagement.
    pub async fn has_news(&self, project: &str) -> Result<bool, Failure> {
        for sender in &self.0 {
            if sender.lock().await.has_news(project).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sends what is due now; returns when something else is, in milliseconds since 1970 UTC.
    pub async fn send(&self, project: &str) -> Result<Option<i64>, Failure> {
        let mut again: Option<i64> = None;
        for sender in &self.0 {
            let later = sender.lock().await.of(project).await?;
            again = again.into_iter().chain(later).min();
        }
        Ok(again)
    }
}
