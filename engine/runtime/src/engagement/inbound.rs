//! Input that people send without being asked: a cancel request or a message. Any process may
//! record it; the driver applies it between steps.

use super::answer::rated;
use super::append::Record;
use super::error::EngagementError;
use super::event::{Event, Member, MessageRecord, RemarkAnswer, RemarkRecord, SurveyRecord};
use super::load::Engagement;
use super::refusal::Refusal;
use cloudcrew_ports::clock::{Clock, next};

/// A message from the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Unique in the engagement.
    pub id: String,
    /// The person who sends it.
    pub actor: String,
    /// Its text.
    pub words: String,
}

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

/// Allows an engagement to end without pushing its last commits. A second permission changes
/// nothing.
///
/// # Errors
/// When it has ended, all commits are pushed, or a store fails.
pub async fn waive_push(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    actor: &str,
) -> Result<(), EngagementError> {
    loop {
        if let Some(end) = &engagement.state.end {
            return Err(ended(engagement, &end.text));
        }
        if engagement.state.waived.is_some() {
            return Ok(());
        }
        if engagement.state.unpushed.is_none() {
            return Err(Refusal::AllPushed { project: engagement.project.clone() }.into());
        }
        let now = next(clock.now(), engagement.state.times.1);
        let event = Event::PushWaived { actor: actor.to_owned() };
        if engagement.append_inbound(record, &[event], now).await? {
            return Ok(());
        }
    }
}

/// Number of messages that may wait for an answer.
const MOST_WAITING: usize = 20;

/// Records a message from the customer to the workflow's contact, also after the end. A message
/// with a known id is recorded once.
///
/// # Errors
/// When too many messages wait, the workflow has no contact, or a store fails.
pub async fn message(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    message: NewMessage,
) -> Result<(), EngagementError> {
    loop {
        if engagement.state.has_received(&message.id) {
            return Ok(());
        }
        let project = engagement.project.clone();
        let workflow = &engagement.state.started.workflow;
        let Some(to) = engagement.definition.contact(workflow).map(str::to_owned) else {
            return Err(Refusal::NoContact { project }.into());
        };
        let waiting = engagement.state.conversation.waiting().count();
        if waiting >= MOST_WAITING {
            return Err(Refusal::TooManyMessages { project, waiting }.into());
        }
        let now = next(clock.now(), engagement.state.times.1);
        let NewMessage { id, actor, words } = message.clone();
        let event = Event::MessageReceived(MessageRecord { id, actor, words, to });
        if engagement.append_inbound(record, &[event], now).await? {
            return Ok(());
        }
    }
}

/// Number of remarks that may be open.
const MOST_REMARKS: usize = 500;

/// Checks that more remarks can be made.
///
/// # Errors
/// When too many are open.
pub(super) fn room_for(e: &Engagement, more: usize) -> Result<(), EngagementError> {
    let open = e.state.remarks.iter().filter(|remark| remark.closed.is_none()).count();
    if open + more <= MOST_REMARKS {
        return Ok(());
    }
    Err(Refusal::TooManyRemarks { project: e.project.clone(), open }.into())
}

/// Records a remark, also after the end.
///
/// # Errors
/// When too many are open or a store fails.
pub async fn remark(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    remark: RemarkRecord,
) -> Result<(), EngagementError> {
    loop {
        if engagement.state.remark(&remark.id).is_some() {
            return Ok(());
        }
        room_for(engagement, 1)?;
        let now = next(clock.now(), engagement.state.times.1);
        let event = Event::Remarked(remark.clone());
        if engagement.append_inbound(record, &[event], now).await? {
            return Ok(());
        }
    }
}

/// Records what a person says became of a remark, and whether it is settled.
///
/// # Errors
/// When there is no such remark, it is settled already, or a store fails.
pub async fn answer_remark(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    (remark, actor): (&str, &str),
    answer: Option<RemarkAnswer>,
    closes: bool,
) -> Result<(), EngagementError> {
    loop {
        let (project, remark) = (engagement.project.clone(), remark.to_owned());
        match engagement.state.remark(&remark) {
            None => return Err(Refusal::NoRemark { project, remark }.into()),
            Some(there) if there.closed.is_some() => {
                return Err(Refusal::RemarkSettled { project, remark }.into());
            }
            Some(_) => {}
        }
        let now = next(clock.now(), engagement.state.times.1);
        let (actor, answer) = (actor.to_owned(), answer.clone());
        let event = Event::RemarkAnswered { remark, actor, answer, closes };
        if engagement.append_inbound(record, &[event], now).await? {
            return Ok(());
        }
    }
}

/// The question of every survey, beside those of the gates.
const OVERALL: &str = "overall";
/// Maximum number of questions: who is asked more answers none.
const MOST_QUESTIONS: usize = 5;

/// The questions of the survey: what the gates of the workflow ask, and how it was overall.
pub fn survey_questions(engagement: &Engagement) -> Vec<String> {
    let phases = engagement.state.plan().entries.iter();
    let gates = phases.filter_map(|(name, _)| engagement.definition.phase(name)?.gate.as_ref());
    let mut questions: Vec<String> = gates.flat_map(|gate| gate.ratings.clone()).collect();
    questions.insert(0, OVERALL.to_owned());
    let mut seen = std::collections::BTreeSet::new();
    questions.retain(|question| seen.insert(question.clone()));
    questions.truncate(MOST_QUESTIONS);
    questions
}

/// Records what a person thinks of an engagement after its end.
///
/// # Errors
/// When it has not ended, a question does not exist, a rating is not 1 to 5, or a store fails.
pub async fn survey(
    record: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    survey: SurveyRecord,
) -> Result<(), EngagementError> {
    let questions = survey_questions(engagement);
    rated(&questions, &survey.ratings)?;
    loop {
        if engagement.state.end.is_none() {
            return Err(Refusal::NotEnded { project: engagement.project.clone() }.into());
        }
        if engagement.state.surveys.get(&survey.actor) == Some(&survey) {
            return Ok(());
        }
        let now = next(clock.now(), engagement.state.times.1);
        let event = Event::Surveyed(survey.clone());
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
