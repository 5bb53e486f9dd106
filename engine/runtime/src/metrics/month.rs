//! The totals of a month: a fold of the engagements that began in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::{PhaseFigures, Spent, Summary};
use crate::engagement::EndReason;

/// A month. Rehearsals and replays are a realm of their own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Month {
    /// By realm and workflow.
    pub workflows: BTreeMap<(bool, String), WorkflowTotal>,
    /// By realm, workflow and phase.
    pub phases: BTreeMap<(bool, String, String), PhaseTotal>,
    /// By realm, workflow, phase, agent and model.
    pub lines: BTreeMap<(bool, String, String, String, String), LineTotal>,
    /// How much is taken into account: it grows with each engagement, and as one goes on.
    pub as_of: u64,
}

/// A workflow in a month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkflowTotal {
    /// Engagements that ended.
    pub engagements: u64,
    /// Those with all phases done.
    pub completed: u64,
    /// Tokens and money of all of them.
    pub spent: Spent,
    /// Active time of swarms, in milliseconds.
    pub working_ms: u64,
    /// Time for which requests waited for people, in milliseconds.
    pub waiting_ms: u64,
    /// People who answered the survey.
    pub answers: u64,
    /// Engagements with an answer to the survey.
    pub surveyed: u64,
    /// Answers by question.
    pub survey: BTreeMap<String, Rated>,
}

/// A phase in a month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseTotal {
    /// Engagements in which it ran.
    pub engagements: u64,
    /// Engagements in which a person approved it, or asked for changes.
    pub decided: u64,
    /// Those in which a person approved it and no change was asked for.
    pub first_time: u64,
    /// Times that the customer asked for changes.
    pub revisions: u64,
    /// Times that its review sent it back.
    pub reworks: u64,
    /// Times that it started again after a limit or a failure.
    pub retries: u64,
    /// Handoffs between agents.
    pub handoffs: u64,
    /// Active time of swarms, in milliseconds.
    pub working_ms: u64,
    /// Time for which requests waited for people, in milliseconds.
    pub waiting_ms: u64,
    /// Tokens and money.
    pub spent: Spent,
    /// Ratings at its gate, by name.
    pub ratings: BTreeMap<String, Rated>,
}

/// An agent with a model in a phase, in a month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineTotal {
    /// Engagements in which it worked.
    pub engagements: u64,
    /// Engagements in which a person decided about the phase.
    pub decided: u64,
    /// Those in which no change was asked for.
    pub first_time: u64,
    /// Model replies.
    pub turns: u64,
    /// Active time, in milliseconds.
    pub working_ms: u64,
    /// Tokens and money.
    pub spent: Spent,
    /// Sum of the squares of the money of each engagement, in millionths of a square dollar.
    pub squares: u64,
}

impl PhaseTotal {
    /// Adds another month.
    pub fn add(&mut self, other: &PhaseTotal) {
        let pairs = [
            (&mut self.engagements, other.engagements),
            (&mut self.decided, other.decided),
            (&mut self.first_time, other.first_time),
            (&mut self.revisions, other.revisions),
            (&mut self.reworks, other.reworks),
            (&mut self.retries, other.retries),
            (&mut self.handoffs, other.handoffs),
            (&mut self.working_ms, other.working_ms),
            (&mut self.waiting_ms, other.waiting_ms),
        ];
        for (mine, theirs) in pairs {
            *mine = mine.saturating_add(theirs);
        }
        self.spent.add(&other.spent);
        for (name, rated) in &other.ratings {
            self.ratings.entry(name.clone()).or_default().add(rated);
        }
    }
}

impl LineTotal {
    /// Adds another month.
    pub fn add(&mut self, other: &LineTotal) {
        let pairs = [
            (&mut self.engagements, other.engagements),
            (&mut self.decided, other.decided),
            (&mut self.first_time, other.first_time),
            (&mut self.turns, other.turns),
            (&mut self.working_ms, other.working_ms),
            (&mut self.squares, other.squares),
        ];
        for (mine, theirs) in pairs {
            *mine = mine.saturating_add(theirs);
        }
        self.spent.add(&other.spent);
    }
}

