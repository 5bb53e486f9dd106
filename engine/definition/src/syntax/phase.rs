//! `phases/NAME.yaml`: one part of the workflow.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Budget, Duration, Written, defaults, written};

/// One part of the workflow, done by one swarm.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew phase")]
pub struct PhaseFile {
    /// Version of this file's form. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Its name; the file's name without `.yaml`.
    #[schemars(regex(pattern = super::NAME_PATTERN), extend("x-cloudcrew-defines" = "phases", "examples" = ["discovery"]))]
    pub phase: Written<String>,
    /// One line about what it is for.
    #[schemars(extend("examples" = ["Understand what the customer asks for and agree on a plan"]))]
    pub description: Option<Written<String>>,
    /// Who works, and within which limits.
    pub swarm: Written<Swarm>,
    /// Path of the task text below `prompts/`, a Markdown file with MiniJinja variables.
    #[schemars(extend("x-cloudcrew-names" = "prompts", "examples" = ["prompts/tasks/discovery.md"]))]
    pub task: Written<String>,
    /// What the phase owes the customer. Left out: nothing.
    #[schemars(extend("examples" = [[{"path": "docs/project-plan/plan.md", "owner": "pm", "template": "project_plan", "reviewers": ["sa"]}]]))]
    pub deliverables: Option<Written<Vec<Written<Deliverable>>>>,
    /// The check of the deliverables after the swarm. Left out: none.
    #[schemars(extend("examples" = [{"agent": "pm", "depth": "light", "max_reworks": 1}]))]
    pub review: Option<Written<Review>>,
    /// The wait for the customer. Left out: the next phase begins at once.
    #[schemars(extend("examples" = [{"kind": "approval", "ratings": ["quality"], "max_revisions": 3, "remind_after": "24h"}]))]
    pub gate: Option<Written<Gate>>,
    /// What happens while an agent's question waits for the customer. Left out: nobody is reminded.
    #[schemars(extend("examples" = [{"remind_after": "30m"}]))]
    pub questions: Option<Written<Questions>>,
    /// What the phase may use, its reviews included. Left out: no limit.
    #[schemars(extend("examples" = [{"usd": 40, "at_limit": "ask"}]))]
    pub budget: Option<Written<Budget>>,
    /// How often the swarm is sent back when something that the phase owes is missing. Left out:
    /// `max_attempts: 1`.
    #[schemars(extend("examples" = [{"max_attempts": 2}]))]
    pub deliver: Option<Written<Deliver>>,
    /// New swarms after one that reached a limit or failed. Left out: none.
    #[schemars(extend("examples" = [{"max_attempts": 1, "timeout_factor": 1.5}]))]
    pub retry: Option<Written<Retry>>,
    /// How many process deaths are borne; the swarm goes on at the very step. Left out:
    /// `max_attempts: 10`.
    #[schemars(extend("examples" = [{"max_attempts": 10}]))]
    pub restart: Option<Written<Restart>>,
}

/// Who works, and within which limits.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Swarm {
    /// The agent with the first turn, one of `agents`.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
    pub entry: Written<String>,
    /// The members, in the order in which they see each other.
    #[schemars(length(min = 1), extend("x-cloudcrew-names" = "agents", "examples" = [["pm", "sa"]]))]
    pub agents: Written<Vec<Written<String>>>,
    /// Completed visits at most; N allows N-1 handoffs.
    #[schemars(range(min = 1, max = 1000), extend("default" = defaults::MAX_HANDOFFS))]
    pub max_handoffs: Option<Written<u32>>,
    /// Visits at most.
    #[schemars(range(min = 1, max = 1000), extend("default" = defaults::MAX_ITERATIONS))]
    pub max_iterations: Option<Written<u32>>,
    /// Model turns in one visit at most.
    #[schemars(range(min = 1, max = 100_000), extend("default" = defaults::MAX_TURNS))]
    pub max_turns: Option<Written<u32>>,
    /// Active time of the swarm at most; waiting for a person does not count.
    #[schemars(extend("default" = written(defaults::EXECUTION_TIMEOUT), "examples" = ["20m"]))]
    pub execution_timeout: Option<Written<Duration>>,
    /// Active time of one visit at most.
    #[schemars(extend("default" = written(defaults::NODE_TIMEOUT), "examples" = ["5m"]))]
    pub node_timeout: Option<Written<Duration>>,
    /// Looks at so many of the last visits for agents that only hand to each other. `0` is off.
    #[schemars(range(max = 1000), extend("default" = defaults::REPETITIVE_HANDOFF_DETECTION_WINDOW, "examples" = [6]))]
    pub repetitive_handoff_detection_window: Option<Written<u32>>,
    /// Different agents that must be among them; fewer end the swarm.
    #[schemars(range(max = 1000), extend("default" = defaults::REPETITIVE_HANDOFF_MIN_UNIQUE_AGENTS, "examples" = [2]))]
    pub repetitive_handoff_min_unique_agents: Option<Written<u32>>,
    /// Input and output tokens of one swarm at most. Left out: no limit.
    #[schemars(range(min = 1, max = 1_000_000_000_000u64), extend("examples" = [2000000]))]
    pub token_budget: Option<Written<u64>>,
    /// What happens to the turn in which an agent hands off.
    #[schemars(extend("default" = defaults::HANDOFF))]
    pub handoff: Option<Written<HandoffMode>>,
    /// How often a call that the provider refuses for now is tried again.
    #[schemars(extend("x-cloudcrew-left-out" = "defaults", "examples" = [{"max_attempts": 6, "initial_delay": "2s", "max_delay": "1m"}]))]
    pub retry: Option<Written<ProviderRetry>>,
}

