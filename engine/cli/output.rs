//! What `--format json` prints, as types: the documents and their schemas come from the same place.
//! A key is never removed or given another meaning within a version.

use cloudcrew_definition::diagnostic::json::CheckDocument;
use cloudcrew_plan::Plan;
use cloudcrew_plan::compare::Change;
use cloudcrew_plan::forecast::Forecast;
use cloudcrew_ports::ledger::LedgerRow;
use cloudcrew_ports::model::Usage;
use cloudcrew_runtime::engagement::{
    Artifact, BaseRecord, End, Event, Finding, MeterLine, Request, VisitContext,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::planned::{Past, Pinned};

/// Version of the documents.
pub const VERSION: u32 = 1;

/// Writes a schema.
type Schema = fn() -> Value;

/// The verbs that have such a document, each with its schema.
pub const SCHEMAS: [(&str, Schema); 10] = [
    ("check", schema::<CheckDocument>),
    ("list", schema::<List>),
    ("show", schema::<Show>),
    ("inbox", schema::<Inbox>),
    ("ledger", schema::<Ledger>),
    ("artifacts", schema::<Vec<ArtifactAt>>),
    ("cost", schema::<Cost>),
    ("run", schema::<Printed>),
    ("graph", schema::<Plan>),
    ("plan", schema::<PlanDocument>),
];

fn schema<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .into()
}

/// `list`: all engagements of a home.
#[derive(Serialize, JsonSchema)]
pub struct List {
    /// Always 1.
    pub version: u32,
    /// By the time they began.
    pub projects: Vec<Project>,
}

/// An engagement in a line.
#[derive(Serialize, JsonSchema)]
pub struct Project {
    /// Its id.
    pub project: String,
    /// When it began, milliseconds since 1970 UTC.
    pub created: i64,
    /// State of the plan where it stands.
    pub state: String,
    /// Its workflow.
    pub workflow: String,
    /// Ids of requests that wait for a person.
    pub waiting: Vec<String>,
    /// When the first of them expires, milliseconds since 1970 UTC.
    pub until: Option<i64>,
    /// Why its provider refuses, when somebody must change something outside before it goes on.
    pub blocked: Option<String>,
    /// Who drives it now.
    pub driver: Option<String>,
    /// How it ended.
    pub end: Option<End>,
    /// Entries of its journal.
    pub events: u64,
}

/// `plan`: what a run would be, what it would take, and what changed.
#[derive(Serialize, JsonSchema)]
pub struct PlanDocument {
    /// Always 1.
    pub version: u32,
    /// Hash of the definition.
    pub definition_hash: String,
    /// How often a person decides at least.
    pub gates: u32,
    /// Agents that take part.
    pub agents: Vec<PlanAgent>,
    /// What it will take.
    pub forecast: Forecast,
    /// What it took before.
    pub past: Past,
    /// What it is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// What changed in behaviour.
    pub changes: Vec<Change>,
    /// Engagements under way that go on by other definitions.
    pub pinned: Vec<Pinned>,
    /// The states and ways.
    pub plan: Plan,
    /// The definition as it is meant, for `plan --against` this file.
    pub definition: Value,
}

/// An agent in a plan.
#[derive(Serialize, JsonSchema)]
pub struct PlanAgent {
    /// Its name.
    pub agent: String,
    /// Its model.
    pub model: String,
    /// The layer that chose the model: `agents.yaml`, `CLOUDCREW_MODEL` or `--model`.
    pub chosen_by: String,
    /// Who serves the model, in words; `rehearsed` when nobody does.
    pub served: String,
    /// What the model costs, in words.
    pub price: String,
    /// What it may call.
    pub tools: Vec<String>,
    /// Where it may write.
    pub writes: Vec<String>,
    /// Tokens it may use in one engagement.
    pub token_budget: Option<u64>,
    /// US dollars it may use in one engagement.
    pub usd_budget: Option<f64>,
    /// Budget that it shares with others.
    pub shares_budget: Option<String>,
}

/// `show`: where an engagement stands.
#[derive(Serialize, JsonSchema)]
pub struct Show {
    /// Always 1.
    pub version: u32,
    /// Its id.
    pub project: String,
    /// Its workflow.
    pub workflow: String,
    /// Whether no live model is called: tokens are estimates.
    pub rehearsal: bool,
    /// State of the plan where it stands.
    pub state: String,
    /// Why its provider refuses, when somebody must change something outside before it goes on.
    pub blocked: Option<String>,
    /// How it ended.
    pub end: Option<End>,
    /// All phases, in order.
    pub phases: Vec<Phase>,
    /// All handoffs, in order.
    pub handoffs: Vec<Handoff>,
    /// All requests, answered or not.
    pub requests: Vec<Request>,
    /// Entries of its journal.
    pub events: u64,
    /// Branch that the crew writes.
    pub branch: String,
    /// Path of the repository.
    pub repo: String,
    /// Last commit of the branch.
    pub head: Option<String>,
    /// Where the branch began; absent in a repository that was empty.
    pub base: Option<BaseRecord>,
    /// That the customer's branch has moved on since.
    pub moved_on: Option<MovedOn>,
    /// Digest of the definition it is pinned to.
    pub definition: String,
    /// Digest of the plan it is pinned to.
    pub plan: String,
    /// What was used.
    pub usage: Used,
}

/// Commits that the work does not have yet.
#[derive(Serialize, JsonSchema)]
pub struct MovedOn {
    /// The branch on which the work began.
    pub branch: String,
    /// How many it has more.
    pub commits: usize,
}

