//! Publishes the branch to its Git server.

use cloudcrew_ports::repo::{Published, Unpublished};

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::Event;

/// How long to wait before the first next attempt, in milliseconds. Doubled with each failure.
const FIRST_MS: i64 = 30_000;
/// The longest wait, in milliseconds.
const LONGEST_MS: i64 = 10 * 60_000;

impl Driver {
    /// Publishes the branch, and takes over what others added to it. A failure is recorded, and the
    /// work goes on.
    pub(in crate::engagement) async fn publish(&self) -> Result<(), EngagementError> {
        let published = self.ports.repo.publish().await.unwrap_or_else(|error| {
            Published::Not(Unpublished { commits: 0, why: error.to_string() })
        });
        if published == Published::All {
            self.notice_foreign_commits().await?;
        }
        let (head, behind, times) = self
            .look(|e| {
                let state = &e.state;
                let times = state.unpushed.as_ref().map_or(0, |unpushed| unpushed.times);
                (state.head.clone(), state.is_behind(), times)
            })
            .await;
        self.inner.lock().await.tried.published.clone_from(&head);
        let Some(commit) = head.filter(|_| behind) else { return Ok(()) };
        match published {
            Published::All => self.append(vec![Event::Pushed { commit }]).await,
            Published::Not(Unpublished { commits, why: reason }) => {
                let wait = FIRST_MS.saturating_mul(1 << times.min(16)).min(LONGEST_MS);
                let again = self.now().await.saturating_add(wait);
                self.append(vec![Event::NotPushed { commit, commits, reason, again }]).await
            }
        }
    }
}
