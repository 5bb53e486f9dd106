//! Reminders and expiry. The next process that opens the engagement settles each exactly once, in
//! the order of the journal.

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

/// Records due reminders and expiries for a process that does not drive, so that an answer counts
/// by its time. A gate whose files cannot be read is not approved on expiry.
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
        engagement.append_inbound(record, &[event], now).await?;
    }
}

/// Applies due reminders and expiries in memory, for a home that cannot be written.
pub fn show_due(engagement: &mut Engagement, clock: &dyn Clock) {
    let now = next(clock.now(), engagement.state.times.1);
    while let Some(request) = due(&engagement.state, now).cloned() {
        if engagement.state.apply(&settled(&request, now), now).is_err() {
            return;
        }
    }
}

/// The first request that is due.
pub(super) fn due(state: &State, now: i64) -> Option<&Request> {
    state.open_requests().find(|request| request.due().is_some_and(|due| due <= now))
}

/// The event that settles a due request.
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
    if request.on_expiry == Some(OnExpiry::Escalate) && !request.escalated {
        return Event::Escalated { request: id };
    }
    Event::RequestExpired { request: id }
}