/// Ratings from 1 to 5.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rated {
    /// Number of ratings.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
}

impl Rated {
    /// Adds a rating.
    pub fn rate(&mut self, rating: u8) {
        self.count += 1;
        self.sum += u64::from(rating);
    }

    /// Adds other ratings.
    pub fn add(&mut self, other: &Rated) {
        self.count += other.count;
        self.sum += other.sum;
    }
}

impl Month {
    /// Only live engagements, or only rehearsals and replays; of a workflow, if it is named.
    #[must_use]
    pub fn only(mut self, live: bool, workflow: Option<&str>) -> Month {
        let wanted =
            |of: bool, name: &str| of == live && workflow.is_none_or(|workflow| name == workflow);
        self.workflows.retain(|(of, name), _| wanted(*of, name));
        self.phases.retain(|(of, name, _), _| wanted(*of, name));
        self.lines.retain(|(of, name, ..), _| wanted(*of, name));
        self
    }

    /// The engagements of a list that have ended.
    pub fn of<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> Month {
        let mut month = Month::default();
        summaries.into_iter().for_each(|summary| month.take(summary));
        month
    }

    /// Adds an engagement that has ended; one that goes on is left out.
    pub fn take(&mut self, summary: &Summary) {
        let Some(end) = summary.end else { return };
        self.as_of = self.as_of.saturating_add(summary.through_seq).saturating_add(1);
        let (live, workflow) = (summary.live, &summary.workflow);
        let total = self.workflows.entry((live, workflow.clone())).or_default();
        total.engagements += 1;
        total.completed += u64::from(end == EndReason::Completed);
        total.spent.add(&summary.spent);
        total.working_ms = total.working_ms.saturating_add(summary.working_ms);
        total.waiting_ms = total.waiting_ms.saturating_add(summary.waiting_ms);
        total.surveyed += u64::from(!summary.surveys.is_empty());
        for survey in &summary.surveys {
            total.answers += 1;
            for (question, rating) in &survey.ratings {
                total.survey.entry(question.clone()).or_default().rate(*rating);
            }
        }
        for phase in &summary.phases {
            self.phase(live, workflow, phase);
        }
    }

    fn phase(&mut self, live: bool, workflow: &str, phase: &PhaseFigures) {
        let gate = phase.gate.filter(|gate| gate.by_person);
        let first = u64::from(gate.is_some_and(|gate| gate.first_time));
        let decided = u64::from(gate.is_some());
        let key = (live, workflow.to_owned(), phase.phase.clone());
        let total = self.phases.entry(key).or_default();
        total.engagements += 1;
        total.decided += decided;
        total.first_time += first;
        let runs = phase.runs.saturating_sub(1);
        total.revisions += u64::from(phase.revisions.unwrap_or(runs));
        total.reworks += u64::from(phase.reworks);
        total.retries += u64::from(phase.retries);
        total.handoffs += u64::from(phase.handoffs);
        total.working_ms = total.working_ms.saturating_add(phase.working_ms);
        total.waiting_ms = total.waiting_ms.saturating_add(phase.waiting_ms);
        total.spent.add(&phase.spent);
        for (name, rating) in phase.ratings.iter().filter(|_| gate.is_some()) {
            total.ratings.entry(name.clone()).or_default().rate(*rating);
        }
        for agent in &phase.agents {
            let key = (
                live,
                workflow.to_owned(),
                phase.phase.clone(),
                agent.agent.clone(),
                agent.model.clone(),
            );
            let line = self.lines.entry(key).or_default();
            line.engagements += 1;
            line.decided += decided;
            line.first_time += first;
            line.turns += u64::from(agent.turns);
            line.working_ms = line.working_ms.saturating_add(agent.working_ms);
            line.spent.add(&agent.spent);
            let squared = u128::from(agent.spent.micro_usd).pow(2) / 1_000_000;
            line.squares = line.squares.saturating_add(u64::try_from(squared).unwrap_or(u64::MAX));
        }
    }
}
