//! Notifications of a deployment: what `serve --notify` does all the time, for one engagement at a
//! time.

use std::sync::Arc;

use cloudcrew_api::notices::Sender;
use tokio::sync::Mutex;

use crate::exit::Failure;
use crate::serve::notify;
use crate::wiring::aws::Cloud;
use crate::wiring::clock::SystemClock;

/// The channels, each used by one invocation at a time.
pub struct Notices(Vec<Mutex<Sender>>);

impl Notices {
    /// The channels that the operator deployed. Settings that cannot be read are reported in the
    /// log: nothing else must stop because of them.
    pub async fn new(cloud: &Cloud) -> Result<Notices, Failure> {
        let Some(bytes) = cloud.notify().await? else { return Ok(Notices(Vec::new())) };
        let channels = match notify::read(&bytes).await {
            Ok(channels) => channels,
            Err(why) => {
                tracing::error!("nobody is notified: {why}");
                Vec::new()
            }
        };
        let mut senders = Vec::new();
        for channel in channels {
            let record = (Arc::new(cloud.store.clone()) as _, Arc::new(cloud.blobs.clone()) as _);
            let (outbox, clock) = (Arc::new(cloud.store.clone()), Arc::new(SystemClock::default()));
            let sender = Sender::new(record, outbox, clock, channel, |why| tracing::warn!("{why}"));
            senders.push(Mutex::new(sender.await?));
        }
        Ok(Notices(senders))
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
