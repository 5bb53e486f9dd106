//! The library of patterns, as an engagement sees it.

use std::collections::BTreeSet;

use cloudcrew_definition::crew::{Pattern, PatternRules};
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::memory::{MemoryKind, MemoryRecord, Space};
use cloudcrew_ports::pattern::{PatternEvent, PatternUse, Patterns, UseOutcome};
use cloudcrew_ports::relevance::Question;
use cloudcrew_tools::Offered;

use super::event::Decision;
use super::load::Engagement;
use super::memory::space;
use super::request::RequestKind;
use super::state::{UsedPattern, is_persons};
use crate::patterns::{Evidence, Tier, evidence};

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

    /// What is offered in the phase, with its evidence: what fits the query best comes first. A
    /// pattern that is withdrawn is not, nor one that is held out.
    pub(super) async fn offered(
        &self,
        patterns: &dyn Patterns,
        query: &str,
    ) -> Result<Vec<Offered>, StoreError> {
        let cards = patterns.cards(&self.space).await?;
        let all = self.own.iter().cloned().chain(cards.into_iter().map(|card| card.pattern));
        let (mut names, mut offered) = (BTreeSet::new(), Vec::new());
        for pattern in all {
            let digest = pattern.digest();
            // A name stands for one bundle: that of the workspace, or the first.
            if self.is_held_out(&digest) || !names.insert(pattern.name.clone()) {
                continue;
            }
            let Evidence { tier, counted, succeeded, .. } = self.evidence(patterns, &digest).await?;
            if tier != Tier::Withdrawn {
                let tier = tier.name();
                offered.push(Offered { pattern, tier, counted, succeeded });
            }
        }
        if query.trim().is_empty() {
            offered.sort_by_key(|o| std::cmp::Reverse((o.tier == "proven", o.succeeded)));
            return Ok(offered);
        }
        let texts: Vec<MemoryRecord> = offered.iter().map(|o| described(&o.pattern)).collect();
        let question = Question::among(query, texts.iter());
        let fits = |(o, text): (Offered, &MemoryRecord)| Some((question.fit(text)?, o));
        let mut fitting: Vec<(u64, Offered)> =
            offered.into_iter().zip(&texts).filter_map(fits).collect();
        fitting.sort_by_key(|(fit, o)| std::cmp::Reverse((*fit, o.succeeded)));
        Ok(fitting.into_iter().map(|(_, offered)| offered).collect())
    }

    /// The evidence for a bundle.
    pub(super) async fn evidence(
        &self,
        patterns: &dyn Patterns,
        digest: &str,
    ) -> Result<Evidence, StoreError> {
        let events = patterns.events(&self.space, digest).await?;
        Ok(evidence(&events, self.rules.min_lower_bound))
    }

    pub(super) fn rules(&self) -> PatternRules {
        self.rules
    }

    pub(super) fn space(&self) -> &Space {
        &self.space
    }

    /// Whether a bundle is kept from this phase, so that one can see whether it helps.
    fn is_held_out(&self, digest: &str) -> bool {
        let coin = sha256(format!("{}/{}/{digest}", self.identity, self.phase));
        let coin = u32::from_str_radix(&coin[..8], 16).unwrap_or(u32::MAX);
        coin % 100 < self.rules.hold_out
    }
}

/// A pattern as a text that a question may fit.
fn described(pattern: &Pattern) -> MemoryRecord {
    let tags = pattern.tags.join(" ");
    MemoryRecord {
        id: String::new(),
        kind: MemoryKind::Summary,
        about: format!("{} {tags} {}", pattern.name.replace('-', " "), pattern.category),
        text: format!("{} {}", pattern.title, pattern.description),
        sources: Vec::new(),
        verbatim: false,
        project: String::new(),
        phase: String::new(),
        by: String::new(),
        step: String::new(),
        at: 0,
    }
}

/// How the uses of a phase ended, as events of the library, with their digests and ids.
pub(super) fn outcomes(e: &Engagement, phase: &str) -> Vec<(String, String, PatternEvent)> {
    let state = &e.state;
    let outcome = outcome(e, phase);
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
        (used.digest.clone(), format!("{}/{}", state.started.identity, used.step), event)
    };
    let promoted = state.promoted.iter().map(|(step, digest, by, at)| {
        let event = PatternEvent::Promoted { by: by.clone(), at: *at };
        (digest.clone(), format!("{}/{step}", state.started.identity), event)
    });
    used.map(event).chain(promoted).collect()
}

/// How a phase ended, for the patterns that it used.
fn outcome(e: &Engagement, phase: &str) -> UseOutcome {
    let gates = e.state.requests.iter().filter(|request| {
        request.phase == phase && matches!(request.kind, RequestKind::Approval { .. })
    });
    let answers: Vec<_> = gates.filter_map(|request| request.answer.as_ref()).collect();
    let Some(last) = answers.last() else { return UseOutcome::Undecided };
    let approved = matches!(last.decision, Decision::Approve { .. });
    if !approved || !is_persons(last, &e.state.started.voice) {
        return UseOutcome::Undecided;
    }
    let revised = answers.iter().any(|a| matches!(a.decision, Decision::Revise { .. }));
    if revised { UseOutcome::Failure } else { UseOutcome::Success }
}
