//! Reminders and expiry: settled by whichever process drives next, each once, by the journal's own order.

use cloudcrew_definition::syntax::OnExpiry;

use super::drive::Driver;
use super::error::EngagementError;
use super::event::{Decision, Event};
use super::request::{Request, RequestKind};

impl Driver {
    /// Appends what has come due.
    pub(super) async fn settle_timers(&self) -> Result<(), EngagementError> {
        loop {
            let now = self.now().await;
            let due = self.look(|e| e.state.open_requests().find(|r| r.due().is_some_and(|due| due <= now)).cloned()).await;
            let Some(request) = due else { return Ok(()) };
            self.settle(&request, now).await?;
        }
    }

    async fn settle(&self, request: &Request, now: i64) -> Result<(), EngagementError> {
        if request.expires.is_some_and(|at| at <= now) {
            if request.on_expiry == Some(OnExpiry::Approve) && matches!(request.kind, RequestKind::Approval { .. }) {
                let decision = Decision::Approve { ratings: Vec::new() };
                return self.answer_for(request, decision, "nobody", "expiry").await;
            }
            return self.append(vec![Event::RequestExpired { request: request.id.clone() }]).await;
        }
        let every = request.remind_after.unwrap_or(i64::MAX).max(1);
        // A clock that jumped sends one reminder, not one for each that was missed.
        let number = u32::try_from((now - request.opened) / every).unwrap_or(u32::MAX).max(request.reminders + 1);
        self.append(vec![Event::Reminded { request: request.id.clone(), number }]).await
    }
}
