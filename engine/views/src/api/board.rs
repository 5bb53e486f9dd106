//! The work of an engagement, deliverable by deliverable.

use cloudcrew_runtime::engagement::{Engagement, VerdictRecord, WorkItem};
use serde::Serialize;
use utoipa::ToSchema;

/// The board.
#[derive(Debug, Serialize, ToSchema)]
pub struct Board {
    /// One card for each deliverable, in the order of the phases.
    pub cards: Vec<Card>,
    /// Work items of all phases, in the order they were created.
    pub items: Vec<BoardItem>,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// A deliverable.
#[derive(Debug, Serialize, ToSchema)]
pub struct Card {
    /// Its path in the repository.
    pub path: String,
    /// What it is for.
    pub description: String,
    /// The phase that owes it.
    pub phase: String,
    /// The agent that writes it.
    pub owner: String,
    /// How far it is.
    pub state: CardState,
    /// Run of the phase that last wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// Its object id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// Its reviewers, and what they said.
    pub reviews: Vec<CardReview>,
    /// What was found missing or wrong.
    pub findings: Vec<String>,
}

/// A work item that an agent keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct BoardItem {
    /// Its name, unique in the phase.
    pub name: String,
    /// The phase.
    pub phase: String,
    /// What is to be done.
    pub title: String,
    /// `todo`, `doing`, `done` or `dropped`.
    pub state: String,
    /// The agent who does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// Path of the deliverable that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliverable: Option<String>,
}

/// How far a deliverable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CardState {
    /// Its phase has not begun.
    Planned,
    /// Its phase is at work, and it is not written.
    Due,
    /// It is written.
    Written,
    /// All its reviewers have passed this version.
    Reviewed,
    /// The customer has approved this version.
    Approved,
}

/// A review of a deliverable.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardReview {
    /// The agent.
    pub agent: String,
    /// What it said.
    pub verdict: CardVerdict,
}

/// What a reviewer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CardVerdict {
    /// Nothing yet.
    Open,
    /// It passed this version.
    Passed,
    /// It did not pass it.
    Failed,
    /// It saw an older version.
    Outdated,
}

impl Board {
    /// The board of an engagement.
    pub fn new(e: &Engagement) -> Board {
        let phases = e.state.plan().entries.iter();
        let cards = phases.flat_map(|(phase, _)| cards(e, phase)).collect();
        let item = |item: &WorkItem| BoardItem {
            name: item.name.clone(),
            phase: item.phase.clone(),
            title: item.title.clone(),
            state: item.state.name().to_owned(),
            assignee: item.assignee.clone(),
            deliverable: item.deliverable.clone(),
        };
        Board { cards, items: e.state.items.iter().map(item).collect(), as_of: e.head.seq }
    }
}

fn cards(e: &Engagement, phase: &str) -> Vec<Card> {
    let progress = e.state.progress(phase);
    let owed = e.definition.phase(phase).into_iter().flat_map(|phase| &phase.deliverables);
    owed.map(|owed| {
        let there = e.state.artifacts.get(&owed.path);
        let verdict = |agent: &String| {
            let said = progress.verdicts.get(&(owed.path.clone(), agent.clone()));
            let verdict = said.map_or(CardVerdict::Open, |said| {
                verdict(said, there.map(|there| there.oid.as_str()))
            });
            CardReview { agent: agent.clone(), verdict }
        };
        let reviews: Vec<CardReview> = owed.reviewers.iter().map(verdict).collect();
        let passed = reviews.iter().all(|review| review.verdict == CardVerdict::Passed);
        let is_approved = |oid: &str| {
            let approved = progress.approved.iter().flatten();
            approved.into_iter().any(|(path, there)| *path == owed.path && there == oid)
        };
        let state = match there {
            Some(there) if is_approved(&there.oid) => CardState::Approved,
            Some(_) if passed && !reviews.is_empty() => CardState::Reviewed,
            Some(_) => CardState::Written,
            None if progress.swarms > 0 => CardState::Due,
            None => CardState::Planned,
        };
        let findings = progress.findings.iter().filter(|finding| finding.path == owed.path);
        Card {
            path: owed.path.clone(),
            description: owed.description.clone(),
            phase: phase.to_owned(),
            owner: owed.owner.clone(),
            state,
            run: there.map(|there| there.revision),
            oid: there.map(|there| there.oid.clone()),
            reviews,
            findings: findings.map(|finding| finding.text.clone()).collect(),
        }
    })
    .collect()
}

fn verdict(said: &VerdictRecord, oid: Option<&str>) -> CardVerdict {
    match said.passed {
        _ if said.oid.as_deref() != oid => CardVerdict::Outdated,
        true => CardVerdict::Passed,
        false => CardVerdict::Failed,
    }
}
