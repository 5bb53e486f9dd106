//! What the crew shares.

use axum::Json;
use axum::extract::State;
use cloudcrew_ports::ledger::LedgerRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::refusals::OfReader;
use crate::access::{Opened, Read};
use crate::app::App;
use crate::problem::Problem;

/// The ledger of an engagement.
#[derive(Serialize, ToSchema)]
pub(crate) struct LedgerPage {
    /// The rows, in the order they were written.
    rows: Vec<LedgerEntry>,
    /// Number of the journal entry that this shows.
    as_of: u64,
}

/// A row of the ledger.
#[derive(Serialize, ToSchema)]
pub(crate) struct LedgerEntry {
    /// Its id.
    id: String,
    /// Phase in which it was written.
    phase: String,
    /// An agent, `customer` or `engine`.
    author: String,
    /// `fact`, `assumption`, `decision`, `blocker`, `deliverable`, `review`, `feedback` or
    /// `answer`.
    kind: String,
    /// One line.
    title: String,
    /// Details, or empty.
    body: String,
    /// The source, or empty.
    source: String,
}

impl std::convert::From<LedgerRow> for LedgerEntry {
    fn from(row: LedgerRow) -> LedgerEntry {
        let LedgerRow { id, phase, author, kind, title, body, source } = row;
        let kind = kind.name().to_owned();
        LedgerEntry { id, phase, author, kind, title, body, source }
    }
}

/// Facts, assumptions, decisions, blockers, deliverables, reviews, feedback and answers.
#[utoipa::path(get, path = "/projects/{id}/ledger",
    operation_id = "read_ledger", tag = "engagements",
    params(("id" = String, Path, description = "The engagement")),
    responses((status = 200, body = LedgerPage), OfReader))]
pub(crate) async fn ledger(
    State(app): State<App>,
    opened: Opened<Read>,
) -> Result<Json<LedgerPage>, Problem> {
    let rows = app.ports().ledger.rows(&opened.project).await?;
    opened.has_all(&rows)?;
    let rows = rows.into_iter().map(LedgerEntry::from).collect();
    Ok(Json(LedgerPage { rows, as_of: opened.head.seq }))
}
