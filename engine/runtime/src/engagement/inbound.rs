//! Input that people send without being asked: a cancel request or a message. Any process may
//! record it; the driver applies it between steps.

use super::append::Record;
use super::error::EngagementError;
use super::event::{Event, Member, MessageRecord};
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

/// Gives a person a role, or another one.
///
/// # Errors
/// When a store fails.
pub async fn set_member(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    member: Member,
) -> Result<(), EngagementError> {
    loop {
        if engagement.state.members.get(&member.person) == Some(&member) {
            return Ok(());
        }
        let now = next(clock.now(), engagement.state.times.1);
        let event = Event::MemberSet(member.clone());
        if engagement.append_inbound(record, &[event], now).await? {
            return Ok(());
        }
    }
}

/// Takes the role of a person away. Returns `false` when the person has none.
///
/// # Errors
/// When a store fails.
pub async fn remove_member(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    person: &str,
    actor: &str,
) -> Result<bool, EngagementError> {
    loop {
        if !engagement.state.members.contains_key(person) {
            return Ok(false);
        }
        let now = next(clock.now(), engagement.state.times.1);
        let event = Event::MemberRemoved { person: person.to_owned(), actor: actor.to_owned() };
        if engagement.append_inbound(record, &[event], now).await? {
            return Ok(true);
        }
    }
}

fn ended(engagement: &Engagement, text: &str) -> EngagementError {
    Refusal::Ended { project: engagement.project.clone(), text: text.to_owned() }.into()
}
