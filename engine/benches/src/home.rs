//! A home with many engagements.

use std::path::Path;

use cloudcrew_local::holder::this_process;
use cloudcrew_local::store::Store;
use cloudcrew_ports::index::{Index as _, Which};
use cloudcrew_ports::journal::{Batch, Head, Journal as _, NewEntry};
use cloudcrew_runtime::engagement::{Driver, Options};
use futures_util::future::join_all;

use crate::{begun, ports};

/// Fills a home with copies of two engagements: one of `waits` waits at a gate, the others are
/// done.
pub async fn filled(home: &Path, engagements: usize, waits: usize) {
    let store = Store::open(home).expect("a store");
    for (name, approve_all) in [("waits", false), ("done", true)] {
        let repo = begun(home, &store, name).await;
        let ports = ports(&store, repo, name).await;
        let driver =
            Driver::open(ports, name, &this_process(), Options { approve_all, only: None })
                .await
                .expect("the lease");
        driver.drive().await.expect("it comes to rest");
        driver.release().await.expect("the lease is given back");
    }
    let mut batches = Vec::new();
    for listing in store.list(Which::All).await.expect("a list") {
        let journal = store.read(&listing.engagement, &Head::default(), 2).await.expect("entries");
        let copied = |entry: &cloudcrew_ports::journal::Entry| NewEntry {
            at: entry.at,
            kind: entry.kind.clone(),
            payload: entry.payload.to_string(),
        };
        let entries: Vec<NewEntry> = journal.iter().map(copied).collect();
        batches.push(Batch { entries, row: listing.row.expect("a row"), receipt: None });
    }
    let names: Vec<String> = (0..engagements).map(|n| format!("engagement-{n}")).collect();
    for part in names.chunks(500) {
        let created = part
            .iter()
            .enumerate()
            .map(|(n, name)| store.create(name, batches[usize::from(n % waits != 0)].clone()));
        for made in join_all(created).await {
            made.expect("it is written");
        }
    }
}
