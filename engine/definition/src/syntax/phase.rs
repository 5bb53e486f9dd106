//! `phases/NAME.yaml`: one part of the workflow.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Allowed, Budget, Duration, Entries, Written, defaults, written};

/// One part of the workflow, done by one swarm.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew phase")]
pub struct PhaseFile {
    /// Version of the file format. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Name of the phase; must equal the file name without `.yaml`.
    #[schemars(regex(pattern = super::NAME_PATTERN), extend("x-cloudcrew-defines" = "phases",
        "examples" = ["discovery"]))]
    pub phase: Written<String>,
    /// One line about the purpose of the phase.
    #[schemars(extend("examples" = ["Understand what the customer asks for and agree on a plan"]))]
    pub description: Option<Written<String>>,
    /// The agents that do the work, and their limits.
    pub swarm: Written<Swarm>,
    /// Path of the task, a Markdown file in `prompts/` with MiniJinja variables.
    #[schemars(extend("x-cloudcrew-names" = "prompts",
        "examples" = ["prompts/tasks/discovery.md"]))]
    pub task: Written<String>,
    /// Name of a model in `models`, for all agents of the phase. By default, each uses its own.
    #[schemars(extend("x-cloudcrew-names" = "models", "examples" = ["opus"]))]
    pub model: Option<Written<String>>,
    /// Models for individual agents in this phase. They override `model`.
    #[schemars(extend("examples" = [{"sa": "opus"}]))]
    pub models: Option<Written<Cast>>,
    /// The artifacts that the phase owes the customer. Optional.
    #[schemars(extend("examples" = [[{"path": "docs/project-plan/plan.md", "owner": "pm",
        "template": "project_plan", "reviewers": ["sa"]}]]))]
    pub deliverables: Option<Written<Vec<Written<Deliverable>>>>,
    /// The check of the deliverables after the swarm. If omitted, the phase has no review.
    #[schemars(extend("examples" = [{"agent": "pm", "depth": "light", "max_reworks": 1}]))]
    pub review: Option<Written<Review>>,
    /// The wait for the customer's decision. Without it, the next phase starts at once.
    #[schemars(extend("examples" = [{"kind": "approval", "ratings": ["quality"], "max_revisions": 3,
        "remind_after": "24h"}]))]
    pub gate: Option<Written<Gate>>,
    /// What happens while an agent's question waits for the customer. By default, no reminders are
    /// sent.
    #[schemars(extend("examples" = [{"remind_after": "30m"}]))]
    pub questions: Option<Written<Questions>>,
    /// The budget of the phase, including its reviews. Defaults to no limit.
    #[schemars(extend("examples" = [{"usd": 40, "at_limit": "ask"}]))]
    pub budget: Option<Written<Budget>>,
    /// Notes from earlier work that are shown to agents at the start of a visit, as data and never
    /// as instructions. By default, none.
    #[schemars(extend("examples" = [{"lessons": 2, "preferences": 3, "summaries": 4,
        "tokens": 1500}]))]
    pub recall: Option<Written<Recall>>,
    /// How often the swarm is sent back because deliverables are incomplete. Defaults to
    /// `max_attempts: 1`.
    #[schemars(extend("examples" = [{"max_attempts": 2}]))]
    pub deliver: Option<Written<Deliver>>,
    /// New swarms after one that failed or reached a limit. By default, there are none.
    #[schemars(extend("examples" = [{"max_attempts": 1, "timeout_factor": 1.5}]))]
    pub retry: Option<Written<Retry>>,
    /// How many crashes of the process are tolerated. After a crash, the swarm resumes at the same
    /// step. Defaults to `max_attempts: 10`.
    #[schemars(extend("examples" = [{"max_attempts": 10}]))]
    pub restart: Option<Written<Restart>>,
    /// Warnings of this file that are intended. Optional.
    #[schemars(extend("examples" = [[{"rule": "too-few-visits", "at": "max_handoffs",
        "reason": "The pilot stops early"}]]))]
    pub allow: Option<Written<Vec<Written<Allowed>>>>,
}

/// Models, keyed by agent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Cast(pub Entries<String>);

impl JsonSchema for Cast {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cast".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "minProperties": 1,
            "propertyNames": { "pattern": super::NAME_PATTERN, "x-cloudcrew-names": "agents" },
            "additionalProperties": { "type": "string", "x-cloudcrew-names": "models" },
        })
    }
}

