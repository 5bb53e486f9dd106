//! Test suites that an adapter of a port must pass.
//!
//! Each function takes a port as the runtime sees it and panics with an explanation when the
//! contract is broken. It needs a store of its own, new and empty, because engagements are named
//! after the tests. Concurrent writers are futures of one task, so an adapter may use its own
//! threads or none.
#![expect(clippy::panic, reason = "a suite reports a broken contract by panicking")]

pub mod blob;
pub mod connection;
pub mod index;
pub mod journal;
pub mod knowledge;
pub mod lease;
pub mod ledger;
pub mod memory;
pub mod metrics;
pub mod outbox;
pub mod pass;
pub mod pattern;
pub mod receipt;
pub mod repo;

use std::fmt::Debug;

use serde_json::json;

use crate::index::Row;
use crate::journal::{Batch, Head, Journal, NewEntry};
use crate::lease::Holder;

/// Returns the value, or panics with what should have worked.
#[track_caller]
fn done<T, E: Debug>(what: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

/// An entry that contains `n`.
fn entry(n: u64) -> NewEntry {
    let payload = json!({ "kind": "said", "zeta": n, "alpha": ["ü", "\u{1F980}", null, -1.5,
        { "deep": "line\nfeed\u{0}" }] });
    NewEntry {
        at: 1_700_000_000_000 + i64::try_from(n).unwrap_or_default(),
        kind: "said".to_owned(),
        payload: payload.to_string(),
    }
}

/// Entries with an opaque row.
fn batch(entries: Vec<NewEntry>) -> Batch {
    let row = Row { standing: "{}".to_owned(), ..Row::default() };
    Batch { entries, row, ..Batch::default() }
}

/// A process on a machine that cannot be observed from here.
fn holder(name: &str) -> Holder {
    Holder {
        name: name.to_owned(),
        host: format!("{name}-host"),
        boot: format!("{name}-boot"),
        pid: 7,
        started: 11,
    }
}

/// A new engagement with one entry.
async fn begun(journal: &dyn Journal, engagement: &str) -> Head {
    match done("an engagement begins", journal.create(engagement, batch(vec![entry(1)])).await) {
        Some(head) => head,
        None => panic!("`{engagement}` already exists: the suite needs an empty store"),
    }
}
