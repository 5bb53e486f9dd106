//! Input that people send without being asked: a cancel request or a message. Any process may
//! record it; the driver applies it between steps.

use super::append::Record;
use super::error::EngagementError;
use super::event::{Event, MessageRecord};
use super::load::Engagement;
use super::refusal::Refusal;
use cloudcrew_ports::clock::{Clock, next};

/// Records a request to cancel the engagement. A second request changes nothing.
///
/// # Errors
/// When the engagement has already ended or a store fails.
pub async fn cancel(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    actor: &str,
) -> Result<(), EngagementError> {
    loop {
        if let Some(end) = &engagement.state.end {
            return Err(ended(engagement, &end.text));
        }
        if engagement.state.cancel.is_some() {
            return Ok(());
        }
        let now = next(clock.now(), engagement.state.times.1);
        let event = Event::CancelRequested { actor: actor.to_owned() };
        if engagement.append_inbound(record, &[event], now).await? {
            return Ok(());
        }
    }
}

/// Records a message from the customer for the next agent that starts a visit. A message with a
/// known id is recorded once.
///
/// # Errors
/// When the engagement has ended or a store fails.
pub async fn message(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    message: MessageRecord,
) -> Result<(), EngagementError> {
    loop {
        if let Some(end) = &engagement.state.end {
            return Err(ended(engagement, &end.text));
        }
        let now = next(clock.now(), engagement.state.times.1);
        let event = Event::MessageReceived(message.clone());
        if engagement.append_inbound(record, &[event], now).await? {
            return Ok(());
        }
    }
}

fn ended(engagement: &Engagement, text: &str) -> EngagementError {
    Refusal::Ended { project: engagement.project.clone(), text: text.to_owned() }.into()
}
