//! Records a person's answer. The first answer counts and is never changed, whichever process
//! records it.

use serde_json::Value;

use super::append::Record;
use super::error::EngagementError;
use super::event::{Answered, Decision, Event, RemarkRecord};
use super::inbound::room_for;
use super::load::Engagement;
use super::refusal::Refusal;
use super::request::{Raise, Request, RequestKind};
use cloudcrew_definition::shown::row;
use cloudcrew_ports::clock::{Clock, next};
use cloudcrew_ports::repo::Repo;
use cloudcrew_ports::secret::{redact, redact_value};

/// An answer that a person submits.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Id of the request.
    pub request: String,
    /// The decision.
    pub decision: Decision,
    /// The person who answers.
    pub actor: String,
    /// Groups that the person is known to belong to, beside those in the journal.
    pub groups: Vec<String>,
    /// The person's e-mail address, if it is verified.
    pub email: Option<String>,
    /// Whether the person should have a verified address, and has none: then it is not known what
    /// the person wrote.
    pub unverified: bool,
    /// Where the answer came from, such as `terminal`.
    pub channel: String,
    /// Digest of what the person saw; defaults to what the request asks about now.
    pub digest: Option<String>,
    /// Remarks that belong to the answer, recorded with it.
    pub remarks: Vec<RemarkRecord>,
}

/// A recorded answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The request as answered.
    pub request: Request,
    /// Whether the same answer had already been recorded.
    pub repeated: bool,
    /// Whether the request is decided; otherwise more approvals are needed.
    pub decided: bool,
}

/// Records an answer. It is on disk when this function returns.
///
/// # Errors
/// [`EngagementError::Refused`] when someone else answered first, the subject has changed, or the
/// answer does not fit the request.
pub async fn record(
    place: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    given: Submission,
) -> Result<Recorded, EngagementError> {
    loop {
        let request = fitting(engagement, &given)?;
        let digest = given.digest.clone().unwrap_or_else(|| request.digest.clone());
        let answer = Answered {
            decision: clean(chosen(&request, &given.decision)),
            actor: given.actor.clone(),
            channel: given.channel.clone(),
            digest,
        };
        if let Some(there) = &request.answer {
            if there.decision == answer.decision
                && there.actor == answer.actor
                && there.digest == answer.digest
                && given.digest.is_some()
            {
                return Ok(Recorded { request, repeated: true, decided: true });
            }
            return Err(decided(&request, there));
        }
        if let Some(there) = request.votes.iter().find(|vote| vote.actor == answer.actor) {
            if there.decision == answer.decision && there.digest == answer.digest {
                return Ok(Recorded { request, repeated: true, decided: false });
            }
            let request = request.id.clone();
            return Err(Refusal::Voted { request, actor: answer.actor }.into());
        }
        eligible(engagement, &request, &given)?;
        if request.superseded {
            return Err(Refusal::Superseded {
                project: engagement.project.clone(),
                request: request.id,
            }
            .into());
        }
        let now = next(clock.now(), engagement.state.times.1);
        if request.expired || request.expires.is_some_and(|at| at <= now) {
            return Err(Refusal::Expired { request: request.id }.into());
        }
        if answer.digest != request.digest {
            let (seen, now) = (short(&answer.digest).to_owned(), short(&request.digest).to_owned());
            return Err(Refusal::Changed {
                project: engagement.project.clone(),
                request: request.id,
                seen,
                now,
            }
            .into());
        }
        // A stale digest is reported before this.
        let revises = matches!(answer.decision, Decision::Revise { .. });
        if revises && matches!(request.kind, RequestKind::Approval { may_revise: false, .. }) {
            return Err(Refusal::NoRevisionLeft { phase: request.phase.clone() }.into());
        }
        if let (Decision::Revise { to: Some(to), .. }, RequestKind::Approval { revise_to, .. }) =
            (&answer.decision, &request.kind)
            && !revise_to.contains(to)
        {
            let (phase, to) = (request.phase.clone(), to.clone());
            return Err(Refusal::NoWayBack { phase, to, listed: revise_to.clone() }.into());
        }
        let (have, need) = request.quorum();
        let votes = matches!(answer.decision, Decision::Approve { .. }) && have + 1 < need;
        let id = request.id.clone();
        let event = match votes {
            true => Event::Voted { request: id, answer, have: have + 1 },
            false => Event::RequestAnswered { request: id, answer },
        };
        room_for(engagement, given.remarks.len())?;
        let remarks = given.remarks.iter().cloned().map(Event::Remarked);
        let events: Vec<Event> = remarks.chain([event]).collect();
        if engagement.append_inbound(place, &events, now).await? {
            let request = engagement.state.request(&given.request).cloned().unwrap_or(request);
            return Ok(Recorded { request, repeated: false, decided: !votes });
        }
    }
}

/// Checks that the person is one of those who must decide. The journal has just been read, and the
/// answer is written only if it does not change meanwhile.
fn eligible(e: &Engagement, request: &Request, given: &Submission) -> Result<(), EngagementError> {
    let Some(approvers) = &request.approvers else { return Ok(()) };
    let (id, actor) = (request.id.clone(), given.actor.clone());
    let wrote = |email: &String| request.authors.contains(&email.to_lowercase());
    let is_own = e.state.started.actor == given.actor || given.email.as_ref().is_some_and(wrote);
    if approvers.not_own && is_own {
        return Err(Refusal::Own { request: id, actor }.into());
    }
    if approvers.not_own && given.unverified && !request.authors.is_empty() {
        return Err(Refusal::Unverified { request: id, actor }.into());
    }
    let groups = request.groups();
    let recorded = e.state.members.get(&given.actor).map(|member| &member.groups);
    let mut own = given.groups.iter().chain(recorded.into_iter().flatten());
    if groups.is_empty() || own.any(|group| groups.contains(&group.as_str())) {
        return Ok(());
    }
    let groups = groups.join(", ");
    Err(Refusal::NotApprover { request: id, actor, groups }.into())
}

