//! What `list` and `inbox` take in a home of 10,000 engagements, against the limit of 50 ms.
//!
//! `cargo bench -p cloudcrew-benches --bench lists`

use std::process::Command;
use std::time::Duration;

use cloudcrew_benches::{begun, binary, median, ms, ports, root, took};
use cloudcrew_local::holder::this_process;
use cloudcrew_local::store::Store;
use cloudcrew_ports::index::{Index as _, Which};
use cloudcrew_ports::journal::{Batch, Head, Journal as _, NewEntry};
use cloudcrew_runtime::engagement::{Driver, Options};
use futures_util::future::join_all;

const ENGAGEMENTS: usize = 10_000;
/// One of so many waits at a gate.
const WAITS: usize = 20;
const LIMIT: Duration = Duration::from_millis(50);
const RUNS: usize = 15;

fn main() {
    let ours = binary();
    let home = tempfile::tempdir().expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(filled(home.path()));
    println!(
        "{ENGAGEMENTS} engagements, one of {WAITS} waits at a gate; medians of {RUNS} runs of the \
         whole process, against a limit of {}",
        ms(LIMIT)
    );
    for verb in [&["list"][..], &["list", "--format", "json"], &["inbox"], &["--version"]] {
        let mut command = Command::new(&ours);
        command.args(verb).arg("-C").arg(root()).arg("--home").arg(home.path());
        let walls: Vec<Duration> = (0..RUNS).map(|_| took(&mut command).wall).collect();
        let wall = median(&walls);
        println!(
            "  {:20} {}   {:.2} of the limit",
            verb.join(" "),
            ms(wall),
            wall.as_secs_f64() / LIMIT.as_secs_f64()
        );
    }
}

/// Fills a home with copies of two engagements: one that waits, one that is done.
async fn filled(home: &std::path::Path) {
    let store = Store::open(home).expect("a store");
    for (name, approve_all) in [("waits", false), ("done", true)] {
        let repo = begun(home, &store, name).await;
        let ports = ports(&store, repo, name).await;
        let driver = Driver::open(ports, name, &this_process(), Options { approve_all })
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
    let names: Vec<String> = (0..ENGAGEMENTS).map(|n| format!("engagement-{n}")).collect();
    for part in names.chunks(500) {
        let created = part
            .iter()
            .enumerate()
            .map(|(n, name)| store.create(name, batches[usize::from(n % WAITS != 0)].clone()));
        for made in join_all(created).await {
            made.expect("it is written");
        }
    }
}