/// What happens to the turn in which an agent hands off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffMode {
    /// The visit ends with that turn.
    Immediate,
    /// The agent goes on until it ends its visit itself.
    Continue,
}

/// How often a call that the provider refuses for now is tried again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ProviderRetry {
    /// Calls for one turn at most.
    #[schemars(range(min = 1, max = 100), extend("default" = defaults::PROVIDER_MAX_ATTEMPTS))]
    pub max_attempts: Option<Written<u32>>,
    /// Longest wait before the second call; it doubles with each further one.
    #[schemars(extend("default" = written(defaults::PROVIDER_INITIAL_DELAY), "examples" = ["2s"]))]
    pub initial_delay: Option<Written<Duration>>,
    /// Longest wait at all.
    #[schemars(extend("default" = written(defaults::PROVIDER_MAX_DELAY), "examples" = ["1m"]))]
    pub max_delay: Option<Written<Duration>>,
}

/// An artifact that the phase owes the customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Deliverable {
    /// Where it stands in the customer's repository, inside what its owner may write.
    #[schemars(extend("x-cloudcrew-defines" = "deliverables", "examples" = ["docs/project-plan/plan.md"]))]
    pub path: Written<String>,
    /// The agent that writes it, one of the swarm.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
    pub owner: Written<String>,
    /// Name of a template: `templates/NAME.md`. All its headings must be there, each with content.
    /// Left out: any form will do.
    #[schemars(extend("x-cloudcrew-names" = "templates", "examples" = ["project_plan"]))]
    pub template: Option<Written<String>>,
    /// Agents that must pass it before the phase's review does. Left out: none.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = [["sa"]]))]
    pub reviewers: Option<Written<Vec<Written<String>>>>,
    /// One line about it.
    #[schemars(extend("examples" = ["What will be delivered, and in which order"]))]
    pub description: Option<Written<String>>,
}

/// The check of the deliverables after the swarm.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Review {
    /// Who reviews; an agent with a tool that gives a verdict.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
    pub agent: Written<String>,
    /// How deep.
    pub depth: Written<Depth>,
    /// How often a failed review sends the swarm back with its findings; then the gate shows them.
    #[schemars(range(max = 20), extend("default" = defaults::MAX_REWORKS))]
    pub max_reworks: Option<Written<u32>>,
}

/// How deep a review goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// The deliverables are there, follow their templates and were passed by their reviewers.
    Light,
    /// As `light`, and each is read against the statement of work.
    Full,
}

/// The wait for the customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Gate {
    /// What is asked for.
    pub kind: Written<GateKind>,
    /// What an approval may rate, each 1 to 5. Left out: nothing.
    #[schemars(extend("examples" = [["quality", "relevance", "completeness"]]))]
    pub ratings: Option<Written<Vec<Written<String>>>>,
    /// How often the customer may ask for changes; then only approve or cancel.
    #[schemars(range(max = 100), extend("default" = defaults::MAX_REVISIONS))]
    pub max_revisions: Option<Written<u32>>,
    /// Reminds again after each such time without a decision. Left out: no reminders.
    #[schemars(extend("examples" = ["24h"]))]
    pub remind_after: Option<Written<Duration>>,
    /// The wait ends after this time. Left out: it has no end.
    #[schemars(extend("examples" = ["7d"]))]
    pub expires_after: Option<Written<Duration>>,
    /// What follows from the end of the wait.
    #[schemars(extend("default" = defaults::ON_EXPIRY))]
    pub on_expiry: Option<Written<OnExpiry>>,
}

/// What a gate asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// Approve or revise.
    Approval,
}

/// What follows when nobody decides in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnExpiry {
    /// The engagement ends as expired.
    Stop,
    /// The gate counts as approved, and the record says why.
    Approve,
}

/// What happens while an agent's question waits.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Questions {
    /// Reminds again after each such time without an answer. Left out: no reminders.
    #[schemars(extend("examples" = ["30m"]))]
    pub remind_after: Option<Written<Duration>>,
}

/// After each swarm the engine looks for what the phase owes: files, sections of their templates,
/// verdicts of their reviewers. Where something is missing, the work is sent back with a list of
/// it; then the gate shows the list. A phase without a gate fails.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Deliver {
    /// New swarms at most in which the crew may add what is missing.
    #[schemars(range(max = 20), extend("examples" = [defaults::MAX_DELIVERIES]))]
    pub max_attempts: Written<u32>,
}

/// New swarms after one that reached a limit or failed. Artifacts and ledger are kept, counters
/// begin at zero.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Retry {
    /// New swarms at most.
    #[schemars(range(max = 20), extend("examples" = [1]))]
    pub max_attempts: Written<u32>,
    /// The timeouts of each new swarm are those of the one before times this.
    #[schemars(range(min = 1, max = 10), extend("default" = defaults::TIMEOUT_FACTOR, "examples" = [1.5]))]
    pub timeout_factor: Option<Written<f64>>,
}

/// Process deaths. The swarm goes on at the very step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Restart {
    /// Deaths at the same step, with no progress in between, at most.
    #[schemars(range(min = 1, max = 1000), extend("examples" = [defaults::MAX_RESTARTS]))]
    pub max_attempts: Written<u32>,
}
