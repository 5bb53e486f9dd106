//! What every adapter of a port must keep, as a suite: whoever writes one runs these over it.
//!
//! A function here takes a port as the runtime sees it and panics, in words, when a promise is
//! broken. It needs a store of its own, new and empty, as engagements are named after the promises;
//! several writers at once are futures of one task, so an adapter may bring threads of its own or
//! none.
#![expect(clippy::panic, reason = "a suite that finds a broken promise says so by panicking")]

pub mod blob;
pub mod index;
pub mod journal;
pub mod lease;
pub mod ledger;
pub mod repo;

use std::fmt::Debug;

use serde_json::json;

use crate::index::Row;
use crate::journal::{Batch, Head, Journal, NewEntry};
use crate::lease::Holder;

/// The value, or a panic that says what should have worked.
#[track_caller]
fn kept<T, E: Debug>(promise: &str, result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{promise}: {error:?}"),
    }
}

/// An entry that says `n`.
fn entry(n: u64) -> NewEntry {
    let payload = json!({ "kind": "said", "zeta": n, "alpha": ["ü", "\u{1F980}", null, -1.5, { "deep": "line\nfeed\u{0}" }] });
    NewEntry {
        at: 1_700_000_000_000 + i64::try_from(n).unwrap_or_default(),
        kind: "said".to_owned(),
        payload: payload.to_string(),
    }
}

/// Entries with a row that the index does not look into.
fn batch(entries: Vec<NewEntry>) -> Batch {
    Batch { entries, row: Row { standing: "{}".to_owned(), ..Row::default() } }
}

/// A process on a machine that nobody here can look at.
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
    match kept("an engagement begins", journal.create(engagement, batch(vec![entry(1)])).await) {
        Some(head) => head,
        None => panic!("`{engagement}` is there already: the suite needs an empty store"),
    }
}
