//! A home with many engagements.

use std::path::Path;

use cloudcrew_local::holder::this_process;
use cloudcrew_local::store::Store;
use cloudcrew_ports::index::{Index as _, Which};
use cloudcrew_ports::journal::{Batch, Head, Journal as _, MAX_APPEND, NewEntry, Writer};
use cloudcrew_runtime::engagement::{Driver, Options};
use futures_util::future::join_all;

use crate::{begun, ports};

/// How many engagements have their whole journal: a service would drive one that is written to and
/// has only its beginning.
const WHOLE: usize = 256;
/// How many entries the others have.
const BEGINNING: usize = 2;
/// More entries than a journal has here.
const ALL: usize = 10_000;

/// Fills a home with copies of two engagements: one of `waits` waits at a gate, the others are
/// done. All but the first 256 have only the first entries of their journals.
pub async fn filled(home: &Path, engagements: usize, waits: usize) {
    let store = Store::open(home).expect("a store");
    for (name, approve_all) in [("waits", false), ("done", true)] {
        let repo = begun(home, &store, name).await;
        let ports = ports(&store, repo, name).await;
        let driver = Driver::open(
            ports,
            name,
            &this_process(),
            Options { approve_all, ..Options::default() },
        )
        .await
        .expect("the lease");
        driver.drive().await.expect("it comes to rest");
        driver.release().await.expect("the lease is given back");
    }
    let mut batches = Vec::new();
    for listing in store.list(Which::All).await.expect("a list") {
        let journal =
            store.read(&listing.engagement, &Head::default(), ALL).await.expect("entries");
        let copied = |entry: &cloudcrew_ports::journal::Entry| NewEntry {
            at: entry.at,
            kind: entry.kind.clone(),
            payload: entry.payload.to_string(),
        };
        let whole: Vec<NewEntry> = journal.iter().map(copied).collect();
        let beginning = whole.iter().take(BEGINNING).cloned().collect();
        let row = listing.row.expect("a row");
        batches.push([whole, beginning].map(|entries| Batch {
            entries,
            row: row.clone(),
            receipt: None,
        }));
    }
    let names: Vec<String> = (0..engagements).map(|n| format!("engagement-{n}")).collect();
    let numbered: Vec<(usize, &String)> = names.iter().enumerate().collect();
    for part in numbered.chunks(500) {
        let created = part.iter().map(|(n, name)| {
            let batch = &batches[usize::from(n % waits != 0)][usize::from(*n >= WHOLE)];
            created(&store, name, batch)
        });
        join_all(created).await;
    }
}

/// Creates an engagement with a journal, written in parts.
async fn created(store: &Store, name: &str, batch: &Batch) {
    let mut head = Head::default();
    for part in batch.entries.chunks(MAX_APPEND) {
        let part = Batch { entries: part.to_vec(), ..batch.clone() };
        head = match head.seq {
            0 => store.create(name, part).await.expect("it is written").expect("it is new"),
            _ => store.append(name, &head, Writer::Inbound, part).await.expect("it is written"),
        };
    }
}
