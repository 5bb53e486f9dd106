//! Reminders and expiry: settled by whoever opens the engagement next, each once, by the journal's
//! own order.

use cloudcrew_definition::syntax::OnExpiry;

use super::answer::readable;
use super::append::Record;
use super::error::EngagementError;
use super::event::{Answered, Decision, Event};
use super::load::Engagement;
use super::request::{Request, RequestKind};
use super::state::State;
use cloudcrew_ports::clock::{Clock, next};
use cloudcrew_ports::repo::Repo;

/// Records what has come due, for a process that does not drive: an answer counts by its time,
/// whoever drives. Silence approves nothing that cannot be read.
///
/// # Errors
/// When the store fails or the journal is damaged.
pub async fn settle(
    record: Record<'_>,
    clock: &dyn Clock,
    repo: Option<&dyn Repo>,
    engagement: &mut Engagement,
) -> Result<(), EngagementError> {
    loop {
        let now = next(clock.now(), engagement.state.times.1);
        let Some(request) = due(&engagement.state, now).cloned() else { return Ok(()) };
        let event = settled(&request, now);
        if matches!(event, Event::RequestAnswered { .. }) {
            let Some(repo) = repo else { return Ok(()) };
            if readable(repo, &request).await.is_err() {
                return Ok(());
            }
        }
        engagement.bring_in(record, &[event], now).await?;
    }
}

/// Shows what has come due in a home that cannot be written.
pub fn show_due(engagement: &mut Engagement, clock: &dyn Clock) {
    let now = next(clock.now(), engagement.state.times.1);
    while let Some(request) = due(&engagement.state, now).cloned() {
        if engagement.state.apply(&settled(&request, now), now).is_err() {
            return;
        }
    }
}

/// The first request that has come due.
pub(super) fn due(state: &State, now: i64) -> Option<&Request> {
    state.open_requests().find(|request| request.due().is_some_and(|due| due <= now))
}

/// What a request comes to that is due.
pub(super) fn settled(request: &Request, now: i64) -> Event {
    let id = request.id.clone();
    if request.expires.is_none_or(|at| at > now) {
        return Event::Reminded { request: id, number: request.reminders.saturating_add(1) };
    }
    if request.on_expiry == Some(OnExpiry::Approve)
        && matches!(request.kind, RequestKind::Approval { .. })
    {
        let (decision, digest) =
            (Decision::Approve { ratings: Vec::new() }, request.digest.clone());
        return Event::RequestAnswered {
            request: id,
            answer: Answered { decision, actor: "nobody".into(), channel: "expiry".into(), digest },
        };
    }
    Event::RequestExpired { request: id }
}
