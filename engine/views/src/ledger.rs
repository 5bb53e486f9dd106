//! `ledger`: the facts, assumptions, decisions, blockers and deliverables that the crew shares.

use cloudcrew_ports::ledger::LedgerRow;
use schemars::JsonSchema;
use serde::Serialize;

/// `ledger`: everything that the crew has recorded.
#[derive(Serialize, JsonSchema)]
pub struct Ledger {
    /// Always 1.
    pub version: u32,
    /// The rows in the order they were written.
    pub rows: Vec<LedgerRow>,
}
