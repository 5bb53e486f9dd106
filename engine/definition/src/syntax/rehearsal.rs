//! `rehearsals/NAME.yaml`: how a rehearsal is bent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Duration, Entries, Written, defaults};

/// How a rehearsal is bent: without such a file everybody does what the definitions oblige them to.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew rehearsal")]
pub struct RehearsalFile {
    /// Version of this file's form. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Its name; the file's name without `.yaml`.
    #[schemars(regex(pattern = super::NAME_PATTERN), extend("x-cloudcrew-defines" = "rehearsals", "examples" = ["revision"]))]
    pub rehearsal: Written<String>,
    /// One line about what it shows.
    #[schemars(extend("examples" = ["The customer sends the plan back once"]))]
    pub description: Option<Written<String>>,
    /// The workflow that is rehearsed. Left out: `delivery`, or the only one.
    #[schemars(extend("x-cloudcrew-names" = "workflows", "examples" = ["delivery"]))]
    pub workflow: Option<Written<String>>,
    /// Path of the statement of work, a file below `examples/sow/`. A test needs it; `run
    /// --rehearsal` takes it where no `--sow` is given.
    #[schemars(extend("examples" = ["examples/sow/retail-orders.md"]))]
    pub sow: Option<Written<String>>,
    /// Agents that behave otherwise. Each entry says who, and one thing that they do.
    #[schemars(extend("examples" = [[{"agent": "sa", "phase": "architecture", "asks": "In which \
        region must personal data stay?"}]]))]
    pub agents: Option<Written<Vec<Written<AgentBend>>>>,
    /// Reviews that find fault.
    #[schemars(extend("examples" = [[{"phase": "architecture", "finds": "There is no way back from \
        a failed release."}]]))]
    pub reviews: Option<Written<Vec<Written<ReviewBend>>>>,
    /// What the customer does at gates.
    #[schemars(extend("examples" = [[{"phase": "discovery", "revises": "Name who is responsible \
        for compliance."}]]))]
    pub gates: Option<Written<Vec<Written<GateBend>>>>,
    /// What the customer answers to questions.
    #[schemars(extend("examples" = [[{"question": "region", "answer": "eu-west-1 for all personal \
        data"}]]))]
    pub answers: Option<Written<Vec<Written<Answer>>>>,
    /// What must come out. A rehearsal that has it is a test: `cloudcrew test` runs it.
    #[schemars(extend("examples" = [{"outcome": "completed", "reminders": 1}]))]
    pub expect: Option<Written<Expect>>,
}

/// An agent that behaves otherwise: give one of `asks`, `loops_with`, `writes`, `fails`, `takes`,
/// `forgets`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgentBend {
    /// Who.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["sa"]))]
    pub agent: Written<String>,
    /// In which phase. Left out: in each.
    #[schemars(extend("x-cloudcrew-names" = "phases", "examples" = ["architecture"]))]
    pub phase: Option<Written<String>>,
    /// How often in a phase; `loops_with`, `takes` and `forgets` always last.
    #[schemars(range(min = 1, max = 100), extend("default" = defaults::TIMES))]
    pub times: Option<Written<u32>>,
    /// Asks the customer this, before it works.
    #[schemars(extend("examples" = ["In which region must personal data stay?"]))]
    pub asks: Option<Written<String>>,
    /// Hands to this agent instead of working.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
    pub loops_with: Option<Written<String>>,
    /// Writes this path, before it works: inside its scope or not.
    #[schemars(extend("examples" = ["app/poc/main.py"]))]
    pub writes: Option<Written<String>>,
    /// Its model call fails.
    pub fails: Option<Written<Failure>>,
    /// Each of its replies takes so long.
    #[schemars(extend("examples" = ["2m"]))]
    pub takes: Option<Written<Duration>>,
    /// Never writes this deliverable: its path.
    #[schemars(extend("x-cloudcrew-names" = "deliverables", "examples" = ["docs/project-plan/plan.md"]))]
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
    #[schemars(extend("x-cloudcrew-names" = "phases", "examples" = ["architecture"]))]
    pub phase: Written<String>,
    /// What it finds.
    #[schemars(extend("examples" = ["There is no way back from a failed release."]))]
    pub finds: Written<String>,
    /// How often.
    #[schemars(range(min = 1, max = 100), extend("default" = defaults::TIMES))]
    pub times: Option<Written<u32>>,
}

