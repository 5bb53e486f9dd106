//! Runs the conformance suites of the ports on DynamoDB and S3, as moto serves them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use cloudcrew_aws::blob::Bucket;
use cloudcrew_aws::connection;
use cloudcrew_aws::connections::ConnectionTable;
use cloudcrew_aws::memory::MemoryTable;
use cloudcrew_aws::metrics::MetricsTable;
use cloudcrew_aws::patterns::Library;
use cloudcrew_aws::store::Store;
use cloudcrew_ports::conformance;
use cloudcrew_ports::journal::{Batch, Head, Journal as _, NewEntry, Writer};
use cloudcrew_ports::lease::{Holder, Leases as _};

fn unique(name: &str) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    format!("{name}-{}-{}", std::process::id(), since.expect("a time").as_nanos())
}

fn key(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key")
}

fn index(name: &str, partition: &str, sort: &str) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .key_schema(key(partition, KeyType::Hash))
        .key_schema(key(sort, KeyType::Range))
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::Include)
                .set_non_key_attributes(Some(PROJECTED.map(str::to_owned).to_vec()))
                .build(),
        )
        .build()
        .expect("an index")
}

/// What lists show. Whatever is projected is written to the indexes too when it changes, so the
/// entries are not.
const PROJECTED: [&str; 9] = [
    "engagement",
    "created",
    "standing",
    "waits",
    "active",
    "due",
    "row_seq",
    "row_hash",
    "driver",
];

/// A new table with these attributes as keys, and these indexes; its name.
async fn table(name: &str, attributes: &[&str], indexes: &[[&str; 3]]) -> String {
    let table = unique(name);
    let attributes = attributes.iter().map(|name| {
        let attribute = AttributeDefinition::builder().attribute_name(*name);
        attribute.attribute_type(ScalarAttributeType::S).build().expect("an attribute")
    });
    let indexes: Vec<_> = indexes.iter().map(|[name, by, sort]| index(name, by, sort)).collect();
    Client::new(&connection().await)
        .create_table()
        .table_name(&table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.collect()))
        .key_schema(key("PK", KeyType::Hash))
        .key_schema(key("SK", KeyType::Range))
        .set_global_secondary_indexes(Some(indexes).filter(|indexes| !indexes.is_empty()))
        .send()
        .await
        .expect("a table");
    table
}

/// A store in a table of its own.
async fn store(name: &str) -> Store {
    let attributes = ["PK", "SK", "listed", "made", "waiting", "todo", "todo_at"];
    let indexes =
        [["all", "listed", "made"], ["waiting", "waiting", "made"], ["todo", "todo", "todo_at"]];
    Store::new(&connection().await, &table(name, &attributes, &indexes).await)
}

