//! The adapters of one machine keep what every adapter must keep.

use cloudcrew_local::repo::GitRepo;
use cloudcrew_local::store::Store;
use cloudcrew_ports::conformance;

fn store() -> (tempfile::TempDir, Store) {
    let home = tempfile::tempdir().expect("a folder");
    let store = Store::open(home.path()).expect("a new store");
    (home, store)
}

#[tokio::test]
async fn the_store_keeps_every_promise_of_a_journal() {
    let (_home, store) = store();
    conformance::journal::every_promise(&store).await;
    store.check().expect("it is whole");
}

#[tokio::test]
async fn the_store_keeps_every_promise_about_leases() {
    let (_home, store) = store();
    conformance::lease::every_promise(&store, &store).await;
}

#[tokio::test]
async fn the_store_keeps_every_promise_of_an_index() {
    let (_home, store) = store();
    conformance::index::every_promise(&store, &store, &|_| {}).await;
}

#[tokio::test]
async fn the_store_keeps_every_promise_about_blobs() {
    let (_home, store) = store();
    conformance::blob::every_promise(&store).await;
}

#[tokio::test]
async fn the_store_keeps_every_promise_of_a_ledger() {
    let (_home, store) = store();
    conformance::ledger::every_promise(&store, &store).await;
}

#[tokio::test]
async fn the_repository_keeps_every_promise() {
    let home = tempfile::tempdir().expect("a folder");
    let repo =
        GitRepo::create(&home.path().join("repos/acme.git"), "acme").expect("a new repository");
    conformance::repo::every_promise(&repo).await;
}
