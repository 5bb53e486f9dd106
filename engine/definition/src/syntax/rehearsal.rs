//! `rehearsals/NAME.yaml`: how a rehearsal deviates from the definitions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Allowed, Duration, Entries, InputValue, Written, defaults};

/// How a rehearsal deviates from the definitions. Without this file, agents and the customer do
/// exactly what the definitions ask for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew rehearsal")]
pub struct RehearsalFile {
    /// Version of the file format. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Name of the rehearsal; must equal the file name without `.yaml`.
    #[schemars(regex(pattern = super::NAME_PATTERN), extend("x-cloudcrew-defines" = "rehearsals",
        "examples" = ["revision"]))]
    pub rehearsal: Written<String>,
    /// One line about what the rehearsal shows.
    #[schemars(extend("examples" = ["The customer sends the plan back once"]))]
    pub description: Option<Written<String>>,
    /// The workflow to rehearse. Defaults to `delivery`, or to the only workflow.
    #[schemars(extend("x-cloudcrew-names" = "workflows", "examples" = ["delivery"]))]
    pub workflow: Option<Written<String>>,
    /// Path of the statement of work, a file in `examples/sow/`. Required for a test. `run
    /// --rehearsal` uses it unless `--sow` is given.
    #[schemars(extend("examples" = ["examples/sow/retail-orders.md"]))]
    pub sow: Option<Written<String>>,
    /// Values of the workflow's inputs, keyed by input. Those with a default may be left out.
    #[schemars(extend("examples" = [{"region": "eu-central-1"}]))]
    pub inputs: Option<Written<Entries<InputValue>>>,
    /// Agents that behave differently. Each entry names an agent and one thing that it does.
    #[schemars(extend("examples" = [[{"agent": "sa", "phase": "architecture", "asks": "In which \
        region must personal data stay?"}]]))]
    pub agents: Option<Written<Vec<Written<AgentBend>>>>,
    /// Reviews that fail.
    #[schemars(extend("examples" = [[{"phase": "architecture", "finds": "There is no way back from \
        a failed release."}]]))]
    pub reviews: Option<Written<Vec<Written<ReviewBend>>>>,
    /// The customer's behaviour at gates.
    #[schemars(extend("examples" = [[{"phase": "discovery", "revises": "Name who is responsible \
        for compliance."}]]))]
    pub gates: Option<Written<Vec<Written<GateBend>>>>,
    /// The customer's answers to questions.
    #[schemars(extend("examples" = [[{"question": "region", "answer": "eu-west-1 for all personal \
        data"}]]))]
    pub answers: Option<Written<Vec<Written<Answer>>>>,
    /// The expected result. It turns the rehearsal into a test, which `cloudcrew test` runs.
    #[schemars(extend("examples" = [{"outcome": "completed", "reminders": 1}]))]
    pub expect: Option<Written<Expect>>,
    /// Warnings of this file that are intended. Optional.
    #[schemars(extend("examples" = [[{"rule": "bend-without-effect", "at": "qa",
        "reason": "The next phase needs it"}]]))]
    pub allow: Option<Written<Vec<Written<Allowed>>>>,
}

/// An agent that behaves differently. Set exactly one of `asks`, `loops_with`, `writes`, `fails`,
/// `takes`, `forgets` and `rejects`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgentBend {
    /// Name of the agent.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["sa"]))]
    pub agent: Written<String>,
    /// The phase in which it happens. Defaults to every phase.
    #[schemars(extend("x-cloudcrew-names" = "phases", "examples" = ["architecture"]))]
    pub phase: Option<Written<String>>,
    /// How often it happens in a phase. `loops_with`, `takes` and `forgets` always last for the
    /// whole phase, and `rejects` happens once.
    #[schemars(range(min = 1, max = 100), extend("default" = defaults::TIMES))]
    pub times: Option<Written<u32>>,
    /// Asks the customer this question before working.
    #[schemars(extend("examples" = ["In which region must personal data stay?"]))]
    pub asks: Option<Written<String>>,
    /// Hands off to this agent instead of working.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
    pub loops_with: Option<Written<String>>,
    /// Writes this path before working, whether or not it is in the agent's scope.
    #[schemars(extend("examples" = ["app/poc/main.py"]))]
    pub writes: Option<Written<String>>,
    /// The agent's model call fails.
    pub fails: Option<Written<Failure>>,
    /// Time that each of the agent's replies takes.
    #[schemars(extend("examples" = ["2m"]))]
    pub takes: Option<Written<Duration>>,
    /// Path of a deliverable that the agent never writes.
    #[schemars(extend("x-cloudcrew-names" = "deliverables",
        "examples" = ["docs/project-plan/plan.md"]))]
    pub forgets: Option<Written<String>>,
    /// A deliverable with which the agent finds fault as its reviewer, inside the swarm. Its owner
    /// fixes it, and the agent passes it then.
    #[schemars(extend("examples" = [{"path": "infra/poc/main.tf",
        "finds": "Everyone may read the state"}]))]
    pub rejects: Option<Written<Rejection>>,
}

