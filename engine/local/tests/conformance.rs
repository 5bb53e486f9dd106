//! Runs the conformance suites of the ports on the adapters of one machine.

use cloudcrew_local::repo::GitRepo;
use cloudcrew_local::store::Store;
use cloudcrew_ports::conformance;

fn store() -> (tempfile::TempDir, Store) {
    let home = tempfile::tempdir().expect("a folder");
    let store = Store::open(home.path()).expect("a new store");
    (home, store)
}

#[tokio::test]
async fn the_store_passes_the_journal_suite() {
    let (_home, store) = store();
    conformance::journal::run_all(&store).await;
    store.check().expect("it is intact");
}

#[tokio::test]
async fn the_store_passes_the_lease_suite() {
    let (_home, store) = store();
    conformance::lease::run_all(&store, &store).await;
}

#[tokio::test]
async fn the_store_passes_the_index_suite() {
    let (_home, store) = store();
    conformance::index::run_all(&store, &store, &|_| {}).await;
}

#[tokio::test]
async fn the_store_passes_the_outbox_suite() {
    let (_home, store) = store();
    conformance::outbox::run_all(&store, &store).await;
}

#[tokio::test]
async fn the_store_passes_the_receipt_suite() {
    let (_home, store) = store();
    conformance::receipt::run_all(&store, &store).await;
}

#[tokio::test]
async fn memory_passes_the_pass_suite() {
    conformance::pass::run_all(&cloudcrew_local::passes::Passes::default()).await;
}

#[tokio::test]
async fn the_store_passes_the_blob_suite() {
    let (_home, store) = store();
    conformance::blob::run_all(&store).await;
}

#[tokio::test]
async fn the_store_passes_the_ledger_suite() {
    let (_home, store) = store();
    conformance::ledger::run_all(&store, &store).await;
}

#[tokio::test]
async fn the_store_passes_the_memory_suite() {
    let (_home, store) = store();
    conformance::memory::run_all(&store, &conformance::memory::at_once).await;
    store.check().expect("it is intact");
}

#[tokio::test]
async fn the_store_passes_the_pattern_suite() {
    let (_home, store) = store();
    conformance::pattern::run_all(&store).await;
}

#[tokio::test]
async fn the_store_passes_the_metrics_suite() {
    let (_home, store) = store();
    conformance::metrics::run_all(&store).await;
}

#[tokio::test]
async fn the_repository_passes_the_repo_suite() {
    let home = tempfile::tempdir().expect("a folder");
    let repo =
        GitRepo::create(&home.path().join("repos/acme.git"), "acme").expect("a new repository");
    conformance::repo::run_all(&repo).await;
}