/// A swarm's limits, with further keys before them.
macro_rules! with_limits {
    ($(#[$about:meta])* pub struct $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub struct $name {
            $($own)*
            /// Maximum number of completed visits. N allows N-1 handoffs.
            #[schemars(range(min = 1, max = 1000), extend("default" = defaults::MAX_HANDOFFS))]
            pub max_handoffs: Option<Written<u32>>,
            /// Maximum number of visits.
            #[schemars(range(min = 1, max = 1000), extend("default" = defaults::MAX_ITERATIONS))]
            pub max_iterations: Option<Written<u32>>,
            /// Maximum number of model turns in one visit.
            #[schemars(range(min = 1, max = 100_000), extend("default" = defaults::MAX_TURNS))]
            pub max_turns: Option<Written<u32>>,
            /// Maximum active time of the swarm. Time spent waiting for a person does not count.
            #[schemars(extend("default" = written(defaults::EXECUTION_TIMEOUT),
                "examples" = ["20m"]))]
            pub execution_timeout: Option<Written<Duration>>,
            /// Maximum active time of one visit.
            #[schemars(extend("default" = written(defaults::NODE_TIMEOUT), "examples" = ["5m"]))]
            pub node_timeout: Option<Written<Duration>>,
            /// Number of recent visits that are checked for agents that only hand off to each
            /// other. `0` disables the check.
            #[schemars(range(max = 1000), extend(
                "default" = defaults::REPETITIVE_HANDOFF_DETECTION_WINDOW,
                "examples" = [6]))]
            pub repetitive_handoff_detection_window: Option<Written<u32>>,
            /// Minimum number of different agents in that window. With fewer, the swarm ends.
            #[schemars(range(max = 1000), extend(
                "default" = defaults::REPETITIVE_HANDOFF_MIN_UNIQUE_AGENTS,
                "examples" = [2]))]
            pub repetitive_handoff_min_unique_agents: Option<Written<u32>>,
            /// Maximum number of input and output tokens of one swarm. Defaults to no limit.
            #[schemars(range(min = 1, max = 1_000_000_000_000u64), extend("examples" = [2000000]))]
            pub token_budget: Option<Written<u64>>,
            /// When an agent's visit ends after a handoff.
            #[schemars(extend("default" = defaults::HANDOFF))]
            pub handoff: Option<Written<HandoffMode>>,
            /// How often a call is retried after a temporary refusal by the provider.
            #[schemars(extend("x-cloudcrew-left-out" = "defaults", "examples" = [{"max_attempts": 6,
                "initial_delay": "2s", "max_delay": "1m"}]))]
            pub retry: Option<Written<ProviderRetry>>,
        }
    };
}

with_limits! {
    /// The agents that do the work, and their limits.
    pub struct Swarm {
        /// The agent that takes the first turn; one of `agents`.
        #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
        pub entry: Written<String>,
        /// The members of the swarm. They see each other in this order.
        #[schemars(length(min = 1), extend("x-cloudcrew-names" = "agents", "examples" = [["pm",
            "sa"]]))]
        pub agents: Written<Vec<Written<String>>>,
    }
}

with_limits! {
    /// Limits of swarms.
    pub struct SwarmDefaults {}
}

/// Values that phases share. A phase overrides them key by key.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PhaseDefaults {
    /// Limits of every swarm.
    #[schemars(extend("examples" = [{"max_turns": 30, "node_timeout": "5m"}]))]
    pub swarm: Option<Written<SwarmDefaults>>,
    /// Values for phases with a `review`. A phase without one stays without.
    #[schemars(extend("examples" = [{"agent": "pm", "depth": "light"}]))]
    pub review: Option<Written<Review>>,
    /// Values for phases with a `gate`. A phase without one stays without.
    #[schemars(extend("examples" = [{"ratings": ["quality"], "remind_after": "24h"}]))]
    pub gate: Option<Written<Gate>>,
    /// Settings for the questions of agents in every phase.
    #[schemars(extend("examples" = [{"remind_after": "30m"}]))]
    pub questions: Option<Written<Questions>>,
    /// What agents of every phase are shown at the start of a visit.
    #[schemars(extend("examples" = [{"lessons": 2, "summaries": 4}]))]
    pub recall: Option<Written<Recall>>,
    /// What happens in every phase when deliverables are incomplete.
    #[schemars(extend("examples" = [{"max_attempts": 2}]))]
    pub deliver: Option<Written<Deliver>>,
    /// How often every phase starts a new swarm after one that failed or reached a limit.
    #[schemars(extend("examples" = [{"max_attempts": 1}]))]
    pub retry: Option<Written<Retry>>,
    /// How many crashes every phase tolerates.
    #[schemars(extend("examples" = [{"max_attempts": 5}]))]
    pub restart: Option<Written<Restart>>,
}

