//! Recording a person's answer: once, for ever, by whichever process gets there first.

use serde_json::Value;

use super::append::Record;
use super::error::EngagementError;
use super::event::{Answered, Decision, Event};
use super::load::Engagement;
use super::request::{Raise, Request, RequestKind};
use cloudcrew_ports::clock::{Clock, next};
use cloudcrew_ports::repo::Repo;

/// What somebody says.
#[derive(Debug, Clone)]
pub struct Given {
    /// To which request.
    pub request: String,
    /// What.
    pub decision: Decision,
    /// Who.
    pub actor: String,
    /// By which way.
    pub channel: String,
    /// Digest of what was seen; absent: what is there now.
    pub digest: Option<String>,
}

/// An answer that is on record.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The request as answered.
    pub request: Request,
    /// Whether the very same answer was there already.
    pub repeated: bool,
}

/// Records an answer; it is on disk when this returns.
///
/// # Errors
/// [`EngagementError::Conflict`] when somebody else answered first or the subject has changed,
/// [`EngagementError::Usage`] when the answer does not fit the request.
pub async fn record(
    place: Record<'_>,
    clock: &dyn Clock,
    engagement: &mut Engagement,
    given: Given,
) -> Result<Recorded, EngagementError> {
    loop {
        let request = fitting(engagement, &given)?;
        let digest = given.digest.clone().unwrap_or_else(|| request.digest.clone());
        let answer = Answered {
            decision: given.decision.clone(),
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
                return Ok(Recorded { request, repeated: true });
            }
            return Err(decided(&request, there));
        }
        if request.superseded {
            return Err(EngagementError::Conflict(format!(
                "what `{}` asked about has changed since, and another request asks about what is \
                 there now; look again with `cloudcrew show {}`",
                request.id, engagement.project
            )));
        }
        let now = next(clock.now(), engagement.state.times.1);
        if request.expired || request.expires.is_some_and(|at| at <= now) {
            return Err(EngagementError::TooLate(format!(
                "`{}` expired before it was answered",
                request.id
            )));
        }
        if answer.digest != request.digest {
            return Err(EngagementError::Conflict(format!(
                "what `{}` asks about has changed: you saw {}, it is {} now; look again with \
                 `cloudcrew show {}`",
                request.id,
                short(&answer.digest),
                short(&request.digest),
                engagement.project
            )));
        }
        let event = Event::RequestAnswered { request: request.id.clone(), answer };
        if engagement.bring_in(place, std::slice::from_ref(&event), now).await? {
            let request = engagement.state.request(&given.request).cloned().unwrap_or(request);
            return Ok(Recorded { request, repeated: false });
        }
    }
}

/// Reads what an approval would bind: who approves a file that cannot be read approves nothing.
///
/// # Errors
/// When one of the request's deliverables cannot be read whole.
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
    EngagementError::Conflict(format!(
        "`{}` was already {} by {} ({}){words}",
        request.id,
        there.decision.name(),
        there.actor,
        there.channel
    ))
}

/// Whether a gate takes these ratings.
fn rated(asked: &[String], given: &[(String, u8)]) -> Result<(), EngagementError> {
    for (name, value) in given {
        if !asked.contains(name) {
            let asked = if asked.is_empty() { "nothing".to_owned() } else { asked.join(", ") };
            return Err(EngagementError::Usage(format!(
                "`{name}` cannot be rated here; this gate rates: {asked}"
            )));
        }
        if !(1..=5).contains(value) {
            return Err(EngagementError::Usage(format!("`{name}={value}`: a rating is 1 to 5")));
        }
    }
    Ok(())
}

/// The request, when this kind of answer fits it.
fn fitting(engagement: &Engagement, given: &Given) -> Result<Request, EngagementError> {
    let usage = |text: String| Err(EngagementError::Usage(text));
    let state = &engagement.state;
    let Some(request) = state.request(&given.request) else {
        let open: Vec<&str> = state.open_requests().map(|r| r.id.as_str()).collect();
        let what = if open.is_empty() {
            "nothing waits".to_owned()
        } else {
            format!("waiting: {}", open.join(", "))
        };
        return usage(format!(
            "`{}` has no request `{}`; {what}",
            engagement.project, given.request
        ));
    };
    if request.is_open() && state.end.is_some() {
        return Err(EngagementError::Conflict(format!(
            "`{}` has ended; nothing waits any more",
            engagement.project
        )));
    }
    match (&request.kind, &given.decision) {
        (RequestKind::Approval { ratings, .. }, Decision::Approve { ratings: given }) => {
            rated(ratings, given)?
        }
        (
            RequestKind::Approval { may_revise, ratings, .. },
            Decision::Revise { words, ratings: given },
        ) => {
            rated(ratings, given)?;
            if words.trim().is_empty() {
                return usage("say what should change: the words are empty".into());
            }
            if !may_revise && request.is_open() {
                let phase = &request.phase;
                return usage(format!(
                    "no revision is left (`phases/{phase}.yaml gate.max_revisions`): approve, or \
                     cancel"
                ));
            }
        }
        (RequestKind::Question { .. }, Decision::Answer { value }) => {
            if value == &Value::Null || value.as_str().is_some_and(|v| v.trim().is_empty()) {
                return usage("the answer is empty".into());
            }
        }
        (RequestKind::Budget { budget, unit, spent, needed, .. }, Decision::Answer { value }) => {
            let least = spent.saturating_add(*needed);
            match Raise::of(&request.kind, value) {
                Some(Raise::Stop) => {}
                Some(Raise::To(to)) if to >= least => {}
                Some(Raise::To(to)) => {
                    return usage(format!(
                        "{} are not enough for `{budget}`: {} are used and the next call may take \
                         {}; say at least {}, or `stop`",
                        unit.show(to),
                        unit.show(*spent),
                        unit.show(*needed),
                        unit.show(least)
                    ));
                }
                None => {
                    return usage(format!(
                        "say the new limit of `{budget}` as a number, or `stop`"
                    ));
                }
            }
        }
        (RequestKind::Question { .. } | RequestKind::Budget { .. }, _) => {
            return usage(format!(
                "`{}` wants an answer: use `cloudcrew answer {} {} \"...\"`",
                request.id, engagement.project, request.id
            ));
        }
        (RequestKind::Approval { .. }, _) => {
            return usage(format!(
                "`{}` is a gate: use `cloudcrew approve` or `cloudcrew revise`",
                request.id
            ));
        }
    }
    Ok(request.clone())
}
