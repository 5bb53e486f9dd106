//! The only table of which event may happen in which state. An event that passes can be applied
//! without further checks.

use cloudcrew_plan::{Kind, Outcome};

use super::{Illegal, State};
use crate::engagement::event::Event;
use crate::engagement::request::Request;

/// What an event requires of the current state.
enum Needs<'a> {
    /// Only happens once, as the first event.
    Never,
    /// Nothing; it may happen even after the end.
    Nothing,
    /// The engagement has not ended.
    NotEnded,
    /// The engagement has ended.
    Ended,
    /// A final state.
    FinalState,
    /// The plan leads to the state on this outcome, or an approved gate reopens.
    Way { to: &'a str, on: Option<Outcome>, resume: Option<&'a str> },
    /// A state with a swarm, and none running.
    RoomForSwarm,
    /// A running swarm.
    Swarm,
    /// No request with this id.
    NewRequest(&'a str),
    /// An open request with this id.
    OpenRequest(&'a str),
    /// The phase may be restarted again.
    Restart,
    /// A message with this id that waits for an answer, and no conversation.
    Message(&'a str),
    /// A conversation; it may go on after the end.
    Conversation,
    /// No remark with this id.
    NewRemark(&'a str),
    /// A remark with this id that is not settled.
    OpenRemark(&'a str),
}

fn needs(event: &Event) -> Needs<'_> {
    use Needs::{
        Conversation, Ended, FinalState, Message, Never, NewRemark, NewRequest, NotEnded, Nothing,
        OpenRemark, OpenRequest, Restart, RoomForSwarm, Swarm, Way,
    };
    match event {
        Event::Started(_) => Never,
        Event::Entered { state, on, resume, .. } => {
            Way { to: state, on: *on, resume: resume.as_deref() }
        }
        Event::SwarmBegan { .. } => RoomForSwarm,
        Event::VisitOpened { .. }
        | Event::Recalled { .. }
        | Event::ModelCalled { .. }
        | Event::ToolsCalled { .. }
        | Event::SwarmInput { .. }
        | Event::Trimmed { .. } => Swarm,
        Event::RequestOpened(request) => NewRequest(&request.id),
        Event::RequestAnswered { request, .. }
        | Event::Voted { request, .. }
        | Event::Escalated { request }
        | Event::Reminded { request, .. }
        | Event::RequestExpired { request }
        | Event::RequestSuperseded { request } => OpenRequest(request),
        Event::ProcessDied { .. } => Restart,
        Event::CommitIntended { .. }
        | Event::Committed(_)
        | Event::ForeignCommits { .. }
        | Event::Pushed { .. }
        | Event::NotPushed { .. }
        | Event::PushWaived { .. }
        | Event::Reviewed { .. }
        | Event::Checked { .. }
        | Event::ParkedUntil { .. }
        | Event::Rerouted { .. }
        | Event::BudgetNeared { .. }
        | Event::Transitioned(_)
        | Event::Finalized { .. } => NotEnded,
        Event::ConversationBegan { message, .. } => Message(message),
        Event::ConversationJoined { .. }
        | Event::ConversationCalled { .. }
        | Event::ConversationInput { .. } => Conversation,
        Event::Remarked(record) => NewRemark(&record.id),
        Event::RemarkAnswered { remark, .. } => OpenRemark(remark),
        Event::MessageReceived(_)
        | Event::Replied(_)
        | Event::CancelRequested { .. }
        | Event::MemberSet(_)
        | Event::MemberRemoved { .. }
        | Event::Withdrawn { .. }
        | Event::NoteAccepted { .. }
        | Event::Published { .. }
        | Event::Repinned { .. } => Nothing,
        Event::Retried { .. } | Event::Surveyed(_) => Ended,
        Event::Ended(_) => FinalState,
    }
}

/// Checks whether an event may happen.
///
/// # Errors
/// Returns the current state and why the event is illegal there.
pub(super) fn check(state: &State, event: &Event) -> Result<(), Illegal> {
    let needs = needs(event);
    let ended = state.end.is_some();
    let goes_on = matches!(
        needs,
        Needs::Nothing
            | Needs::Message(_)
            | Needs::Conversation
            | Needs::NewRemark(_)
            | Needs::OpenRemark(_)
    );
    if ended && !goes_on && !matches!(needs, Needs::Ended | Needs::Never) {
        return Err(state.illegal(event, "the engagement has ended"));
    }
    let open = |id: &str| state.request(id).is_some_and(Request::is_open);
    let why = match needs {
        Needs::Never => "the engagement has already started".to_owned(),
        Needs::Ended if !ended => "the engagement has not ended".to_owned(),
        Needs::FinalState if !state.kind().is_some_and(Kind::is_final) => {
            "the state is not final".to_owned()
        }
        Needs::Way { to, on, resume } => return way(state, event, to, on, resume),
        Needs::RoomForSwarm
            if state.swarm.is_some()
                || !matches!(state.kind(), Some(Kind::Swarm | Kind::Review)) =>
        {
            "no swarm can start here".to_owned()
        }
        Needs::Swarm if state.swarm.is_none() => "no swarm is running".to_owned(),
        Needs::Message(id)
            if !state.conversation.waits(id) || state.conversation.talk.is_some() =>
        {
            format!("message `{id}` does not wait for an answer")
        }
        Needs::Conversation if state.conversation.talk.is_none() => {
            "no message is being answered".to_owned()
        }
        Needs::NewRemark(id) if state.remark(id).is_some() => {
            format!("remark `{id}` already exists")
        }
        Needs::OpenRemark(id) if state.remark(id).is_none_or(|r| r.closed.is_some()) => {
            format!("remark `{id}` is not open")
        }
        Needs::NewRequest(id) if state.request(id).is_some() => {
            format!("request `{id}` already exists")
        }
        Needs::OpenRequest(id) if !open(id) => format!("request `{id}` is not open"),
        Needs::Restart if state.plan().next(&state.at, Outcome::Died, &state.counters).is_err() => {
            "no restarts left".to_owned()
        }
        _ => return Ok(()),
    };
    Err(state.illegal(event, why))
}

/// Checks that the plan leads to a state.
fn way(
    state: &State,
    event: &Event,
    to: &str,
    on: Option<Outcome>,
    resume: Option<&str>,
) -> Result<(), Illegal> {
    if state.plan().state(to).is_none() {
        return Err(state.illegal(event, "the plan has no such state"));
    }
    let Some(on) = on.filter(|_| !state.at.is_empty()) else { return Ok(()) };
    let phase = state.plan().state(to).and_then(|to| to.phase.as_deref());
    let expected = match (on, phase) {
        (Outcome::Returned, Some(phase)) => state.plan().back(&state.at, phase, &state.counters),
        _ => state.plan().next(&state.at, on, &state.counters),
    };
    let Ok(expected) = expected else {
        return Err(state.illegal(event, format!("no transition on `{}`", on.name())));
    };
    let reopened = resume == Some(expected.to.as_str());
    let resumed = state.resume.as_deref() == Some(to) && on == Outcome::Approved;
    if expected.to == to || reopened || resumed {
        return Ok(());
    }
    Err(state.illegal(event, format!("`{}` leads to `{}`", on.name(), expected.to)))
}