/// When an agent's visit ends after a handoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffMode {
    /// The visit ends with the current turn.
    Immediate,
    /// The agent continues until it ends the visit itself.
    Continue,
}

/// How often a call is retried after a temporary refusal by the provider.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ProviderRetry {
    /// Maximum number of calls for one turn.
    #[schemars(range(min = 1, max = 100), extend("default" = defaults::PROVIDER_MAX_ATTEMPTS))]
    pub max_attempts: Option<Written<u32>>,
    /// Maximum wait before the second call. It doubles with each further call.
    #[schemars(extend("default" = written(defaults::PROVIDER_INITIAL_DELAY), "examples" = ["2s"]))]
    pub initial_delay: Option<Written<Duration>>,
    /// Upper limit of the wait between calls.
    #[schemars(extend("default" = written(defaults::PROVIDER_MAX_DELAY), "examples" = ["1m"]))]
    pub max_delay: Option<Written<Duration>>,
}

/// An artifact that the phase owes the customer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Deliverable {
    /// Path in the customer's repository, inside the write scope of its owner.
    #[schemars(extend("x-cloudcrew-defines" = "deliverables",
        "examples" = ["docs/project-plan/plan.md"]))]
    pub path: Written<String>,
    /// The agent that writes it; a member of the swarm.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
    pub owner: Written<String>,
    /// Name of a template: `templates/NAME.md`. The deliverable must contain all its headings, each
    /// with content. Without a template, any structure is accepted.
    #[schemars(extend("x-cloudcrew-names" = "templates", "examples" = ["project_plan"]))]
    pub template: Option<Written<String>>,
    /// Agents that must pass the deliverable before the review of the phase can. Optional.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = [["sa"]]))]
    pub reviewers: Option<Written<Vec<Written<String>>>>,
    /// One line about the deliverable.
    #[schemars(extend("examples" = ["What will be delivered, and in which order"]))]
    pub description: Option<Written<String>>,
}

/// The check of the deliverables after the swarm.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Review {
    /// The agent that reviews. It needs a tool that gives a verdict. Required here or in
    /// `defaults`.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
    pub agent: Option<Written<String>>,
    /// How thorough the review is. Required here or in `defaults`.
    pub depth: Option<Written<Depth>>,
    /// How often a failed review sends its findings back to the swarm. After that, the gate shows
    /// the findings.
    #[schemars(range(max = 20), extend("default" = defaults::MAX_REWORKS))]
    pub max_reworks: Option<Written<u32>>,
}

/// How thorough a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// Checks that the deliverables exist, follow their templates and have been passed by their
    /// reviewers.
    Light,
    /// Like `light`, and also checks each deliverable against the statement of work.
    Full,
}

/// The wait for the customer's decision.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Gate {
    /// The kind of decision.
    #[schemars(extend("default" = defaults::GATE_KIND))]
    pub kind: Option<Written<GateKind>>,
    /// Names of the ratings that an approval may include, each from 1 to 5. Optional.
    #[schemars(extend("examples" = [["quality", "relevance", "completeness"]]))]
    pub ratings: Option<Written<Vec<Written<String>>>>,
    /// How often the customer may ask for changes. After that, only approval or cancellation is
    /// possible.
    #[schemars(range(max = 100), extend("default" = defaults::MAX_REVISIONS))]
    pub max_revisions: Option<Written<u32>>,
    /// Earlier phases to which the customer may return the work. All phases from there on run
    /// again, and their gates ask again. Counts as a request for changes. By default, only the
    /// phase of the gate runs again.
    #[schemars(length(min = 1), extend("x-cloudcrew-names" = "phases",
        "examples" = [["discovery", "architecture"]]))]
    pub revise_to: Option<Written<Vec<Written<String>>>>,
    /// Interval between reminders until the gate is decided. By default, no reminders are sent.
    #[schemars(extend("examples" = ["24h"]))]
    pub remind_after: Option<Written<Duration>>,
    /// Time after which the gate expires. By default, it never expires.
    #[schemars(extend("examples" = ["7d"]))]
    pub expires_after: Option<Written<Duration>>,
    /// What happens when the gate expires.
    #[schemars(extend("default" = defaults::ON_EXPIRY))]
    pub on_expiry: Option<Written<OnExpiry>>,
    /// The group that may decide as well after the gate has expired once. Needed with `on_expiry:
    /// escalate`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
        extend("examples" = ["directors"]))]
    pub escalate_to: Option<Written<String>>,
    /// The people who must approve. By default, one person who may decide in the engagement.
    #[schemars(extend("examples" = [{"groups": ["finance"], "quorum": 2, "not_own": true}]))]
    pub approvers: Option<Written<Approvers>>,
}