/// What the customer does at a gate: give one of `approves`, `revises`, `silent_for`. Where nothing
/// is said the customer of a test approves what a review found no fault with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct GateBend {
    /// After which phase.
    #[schemars(extend("x-cloudcrew-names" = "phases", "examples" = ["discovery"]))]
    pub phase: Written<String>,
    /// Approves with these ratings, `{}` for none, even where the review found fault. It counts
    /// where no person decides: in a test, and with `--approve all`.
    #[schemars(extend("examples" = [{"quality": 4}]))]
    pub approves: Option<Written<Entries<Stars>>>,
    /// Asks for changes with these words, once.
    #[schemars(extend("examples" = ["Name who is responsible for compliance."]))]
    pub revises: Option<Written<String>>,
    /// Says nothing for so long before deciding; reminders and expiry come due.
    #[schemars(extend("examples" = ["25h"]))]
    pub silent_for: Option<Written<Duration>>,
}

/// What the customer answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Answer {
    /// A part of the question, in any case.
    #[schemars(extend("examples" = ["region"]))]
    pub question: Written<String>,
    /// The answer.
    #[schemars(extend("examples" = ["eu-west-1 for all personal data"]))]
    pub answer: Written<String>,
}

/// A rating, 1 to 5.
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

/// What must come out of a test. What is left out is not looked at.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Expect {
    /// How it ends.
    #[schemars(extend("default" = "completed"))]
    pub outcome: Option<Written<ExpectedOutcome>>,
    /// Words that must stand in what is said about the end: a YAML key, a reason.
    #[schemars(extend("examples" = ["swarm.max_handoffs"]))]
    pub says: Option<Written<String>>,
    /// The phases in the order in which they ran; a phase that was revised stands there twice.
    #[schemars(extend("x-cloudcrew-names" = "phases", "examples" = [["discovery", "architecture"]]))]
    pub phases: Option<Written<Vec<Written<String>>>>,
    /// Artifacts that must be there.
    #[schemars(extend("examples" = [[{"path": "docs/project-plan/plan.md", "headings": ["Milestones"]}]]))]
    pub deliverables: Option<Written<Vec<Written<ExpectedDeliverable>>>>,
    /// How often the customer was reminded, in all.
    #[schemars(range(max = 1000), extend("examples" = [1]))]
    pub reminders: Option<Written<u32>>,
    /// How often the crew asked the customer, in all.
    #[schemars(range(max = 1000), extend("examples" = [0]))]
    pub questions: Option<Written<u32>>,
    /// What it may cost at most, in US dollars. An unknown price fails the test.
    #[schemars(range(min = 0, max = 1_000_000), extend("examples" = [10.0]))]
    pub cost_at_most: Option<Written<f64>>,
}

/// How a test ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedOutcome {
    /// All phases are done.
    Completed,
    /// A limit or a failure ended it.
    Failed,
    /// A budget is used up.
    BudgetExhausted,
    /// Nobody decided in time.
    Expired,
    /// It waits for a person whose decision the rehearsal does not say.
    Waiting,
}

/// An artifact that must be there.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ExpectedDeliverable {
    /// Where it stands in the repository.
    #[schemars(extend("x-cloudcrew-mentions" = "deliverables", "examples" = ["docs/project-plan/plan.md"]))]
    pub path: Written<String>,
    /// Headings that it must have, in any order.
    #[schemars(extend("examples" = [["Milestones"]]))]
    pub headings: Option<Written<Vec<Written<String>>>>,
    /// Words that must stand in it.
    #[schemars(extend("examples" = [["eu-west-1"]]))]
    pub says: Option<Written<Vec<Written<String>>>>,
    /// Agents that must have passed it.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = [["sa"]]))]
    pub passed_by: Option<Written<Vec<Written<String>>>>,
}