/// A verdict that fails.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rejection {
    /// Path of the deliverable.
    #[schemars(extend("x-cloudcrew-names" = "deliverables", "examples" = ["infra/poc/main.tf"]))]
    pub path: Written<String>,
    /// What is wrong with it.
    #[schemars(length(min = 1, max = 500), extend("examples" = ["Everyone may read the state"]))]
    pub finds: Written<String>,
}

/// How a model call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The provider is unavailable and recovers later.
    Provider,
    /// The model fails permanently.
    Model,
}

/// A review that fails.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ReviewBend {
    /// The phase that is reviewed.
    #[schemars(extend("x-cloudcrew-names" = "phases", "examples" = ["architecture"]))]
    pub phase: Written<String>,
    /// The finding of the review.
    #[schemars(extend("examples" = ["There is no way back from a failed release."]))]
    pub finds: Written<String>,
    /// How often the review fails.
    #[schemars(range(min = 1, max = 100), extend("default" = defaults::TIMES))]
    pub times: Option<Written<u32>>,
}

/// The customer's behaviour at a gate. Set exactly one of `approves`, `revises` and `silent_for`.
/// Without an entry, the customer of a test approves everything that passed its review.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GateBend {
    /// The phase that the gate belongs to.
    #[schemars(extend("x-cloudcrew-names" = "phases", "examples" = ["discovery"]))]
    pub phase: Written<String>,
    /// Approves with these ratings, or `{}` for none, even if the review failed. Applies where no
    /// person decides: in a test and with `--approve all`.
    #[schemars(extend("examples" = [{"quality": 4}]))]
    pub approves: Option<Written<Entries<Stars>>>,
    /// Asks once for changes, with this feedback.
    #[schemars(extend("examples" = ["Name who is responsible for compliance."]))]
    pub revises: Option<Written<String>>,
    /// With `revises`: the earlier phase to which the work returns. By default, the phase itself
    /// runs again.
    #[schemars(extend("x-cloudcrew-names" = "phases", "examples" = ["discovery"]))]
    pub to: Option<Written<String>>,
    /// Time that the customer waits before deciding. Reminders and expiry happen in the meantime.
    #[schemars(extend("examples" = ["25h"]))]
    pub silent_for: Option<Written<Duration>>,
}

/// The customer's answer to a question.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Answer {
    /// A part of the question; case does not matter.
    #[schemars(extend("examples" = ["region"]))]
    pub question: Written<String>,
    /// The answer.
    #[schemars(extend("examples" = ["eu-west-1 for all personal data"]))]
    pub answer: Written<String>,
}

/// A rating from 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Stars(pub u8);

impl JsonSchema for Stars {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Stars".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 5 })
    }
}

/// The expected result of a test. Keys that are absent are not checked.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Expect {
    /// How the engagement ends.
    #[schemars(extend("default" = "completed"))]
    pub outcome: Option<Written<ExpectedOutcome>>,
    /// Text that the reason for the end must contain, such as a YAML key.
    #[schemars(extend("examples" = ["swarm.max_handoffs"]))]
    pub says: Option<Written<String>>,
    /// The phases in the order in which they ran. A phase that was revised appears once per run.
    #[schemars(extend("x-cloudcrew-names" = "phases", "examples" = [["discovery",
        "architecture"]]))]
    pub phases: Option<Written<Vec<Written<String>>>>,
    /// Artifacts that must exist.
    #[schemars(extend("examples" = [[{"path": "docs/project-plan/plan.md",
        "headings": ["Milestones"]}]]))]
    pub deliverables: Option<Written<Vec<Written<ExpectedDeliverable>>>>,
    /// Total number of reminders sent to the customer.
    #[schemars(range(max = 1000), extend("examples" = [1]))]
    pub reminders: Option<Written<u32>>,
    /// Total number of questions that the crew asked the customer.
    #[schemars(range(max = 1000), extend("examples" = [0]))]
    pub questions: Option<Written<u32>>,
    /// Maximum cost in US dollars. An unknown price fails the test.
    #[schemars(range(min = 0, max = 1_000_000), extend("examples" = [10.0]))]
    pub cost_at_most: Option<Written<f64>>,
}

/// How a test ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedOutcome {
    /// All phases are complete.
    Completed,
    /// A limit or a failure ended it.
    Failed,
    /// A budget is used up.
    BudgetExhausted,
    /// No one decided in time.
    Expired,
    /// The engagement waits for a decision that the rehearsal does not define.
    Waiting,
}

/// An artifact that must exist.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExpectedDeliverable {
    /// Path in the repository.
    #[schemars(extend("x-cloudcrew-mentions" = "deliverables",
        "examples" = ["docs/project-plan/plan.md"]))]
    pub path: Written<String>,
    /// Headings that it must contain, in any order.
    #[schemars(extend("examples" = [["Milestones"]]))]
    pub headings: Option<Written<Vec<Written<String>>>>,
    /// Text that it must contain.
    #[schemars(extend("examples" = [["eu-west-1"]]))]
    pub says: Option<Written<Vec<Written<String>>>>,
    /// Agents that must have passed it.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = [["sa"]]))]
    pub passed_by: Option<Written<Vec<Written<String>>>>,
}