/// The people who must approve. Anyone of them may ask for changes, which decides the gate at once.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Approvers {
    /// Groups whose members may decide. By default, anyone who may decide in the engagement.
    #[schemars(length(min = 1, max = 20), extend("examples" = [["finance", "security"]]))]
    pub groups: Option<Written<Vec<Written<String>>>>,
    /// Number of people who must approve. Each person counts once.
    #[schemars(range(min = 1, max = 20), extend("default" = defaults::QUORUM))]
    pub quorum: Option<Written<u32>>,
    /// Whether the person who started the engagement may not decide.
    #[schemars(extend("default" = defaults::NOT_OWN))]
    pub not_own: Option<Written<bool>>,
}

/// The kind of decision that a gate asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    /// The customer approves or asks for changes.
    Approval,
}

/// What happens when no one decides in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnExpiry {
    /// The engagement ends as expired.
    Stop,
    /// The gate counts as approved, and the journal records why.
    Approve,
    /// The deadline is extended once, and the group in `escalate_to` may decide as well. After
    /// that, the engagement ends as expired.
    Escalate,
}

/// What happens while an agent's question waits for an answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Questions {
    /// Interval between reminders until an answer arrives. By default, no reminders are sent.
    #[schemars(extend("examples" = ["30m"]))]
    pub remind_after: Option<Written<Duration>>,
    /// How long the crew stays at work for an answer, at most 10 minutes. Whoever answers within
    /// this time does not wait for the crew to return; on AWS, that takes a new container. By
    /// default, the crew leaves at once, and waiting costs nothing.
    #[schemars(extend("examples" = ["60s"]))]
    pub linger: Option<Written<Duration>>,
}

/// Notes from earlier work that are shown to agents at the start of a visit, as data and never as
/// instructions. What is shown is recorded.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Recall {
    /// Maximum number of lessons of earlier engagements that fit the phase.
    #[schemars(range(max = 20), extend("default" = defaults::RECALL))]
    pub lessons: Option<Written<u32>>,
    /// Maximum number of preferences of the customer.
    #[schemars(range(max = 20), extend("default" = defaults::RECALL))]
    pub preferences: Option<Written<u32>>,
    /// Maximum number of summaries of earlier work in the engagement.
    #[schemars(range(max = 20), extend("default" = defaults::RECALL))]
    pub summaries: Option<Written<u32>>,
    /// Maximum total tokens for all notes, estimated at 4 bytes each.
    #[schemars(range(min = 100, max = 20_000), extend("default" = defaults::RECALL_TOKENS))]
    pub tokens: Option<Written<u32>>,
}

/// What happens when deliverables are incomplete. After each swarm, the engine checks that the
/// files, the sections of their templates and the verdicts of their reviewers are complete. If
/// something is missing, a new swarm starts with a list of it. When the attempts are used up, the
/// gate shows the list; a phase without a gate fails.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Deliver {
    /// Maximum number of new swarms that complete the deliverables.
    #[schemars(range(max = 20), extend("default" = defaults::MAX_DELIVERIES))]
    pub max_attempts: Option<Written<u32>>,
}

/// New swarms after one that failed or reached a limit. Artifacts and the ledger are kept, and
/// counters restart at zero.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Retry {
    /// Maximum number of new swarms.
    #[schemars(range(max = 20), extend("default" = defaults::MAX_RETRIES, "examples" = [1]))]
    pub max_attempts: Option<Written<u32>>,
    /// Factor by which the timeouts grow with each new swarm.
    #[schemars(range(min = 1, max = 10), extend("default" = defaults::TIMEOUT_FACTOR,
        "examples" = [1.5]))]
    pub timeout_factor: Option<Written<f64>>,
}

/// Crashes of the process. The swarm resumes at the same step.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Restart {
    /// Maximum number of crashes at the same step without progress.
    #[schemars(range(min = 1, max = 1000), extend("default" = defaults::MAX_RESTARTS))]
    pub max_attempts: Option<Written<u32>>,
}
