//! What the crew knows together: one row per entry, written once.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// What a row is about.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    /// Known to be so, with its source.
    Fact,
    /// Taken to be so until somebody says otherwise.
    Assumption,
    /// Decided by the crew, with its reason.
    Decision,
    /// What stands in the way.
    Blocker,
    /// An artifact that a phase owes, as it was written.
    Deliverable,
    /// A peer's or the PM's verdict.
    Review,
    /// The customer's words.
    Feedback,
    /// A customer's answer to a question.
    Answer,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerRow {
    /// Derived from the step that wrote it: the same step writes the same row once.
    pub id: String,
    /// Phase in which it was written.
    pub phase: String,
    /// Who wrote it: an agent, `customer` or `engine`.
    pub author: String,
    /// What it is about.
    pub kind: LedgerKind,
    /// One line.
    pub title: String,
    /// More, or empty.
    pub body: String,
    /// Where it comes from (`retail-orders.md:42`), or empty.
    pub source: String,
}

/// The ledger port.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Adds rows whose ids are not there yet, all or none, on disk when it returns. A row that is
    /// there with the same content is left alone; the same id with other content is an error.
    async fn record(&self, engagement: &str, rows: &[LedgerRow]) -> Result<(), StoreError>;

    /// All rows in the order in which they were first recorded. A row that cannot be read is an
    /// error.
    async fn rows(&self, engagement: &str) -> Result<Vec<LedgerRow>, StoreError>;
}
