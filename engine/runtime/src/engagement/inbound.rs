//! What people say without being asked: a wish to end it, a message. Recorded by any process, taken
//! in between steps.

use super::append::Record;
use super::error::EngagementError;
use super::event::{Event, MessageRecord};
use super::load::Engagement;
use super::refusal::Refusal;
use cloudcrew_ports::clock::{Clock, next};

/// Records that somebody wants the engagement to end. Asking twice is asking once.
///
/// # Errors
/// When it has ended already or a store fails.
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
        if engagement.bring_in(record, &[event], now).await? {
            return Ok(());
        }
    }
}

/// Records a message of the customer; it is told to the next agent that gets the floor. The same id
/// is one message.
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
        if engagement.bring_in(record, &[event], now).await? {
            return Ok(());
        }
    }
}

fn ended(engagement: &Engagement, text: &str) -> EngagementError {
    Refusal::Ended { project: engagement.project.clone(), text: text.to_owned() }.into()
}
