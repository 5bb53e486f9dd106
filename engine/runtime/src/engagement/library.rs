//! The library of patterns, as an engagement sees it.

use std::collections::BTreeSet;

use cloudcrew_definition::crew::{Pattern, PatternRules};
use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::memory::{MemoryKind, MemoryRecord, Space};
use cloudcrew_ports::pattern::{
    Card, MAX_CARDS, MAX_LIBRARY, PatternEvent, PatternUse, Patterns, UseOutcome,
};
use cloudcrew_ports::relevance::Question;
use cloudcrew_tools::Offered;

use super::event::Decision;
use super::load::Engagement;
use super::memory::space;
use super::request::RequestKind;
use super::state::{UsedPattern, is_persons};
use crate::patterns::{Evidence, Tier, evidence};

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
            let Evidence { tier, counted, succeeded, .. } =
                self.evidence(patterns, &digest).await?;
            // A name stands for one pattern that is not withdrawn: that of the workspace, or the
            // first.
            let named = tier != Tier::Withdrawn && names.insert(pattern.name.clone());
            if named && !self.is_held_out(&digest) {
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

    /// Adds a pattern to the library, for an engagement that has contributed so many. The inner
    /// error is a refusal.
    pub(super) async fn take(
        &self,
        patterns: &dyn Patterns,
        card: &Card,
        contributed: usize,
    ) -> Result<Result<(), String>, StoreError> {
        if !patterns.is_there() {
            return Ok(Err("this deployment has no pattern library".to_owned()));
        }
        let (name, digest) = (&card.pattern.name, card.pattern.digest());
        let cards = patterns.cards(&self.space).await?;
        for there in self.own.iter().chain(cards.iter().map(|card| &card.pattern)) {
            let same = there.digest() == digest;
            if !same && there.name != *name {
                continue;
            }
            let withdrawn = self.evidence(patterns, &there.digest()).await?.tier == Tier::Withdrawn;
            match (same, withdrawn) {
                (true, true) => return Ok(Err("these files were withdrawn".to_owned())),
                // A call that is repeated after a crash.
                (true, false) if there.name == *name => return Ok(Ok(())),
                (true, false) => {
                    return Ok(Err(format!("the pattern `{}` has the same files", there.name)));
                }
                (false, false) => {
                    return Ok(Err(format!("a pattern is named `{name}`; choose another name")));
                }
                (false, true) => {}
            }
        }
        if contributed >= AN_ENGAGEMENT {
            return Ok(Err(format!(
                "an engagement can contribute at most {AN_ENGAGEMENT} patterns"
            )));
        }
        let size = |pattern: &Pattern| -> usize {
            pattern.files.iter().map(|(path, text)| path.len() + text.len()).sum()
        };
        let all = size(&card.pattern) + cards.iter().map(|card| size(&card.pattern)).sum::<usize>();
        if cards.len() >= MAX_CARDS || all > MAX_LIBRARY {
            let why = format!(
                "the pattern library is full: it holds at most {MAX_CARDS} patterns and {} MiB",
                MAX_LIBRARY >> 20
            );
            return Ok(Err(why));
        }
        patterns.offer(&self.space, card).await?;
        Ok(Ok(()))
    }

    /// The evidence for a pattern.
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
    let revised = answers.iter().any(|(_, a)| matches!(a.decision, Decision::Revise { .. }));
    (if revised { UseOutcome::Failure } else { UseOutcome::Success }, id)
}