/// What came of a phase so far.
#[derive(Serialize, JsonSchema)]
pub struct Phase {
    /// Its name.
    pub phase: String,
    /// Runs that began.
    pub revision: u32,
    /// Who worked, visit by visit.
    pub visits: Vec<String>,
    /// Whether the last review passed.
    pub reviewed: Option<bool>,
    /// What the last review found.
    pub findings: Vec<Finding>,
    /// Ratings of the approval.
    pub ratings: Vec<(String, u8)>,
    /// The customer's words, run by run.
    pub feedback: Vec<String>,
}

/// Work that changed hands.
#[derive(Serialize, JsonSchema)]
pub struct Handoff {
    /// In which phase.
    pub phase: String,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
}

/// Sums over an engagement.
#[derive(Serialize, JsonSchema)]
pub struct Used {
    /// Model calls.
    pub calls: u32,
    /// Tokens.
    pub tokens: Usage,
    /// US dollars; absent when a price is unknown.
    pub usd: Option<f64>,
}

/// `inbox`: what waits for a person.
#[derive(Serialize, JsonSchema)]
pub struct Inbox {
    /// Always 1.
    pub version: u32,
    /// Open requests of all engagements.
    pub requests: Vec<Waiting>,
    /// Engagements whose provider refuses until somebody changes something outside.
    pub blocked: Vec<Blocked>,
}

/// An engagement whose provider refuses.
#[derive(Serialize, JsonSchema)]
pub struct Blocked {
    /// The engagement.
    pub project: String,
    /// What the provider said, and what to mend.
    pub reason: String,
}

/// A request with the engagement it belongs to.
#[derive(Serialize, JsonSchema)]
pub struct Waiting {
    /// The engagement.
    pub project: String,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

/// `ledger`: what the crew knows together.
#[derive(Serialize, JsonSchema)]
pub struct Ledger {
    /// Always 1.
    pub version: u32,
    /// In the order in which they were written.
    pub rows: Vec<LedgerRow>,
}

/// `artifacts`: a list of these.
#[derive(Serialize, JsonSchema)]
pub struct ArtifactAt<'a> {
    /// Path in the repository.
    pub path: &'a str,
    /// What is known of it.
    #[serde(flatten)]
    pub artifact: &'a Artifact,
}

/// `cost`: what was used and what it costs.
#[derive(Serialize, JsonSchema)]
pub struct Cost {
    /// Always 1.
    pub version: u32,
    /// Whether tokens are estimates: no live model was called.
    pub estimated: bool,
    /// By phase, agent and model.
    pub lines: Vec<CostLine>,
    /// All of them together.
    pub total: Spent,
    /// How long conversations got, visit by visit.
    pub contexts: Vec<VisitContext>,
}

/// What an agent used in a phase.
#[derive(Serialize, JsonSchema)]
pub struct CostLine {
    /// The phase.
    pub phase: String,
    /// The agent.
    pub agent: String,
    /// The model.
    pub model: String,
    /// How much.
    #[serde(flatten)]
    pub spent: Spent,
}

/// What was used.
#[derive(Serialize, JsonSchema)]
pub struct Spent {
    /// Calls that were made.
    pub calls: u32,
    /// Tokens that were reported.
    pub usage: Usage,
    /// US dollars; absent when a price is unknown.
    pub usd: Option<f64>,
    /// Calls whose price is unknown.
    pub unpriced_calls: u32,
    /// Calls of which nothing was reported; their upper bound counts.
    pub uncertain_calls: u32,
    /// Upper bound of their tokens.
    pub uncertain_tokens: u64,
}

impl From<&MeterLine> for Spent {
    fn from(line: &MeterLine) -> Spent {
        Spent {
            calls: line.calls,
            usage: line.usage,
            usd: usd(line),
            unpriced_calls: line.unpriced,
            uncertain_calls: line.uncertain,
            uncertain_tokens: line.uncertain_tokens,
        }
    }
}

/// US dollars of a line, when all prices are known.
pub fn usd(line: &MeterLine) -> Option<f64> {
    (line.unpriced == 0).then_some(line.micro_usd as f64 / 1e6)
}

/// `run`, `resume` and `watch`: JSON Lines, one for each entry of the journal.
#[derive(Serialize, JsonSchema)]
pub struct Line<'a> {
    /// Always 1.
    pub version: u32,
    /// The engagement.
    pub project: &'a str,
    /// Number of the entry, from 1.
    pub seq: u64,
    /// When it was written, milliseconds since 1970 UTC by the engagement's clock.
    pub at: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: &'a Event,
}

/// `run` and `resume`, between entries of the journal: what a live model says while it says it. It
/// is not on record.
#[derive(Serialize, JsonSchema)]
pub struct LiveLine<'a> {
    /// Always 1.
    pub version: u32,
    /// The engagement.
    pub project: &'a str,
    /// Always `live`, where entries of the journal have their kind.
    pub event: &'static str,
    /// Who speaks.
    pub agent: &'a str,
    /// The next words; absent: the call did not come to its end, and what was heard of it is to be
    /// forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
}

/// `run`, `resume` and `watch`: JSON Lines of either kind.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
pub enum Printed<'a> {
    /// An entry of the journal.
    Entry(Line<'a>),
    /// Words of a live model.
    Live(LiveLine<'a>),
}

/// A document on one line.
pub fn line<T: Serialize>(document: &T) -> String {
    serde_json::to_string(document).expect("a document is plain data with text keys")
}

/// A document as it is printed.
pub fn pretty<T: Serialize>(document: &T) -> String {
    serde_json::to_string_pretty(document).expect("a document is plain data with text keys")
}
