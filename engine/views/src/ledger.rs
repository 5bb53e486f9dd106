//! `ledger`: what the crew knows together.

use cloudcrew_ports::ledger::LedgerRow;
use schemars::JsonSchema;
use serde::Serialize;

/// `ledger`: what the crew knows together.
#[derive(Serialize, JsonSchema)]
pub struct Ledger {
    /// Always 1.
    pub version: u32,
    /// In the order in which they were written.
    pub rows: Vec<LedgerRow>,
}