/// A new bucket; its name.
async fn bucket(name: &str) -> String {
    let name = unique(name);
    let config = connection().await;
    let settings = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let client = aws_sdk_s3::Client::from_conf(settings);
    client.create_bucket().bucket(&name).send().await.expect("a bucket");
    name
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_journal_suite() {
    conformance::journal::run_all(&store("journal").await).await;
}

/// Every third write happens, but its reply is lost.
#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_journal_suite_when_replies_are_lost() {
    conformance::journal::run_all(&store("lossy").await).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_connection_suite() {
    let table = table("connections", &["PK", "SK"], &[]).await;
    conformance::connection::run_all(&ConnectionTable::new(&connection().await, &table)).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_metrics_suite() {
    let table = table("metrics", &["PK", "SK"], &[]).await;
    conformance::metrics::run_all(&MetricsTable::new(&connection().await, &table)).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_memory_suite() {
    let table = table("memory", &["PK", "SK"], &[]).await;
    let memory = MemoryTable::new(&connection().await, &table);
    let at_once = &conformance::memory::at_once;
    conformance::memory::a_record_that_is_lifted_stays_longer(&memory, at_once).await;
    // The service removes each item by its own time.
    let items = Client::new(&connection().await).scan().table_name(&table).send().await;
    let items = items.expect("items").items.unwrap_or_default();
    let times: Vec<_> = items.iter().map(|item| item.get("expires")).collect();
    assert!(times.len() == 3 && times.iter().all(|time| *time == times[0]), "{times:?}");
    conformance::memory::run_all(&memory, at_once).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_and_the_bucket_pass_the_library_suite() {
    let (table, bucket) = (table("library", &["PK", "SK"], &[]).await, bucket("library").await);
    conformance::pattern::run_all(&Library::new(&connection().await, &table, &bucket)).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_lease_suite() {
    let store = store("lease").await;
    conformance::lease::run_all(&store, &store).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_index_suite() {
    let store = store("index").await;
    conformance::index::run_all(&store, &store, &|_| std::thread::sleep(Duration::from_millis(50)))
        .await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_ledger_suite() {
    let store = store("ledger").await;
    conformance::ledger::run_all(&store, &store).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_receipt_suite() {
    let store = store("receipt").await;
    conformance::receipt::run_all(&store, &store).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_pass_suite() {
    conformance::pass::run_all(&store("pass").await).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_table_passes_the_outbox_suite() {
    let store = store("outbox").await;
    conformance::outbox::run_all(&store, &store).await;
}

#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn the_bucket_passes_the_blob_suite() {
    let name = bucket("blobs").await;
    conformance::blob::run_all(&Bucket::new(&connection().await, &name)).await;
}

fn holder(name: &str) -> Holder {
    let (host, boot) = (format!("{name}-host"), format!("{name}-boot"));
    Holder { name: name.to_owned(), host, boot, pid: 1, started: 1 }
}

/// A task that was killed is replaced after a minute, and can write no more.
#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn a_lease_that_is_not_renewed_goes_to_another() {
    let time = Arc::new(AtomicI64::new(1_000_000));
    let clock = time.clone();
    let store = store("expiry").await.with_clock(move || clock.load(Ordering::Relaxed));
    let entry = |n: i64| NewEntry { at: n, kind: "said".into(), payload: "{}".into() };
    let batch = |n| Batch { entries: vec![entry(n)], ..Batch::default() };
    let head = store.create("killed", batch(1)).await.expect("it begins").expect("a head");
    let first = store.acquire("killed", &holder("anna")).await.expect("a free lease");
    time.fetch_add(59_999, Ordering::Relaxed);
    store.acquire("killed", &holder("ben")).await.expect_err("it is held");
    assert!(store.renew("killed", &first).await.expect("it answers"), "it is still hers");
    time.fetch_add(60_001, Ordering::Relaxed);
    let (_, alive) = store.lease("killed").await.expect("it answers").expect("a lease");
    assert!(!alive);
    let second = store.acquire("killed", &holder("ben")).await.expect("an expired lease");
    assert_eq!(second.epoch, first.epoch + 1);
    assert!(!store.renew("killed", &first).await.expect("it answers"));
    store
        .append("killed", &head, Writer::Driver(first.epoch), batch(2))
        .await
        .expect_err("she writes no more");
    store.append("killed", &head, Writer::Driver(second.epoch), batch(2)).await.expect("he does");
}

/// Old entries move behind the tip, into more than a page, and any reader still gets them in order.
#[tokio::test]
#[ignore = "needs the AWS rig: see tests/rigs/README.md"]
async fn a_long_journal_is_read_from_any_entry() {
    let store = store("long").await;
    let entry = |n: u64| NewEntry {
        at: 1,
        kind: "said".into(),
        payload: format!("\"{}\"", "x".repeat(usize::try_from(n * 37 % 900 * 16).unwrap_or(0))),
    };
    let batch = |n| Batch { entries: vec![entry(n), entry(n + 1)], ..Batch::default() };
    let mut head = store.create("long", batch(1)).await.expect("it begins").expect("a head");
    let mut heads = vec![Head::default()];
    for n in 1..150 {
        heads.push(head.clone());
        let next = store.append("long", &head, Writer::Inbound, batch(2 * n)).await;
        head = next.expect("it grows");
    }
    for at in heads.iter().step_by(7) {
        let read = store.read("long", at, 1_000).await.expect("it is read");
        let numbers: Vec<u64> = read.iter().map(|entry| entry.seq).collect();
        assert_eq!(numbers, (at.seq + 1..=head.seq).collect::<Vec<_>>());
        assert_eq!(store.head_at("long", at.seq).await.expect("it is read"), Some(at.clone()));
        let some = store.read("long", at, 5).await.expect("it is read");
        assert_eq!(some.len(), 5.min(read.len()));
    }
}
