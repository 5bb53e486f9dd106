//! The output of `--format json`: the documents of `cloudcrew_views`, and their schemas.

use cloudcrew_definition::diagnostic::json::CheckDocument;
use cloudcrew_plan::Plan;
use cloudcrew_sow::Sow;
use cloudcrew_views::analytics::{AdviceDocument, Comparison, CostDocument, Trend};
use cloudcrew_views::api::Since;
use cloudcrew_views::artifacts::ArtifactAt;
use cloudcrew_views::comparison::ComparisonDocument;
use cloudcrew_views::cost::Cost;
use cloudcrew_views::events::Printed;
use cloudcrew_views::inbox::Inbox;
use cloudcrew_views::ledger::Ledger;
use cloudcrew_views::list::List;
use cloudcrew_views::memory::{MemoryList, MemoryNote, MemoryWhy};
use cloudcrew_views::patterns::{PatternList, PatternMetadata};
use cloudcrew_views::plan::PlanDocument;
use cloudcrew_views::status::Show;
use cloudcrew_views::survey::Survey;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

/// Generates a schema.
type Schema = fn() -> Value;

/// Commands with JSON output, each with its schema.
pub const SCHEMAS: [(&str, Schema); 23] = [
    ("check", schema::<CheckDocument>),
    ("list", schema::<List>),
    ("show", schema::<Show>),
    ("inbox", schema::<Inbox>),
    ("ledger", schema::<Ledger>),
    ("compare", schema::<ComparisonDocument>),
    ("diff", schema::<Since>),
    ("artifacts", schema::<Vec<ArtifactAt>>),
    ("cost", schema::<Cost>),
    ("memory-list", schema::<MemoryList>),
    ("memory-show", schema::<MemoryNote>),
    ("memory-why", schema::<MemoryWhy>),
    ("metrics-advise", schema::<AdviceDocument>),
    ("metrics-compare", schema::<Comparison>),
    ("metrics-cost", schema::<CostDocument>),
    ("metrics-trend", schema::<Trend>),
    ("patterns-list", schema::<PatternList>),
    ("patterns-show", schema::<PatternMetadata>),
    ("run", schema::<Printed>),
    ("graph", schema::<Plan>),
    ("plan", schema::<PlanDocument>),
    ("sow", schema::<Sow>),
    ("survey", schema::<Survey>),
];

fn schema<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
        .into()
}

/// A document on one line.
pub fn line<T: Serialize>(document: &T) -> String {
    serde_json::to_string(document).expect("a document is plain data with text keys")
}

/// A document, indented.
pub fn pretty<T: Serialize>(document: &T) -> String {
    serde_json::to_string_pretty(document).expect("a document is plain data with text keys")
}