/// Reads every file that an approval would cover. A file that cannot be read cannot be approved.
///
/// # Errors
/// When one of the request's deliverables cannot be read in full.
pub async fn readable(repo: &dyn Repo, request: &Request) -> Result<(), EngagementError> {
    for (path, oid) in &request.subject {
        repo.blob(oid).await.map_err(|error| {
            EngagementError::World(format!(
                "`{path}` cannot be read, so `{}` cannot be approved: {error}",
                request.id
            ))
        })?;
    }
    Ok(())
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn decided(request: &Request, there: &Answered) -> EngagementError {
    let words = match &there.decision {
        Decision::Revise { words, .. } => format!(": \"{words}\""),
        Decision::Answer { value } => format!(": {value}"),
        Decision::Approve { .. } => String::new(),
    };
    Refusal::Decided {
        request: request.id.clone(),
        decision: there.decision.name(),
        actor: there.actor.clone(),
        channel: there.channel.clone(),
        words,
    }
    .into()
}

/// The decision, where an answer names one of the choices.
fn chosen(request: &Request, decision: &Decision) -> Decision {
    let (RequestKind::Question { form, .. }, Decision::Answer { value }) =
        (&request.kind, decision)
    else {
        return decision.clone();
    };
    match words(value).filter(|_| !form.is_free()).and_then(|words| form.answer(&words)) {
        Some(skipped) if skipped.is_empty() => Decision::Answer { value: SKIPPED.into() },
        Some(answer) => Decision::Answer { value: answer.into() },
        None => decision.clone(),
    }
}

/// The words of an answer; `None` for one that is a structure.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The decision as it is recorded: without secrets, so that a repeated one is known as the same.
fn clean(mut decision: Decision) -> Decision {
    match &mut decision {
        Decision::Revise { words, .. } => redact(words),
        Decision::Answer { value } => redact_value(value),
        Decision::Approve { .. } => {}
    }
    decision
}

/// What the agent is given when the customer skips its question.
pub(super) const SKIPPED: &str =
    "(The customer skipped this question: go on with your assumption.)";

/// Checks the ratings against those that the gate asks for.
pub(super) fn rated(asked: &[String], given: &[(String, u8)]) -> Result<(), EngagementError> {
    for (name, value) in given {
        if !asked.contains(name) {
            let asked = if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") };
            return Err(Refusal::NotRated { name: name.clone(), asked }.into());
        }
        if !(1..=5).contains(value) {
            return Err(Refusal::Rating { name: name.clone(), value: *value }.into());
        }
    }
    Ok(())
}

/// Returns the request, provided that this kind of answer fits it.
fn fitting(engagement: &Engagement, given: &Submission) -> Result<Request, EngagementError> {
    let state = &engagement.state;
    let Some(request) = state.request(&given.request) else {
        let open = state.open_requests().map(|r| r.id.clone()).collect();
        let (project, request) = (engagement.project.clone(), given.request.clone());
        return Err(Refusal::NoRequest { project, request, open }.into());
    };
    if request.is_open() && state.end.is_some() {
        return Err(Refusal::NothingWaits { project: engagement.project.clone() }.into());
    }
    match (&request.kind, &given.decision) {
        (RequestKind::Approval { ratings, .. }, Decision::Approve { ratings: given }) => {
            rated(ratings, given)?
        }
        (RequestKind::Approval { ratings, .. }, Decision::Revise { words, ratings: given, .. }) => {
            rated(ratings, given)?;
            if words.trim().is_empty() {
                return Err(Refusal::NoWords.into());
            }
        }
        (RequestKind::Question { form, .. }, Decision::Answer { value }) => {
            if let Some((line, part)) = form.unanswered(&words(value).unwrap_or_default()) {
                let question = row(&format!("{}{}", part.question, part.offered())).into_owned();
                let (request, count) = (request.id.clone(), form.parts.len());
                return Err(Refusal::NotAllAnswered { request, count, line, question }.into());
            }
            let fits = match words(value) {
                Some(words) => form.answer(&words).is_some(),
                None => form.choices.is_empty(),
            };
            if !fits && !form.choices.is_empty() {
                let (request, choices) = (request.id.clone(), form.choices.clone());
                return Err(Refusal::NotAChoice { request, choices }.into());
            }
            if !fits {
                return Err(Refusal::NoAnswer.into());
            }
        }
        (RequestKind::Budget { budget, unit, spent, needed, .. }, Decision::Answer { value }) => {
            let least = spent.saturating_add(*needed);
            match Raise::of(&request.kind, value) {
                Some(Raise::Stop) => {}
                Some(Raise::To(to)) if to >= least => {}
                Some(Raise::To(to)) => {
                    let (budget, unit) = (budget.clone(), *unit);
                    let (spent, needed) = (*spent, *needed);
                    return Err(
                        Refusal::TooLittle { budget, unit, to, spent, needed, least }.into()
                    );
                }
                None => {
                    return Err(Refusal::NoLimit { budget: budget.clone() }.into());
                }
            }
        }
        (RequestKind::Question { .. } | RequestKind::Budget { .. }, _) => {
            return Err(Refusal::WantsAnswer {
                project: engagement.project.clone(),
                request: request.id.clone(),
            }
            .into());
        }
        (RequestKind::Approval { .. }, _) => {
            return Err(Refusal::IsGate {
                project: engagement.project.clone(),
                request: request.id.clone(),
            }
            .into());
        }
    }
    Ok(request.clone())
}
