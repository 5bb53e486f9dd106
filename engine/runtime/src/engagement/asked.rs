//! The requests that gates, questions and budgets open.

use cloudcrew_definition::crew::{Gate, Phase};
use cloudcrew_definition::digest::hex;
use cloudcrew_plan::Outcome;
use sha2::{Digest, Sha256};

use super::event::ms;
use super::load::Engagement;
use super::request::{Request, RequestKind};
use crate::swarm::Question;

/// The role that answers requests.
pub(super) const CUSTOMER: &str = "customer";

/// The latest request of the gate in the current run of the phase.
pub(super) fn current_gate(engagement: &Engagement) -> Option<Request> {
    let state = &engagement.state;
    let revision = state.revision(state.phase()?);
    // Older versions let a request expire when another replaced it.
    let gone = |r: &Request| r.superseded || (r.expired && r.expires.is_none());
    state.gate_request().filter(|r| r.revision == revision && !gone(r)).cloned()
}

/// How often the customer has been asked to approve this run of the phase.
pub(super) fn asked_before(engagement: &Engagement, phase: &str, revision: u32) -> usize {
    let requests = &engagement.state.requests;
    requests
        .iter()
        .filter(|r| {
            r.phase == phase
                && r.revision == revision
                && matches!(r.kind, RequestKind::Approval { .. })
        })
        .count()
}

/// A gate's request to approve these files.
pub(super) fn new_gate(
    engagement: &Engagement,
    phase: &str,
    subject: Vec<(String, String)>,
) -> Option<Request> {
    let state = &engagement.state;
    let definition: &Phase = engagement.definition.phase(phase)?;
    let gate: &Gate = definition.gate.as_ref()?;
    let revision = state.revision(phase);
    let earlier = asked_before(engagement, phase, revision);
    let again = if earlier == 0 { String::new() } else { format!("-{}", earlier + 1) };
    let id = format!("{phase}-{revision}{again}");
    let may_revise =
        state.plan().next(&format!("{phase}.gate"), Outcome::Revised, &state.counters).is_ok();
    let returns = state.plan().returns(&format!("{phase}.gate"), &state.counters);
    // An engagement may have started after them.
    let begun = |name: &&str| state.progress(name).revision > 0;
    let revise_to = returns.into_iter().filter(begun).map(str::to_owned).collect();
    let findings = state.progress(phase).findings;
    Some(Request {
        kind: RequestKind::Approval {
            ratings: gate.ratings.clone(),
            may_revise,
            revise_to,
            findings,
        },
        phase: phase.to_owned(),
        revision,
        digest: digest(&id, &subject),
        subject,
        answerer: CUSTOMER.into(),
        opened: 0,
        remind_after: gate.remind_after.map(|t| ms(t) as i64),
        expires: gate.expires_after.map(|t| ms(t) as i64),
        on_expiry: gate.expires_after.map(|_| gate.on_expiry),
        approvers: gate.approvers.clone(),
        authors: Vec::new(),
        votes: Vec::new(),
        escalate_to: gate.escalate_to.clone(),
        escalated: false,
        reminders: 0,
        reminded: None,
        answer: None,
        answered: None,
        expired: false,
        superseded: false,
        id,
    })
}

/// The request for a question.
pub(super) fn new_question(
    engagement: &Engagement,
    phase: &str,
    id: &str,
    question: &Question,
) -> Request {
    let kind = RequestKind::Question {
        agent: question.agent.clone(),
        question: question.question.clone(),
        interrupt: question.id.clone(),
        form: question.form.clone(),
    };
    // Whoever answers has seen the choices too.
    let mut about = question.question.clone();
    question.form.choices.iter().for_each(|choice| about.push_str(&format!("\n{choice}")));
    asking(engagement, phase, id, kind, ("question".to_owned(), about))
}

/// A request without a deadline. It is reminded of at the same interval as the phase's questions.
pub(super) fn asking(
    engagement: &Engagement,
    phase: &str,
    id: &str,
    kind: RequestKind,
    about: (String, String),
) -> Request {
    let remind = engagement.definition.phase(phase).and_then(|p| p.question_reminder);
    Request {
        id: id.to_owned(),
        kind,
        phase: phase.to_owned(),
        revision: engagement.state.revision(phase),
        digest: digest(id, &[about]),
        subject: Vec::new(),
        answerer: CUSTOMER.into(),
        opened: 0,
        remind_after: remind.map(|t| ms(t) as i64),
        expires: None,
        on_expiry: None,
        approvers: None,
        authors: Vec::new(),
        votes: Vec::new(),
        escalate_to: None,
        escalated: false,
        reminders: 0,
        reminded: None,
        answer: None,
        answered: None,
        expired: false,
        superseded: false,
    }
}

/// Id of the request for a question.
pub(super) fn question_id(swarm: Option<&str>, question: &str) -> String {
    format!("{}-{question}", swarm.unwrap_or_default().replace('.', "-"))
}

/// Hex SHA-256 of what is asked about.
fn digest(id: &str, subject: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    hash.update(id);
    for (path, oid) in subject {
        hash.update([0]);
        hash.update(path);
        hash.update([0]);
        hash.update(oid);
    }
    hex(&hash.finalize())
}
