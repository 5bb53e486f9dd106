//! The crew's shared knowledge: one row per entry, written once.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StoreError;

/// The kind of a row.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LedgerKind {
    /// Known to be true, with its source.
    Fact,
    /// Assumed to be true until someone objects.
    Assumption,
    /// Decided by the crew, with the reason.
    Decision,
    /// An obstacle.
    Blocker,
    /// An artifact that a phase owes, as it was written.
    Deliverable,
    /// A verdict of a peer or the PM.
    Review,
    /// The customer's feedback.
    Feedback,
    /// The customer's answer to a question.
    Answer,
}

impl LedgerKind {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            LedgerKind::Fact => "fact",
            LedgerKind::Assumption => "assumption",
            LedgerKind::Decision => "decision",
            LedgerKind::Blocker => "blocker",
            LedgerKind::Deliverable => "deliverable",
            LedgerKind::Review => "review",
            LedgerKind::Feedback => "feedback",
            LedgerKind::Answer => "answer",
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerRow {
    /// Derived from the step that wrote it, so that a repeated step writes the row once.
    pub id: String,
    /// Phase in which it was written.
    pub phase: String,
    /// The author: an agent, `customer` or `engine`.
    pub author: String,
    /// The kind of the row.
    pub kind: LedgerKind,
    /// One line.
    pub title: String,
    /// Details, or empty.
    pub body: String,
    /// The source (`retail-orders.md:42`), or empty.
    pub source: String,
}

/// The ledger port.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Adds the rows whose ids are new, all or none; they are on disk when it returns. An existing
    /// row with the same content is left alone; the same id with different content is an error.
    async fn record(&self, engagement: &str, rows: &[LedgerRow]) -> Result<(), StoreError>;

    /// All rows in the order in which they were first recorded. An unreadable row is an error.
    async fn rows(&self, engagement: &str) -> Result<Vec<LedgerRow>, StoreError>;
}
