//! `rehearsals/NAME.yaml`: how a rehearsal is bent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Written};

/// How a rehearsal is bent: without such a file everybody does what the definitions oblige them to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew rehearsal")]
pub struct RehearsalFile {
    /// Version of this file's form. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Its name; the file's name without `.yaml`.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_-]{0,62}$"))]
    pub rehearsal: Written<String>,
    /// One line about what it shows.
    pub description: Option<Written<String>>,
    /// Agents that behave otherwise. Each entry says who, and one thing that they do.
    pub agents: Option<Written<Vec<Written<AgentBend>>>>,
    /// Reviews that find fault.
    pub reviews: Option<Written<Vec<Written<ReviewBend>>>>,
    /// What the customer does at gates.
    pub gates: Option<Written<Vec<Written<GateBend>>>>,
    /// What the customer answers to questions.
    pub answers: Option<Written<Vec<Written<Answer>>>>,
}

/// An agent that behaves otherwise: give one of `asks`, `loops_with`, `writes`, `fails`, `takes`, `forgets`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgentBend {
    /// Who.
    pub agent: Written<String>,
    /// In which phase. Left out: in each.
    pub phase: Option<Written<String>>,
    /// How often in a phase. Default 1; `loops_with`, `takes` and `forgets` always last.
    #[schemars(range(min = 1, max = 100))]
    pub times: Option<Written<u32>>,
    /// Asks the customer this, before it works.
    pub asks: Option<Written<String>>,
    /// Hands to this agent instead of working.
    pub loops_with: Option<Written<String>>,
    /// Writes this path, before it works: inside its scope or not.
    pub writes: Option<Written<String>>,
    /// Its model call fails.
    pub fails: Option<Written<Failure>>,
    /// Each of its replies takes so long.
    pub takes: Option<Written<Duration>>,
    /// Never writes this deliverable.
    pub forgets: Option<Written<String>>,
}

/// How a model call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The provider is away and comes back later.
    Provider,
    /// The model refuses for good.
    Model,
}

/// A review that finds fault.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReviewBend {
    /// In which phase.
    pub phase: Written<String>,
    /// What it finds.
    pub finds: Written<String>,
    /// How often. Default 1.
    #[schemars(range(min = 1, max = 100))]
    pub times: Option<Written<u32>>,
}

/// What the customer does at a gate: give one of `revises`, `silent_for`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GateBend {
    /// After which phase.
    pub phase: Written<String>,
    /// Asks for changes with these words, once.
    pub revises: Option<Written<String>>,
    /// Says nothing for so long before deciding; reminders and expiry come due.
    pub silent_for: Option<Written<Duration>>,
}

/// What the customer answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Answer {
    /// A part of the question, in any case.
    pub question: Written<String>,
    /// The answer.
    pub answer: Written<String>,
}
