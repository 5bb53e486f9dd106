//! The library of patterns, as an engagement sees it.

use cloudcrew_definition::crew::{Pattern, PatternRules};
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::memory::Space;
use cloudcrew_ports::pattern::{Card, PatternEvent, PatternUse, Patterns, UseOutcome};
use cloudcrew_tools::Offered;

use super::event::Decision;
use super::load::Engagement;
use super::memory::space;
use super::request::RequestKind;
use super::state::{UsedPattern, is_persons};
use crate::patterns::{Found, all, contribute, fitting, may_promote};

/// Maximum number of patterns that an engagement can contribute.
const AN_ENGAGEMENT: usize = 20;

/// What an engagement needs to know to look into the library.
pub(super) struct Shelf {
    space: Space,
    /// Patterns of the workspace.
    own: Vec<Pattern>,
    rules: PatternRules,
    identity: String,
    phase: String,
}

impl Shelf {
    pub(super) fn of(e: &Engagement, phase: &str) -> Shelf {
        let workflow = e.definition.workflow(&e.state.started.workflow);
        Shelf {
            space: space(&e.state.started),
            own: e.definition.patterns.clone(),
            rules: workflow.and_then(|workflow| workflow.patterns).unwrap_or_default(),
            identity: e.state.started.identity.clone(),
            phase: phase.to_owned(),
        }
    }

    /// What is offered in the phase: what fits the query best comes first. A pattern that is
    /// withdrawn is not, nor one that is held out.
    pub(super) async fn offered(
        &self,
        patterns: &dyn Patterns,
        query: &str,
    ) -> Result<Vec<Found>, StoreError> {
        let least = self.rules.min_lower_bound;
        let mut found = all(patterns, &self.space, &self.own, least).await?;
        found.retain(|found| !found.is_withdrawn() && !self.is_held_out(&found.pattern.digest()));
        Ok(fitting(found, query))
    }

    /// Adds a pattern to the library, for an engagement that has contributed so many. The inner
    /// error is a refusal.
    pub(super) async fn take(
        &self,
        patterns: &dyn Patterns,
        card: &Card,
        contributed: usize,
    ) -> Result<Result<(), String>, StoreError> {
        if contributed >= AN_ENGAGEMENT {
            return Ok(Err(format!(
                "an engagement can contribute at most {AN_ENGAGEMENT} patterns"
            )));
        }
        contribute(patterns, &self.space, &self.own, card).await
    }

    /// The digest of a pattern that may be promoted now. The inner error says what is missing.
    pub(super) async fn promotes(
        &self,
        patterns: &dyn Patterns,
        name: &str,
    ) -> Result<Result<String, String>, StoreError> {
        let all = self.offered(patterns, "").await?;
        let Some(found) = all.into_iter().find(|found| found.pattern.name == name) else {
            return Ok(Err("there is no such pattern".to_owned()));
        };
        let allowed = may_promote(&found.evidence, self.rules.min_lower_bound);
        Ok(allowed.map(|()| found.pattern.digest()))
    }

    /// Whether a bundle is kept from this phase, so that one can see whether it helps.
    fn is_held_out(&self, digest: &str) -> bool {
        let coin = sha256(format!("{}/{}/{digest}", self.identity, self.phase));
        let coin = u32::from_str_radix(&coin[..8], 16).unwrap_or(u32::MAX);
        coin % 100 < self.rules.hold_out
    }
}

/// How the uses of a phase ended, as events of the library, with their digests and ids.
pub(super) fn outcomes(e: &Engagement, phase: &str) -> Vec<(String, String, PatternEvent)> {
    let state = &e.state;
    let (outcome, request) = outcome(e, phase);
    let used = state.patterns.iter().filter(|used| used.phase == phase);
    let event = |used: &UsedPattern| {
        let event = PatternEvent::Used(PatternUse {
            step: used.step.clone(),
            project: e.project.clone(),
            phase: used.phase.clone(),
            by: used.by.clone(),
            paths: used.paths.clone(),
            live: state.started.voice.is_live(),
            own: state.contributed.contains(&used.digest),
            outcome,
            at: used.at,
        });
        // Whoever decides again is heard again.
        let id = format!("{}/{}/{request}", state.started.identity, used.step);
        (used.digest.clone(), id, event)
    };
    let promoted = state.promoted.iter().map(|(step, digest, by, at)| {
        let event = PatternEvent::Promoted { by: by.clone(), at: *at };
        (digest.clone(), format!("{}/{step}", state.started.identity), event)
    });
    used.map(event).chain(promoted).collect()
}

/// How a phase ended, for the patterns that it used, and the request that says so.
fn outcome<'a>(e: &'a Engagement, phase: &str) -> (UseOutcome, &'a str) {
    let gates = e.state.requests.iter().filter(|request| {
        request.phase == phase && matches!(request.kind, RequestKind::Approval { .. })
    });
    let answers = gates.filter_map(|request| Some((&request.id, request.answer.as_ref()?)));
    let answers: Vec<_> = answers.collect();
    let Some((id, last)) = answers.last() else { return (UseOutcome::Undecided, "") };
    let approved = matches!(last.decision, Decision::Approve { .. });
    if !approved || !is_persons(last, &e.state.started.voice) {
        return (UseOutcome::Undecided, id);
    }
    let revised = e.state.requests.iter().any(|request| request.sends_back() == Some(phase));
    (if revised { UseOutcome::Failure } else { UseOutcome::Success }, id)
}

/// A pattern as tools see it.
pub(super) fn offer(found: Found) -> Offered {
    let Found { pattern, evidence, .. } = found;
    let tier = evidence.tier.name();
    Offered { pattern, tier, counted: evidence.counted, succeeded: evidence.succeeded }
}
