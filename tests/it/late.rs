//! A customer who answers at the very moment when a reminder is sent, the gate expires, or
//! `--approve all` applies.

use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_local::clock::{RehearsalClock, SystemClock};
use cloudcrew_local::store::Store;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::journal::{AppendError, Batch, Entry, Head, Journal, Writer};
use cloudcrew_runtime::engagement::{
    Decision, Driver, Options, Record, Rest, Submission, open, record,
};

use crate::support::edited;
use crate::support::inside::{PROJECT, dead, ports, start};

/// Lets the customer answer just before the driver's first entry of a kind.
struct Before(Store, &'static str);

#[async_trait]
impl Journal for Before {
    async fn create(&self, engagement: &str, batch: Batch) -> Result<Option<Head>, StoreError> {
        self.0.create(engagement, batch).await
    }
    async fn append(
        &self,
        engagement: &str,
        expected: &Head,
        writer: Writer,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        if batch.entries.iter().any(|entry| entry.kind == self.1) {
            let mut seen = open(Record::of(&self.0), PROJECT).await.expect("an engagement");
            let given = Submission {
                request: "discovery-1".into(),
                decision: Decision::Revise {
                    words: "not yet".into(),
                    to: None,
                    ratings: Vec::new(),
                },
                actor: "customer".into(),
                groups: Vec::new(),
                channel: "test".into(),
                digest: None,
                remarks: Vec::new(),
                email: None,
                unverified: false,
            };
            // The second time, the answer is already recorded.
            drop(record(Record::of(&self.0), &SystemClock::default(), &mut seen, given).await);
        }
        self.0.append(engagement, expected, writer, batch).await
    }
    async fn read(
        &self,
        engagement: &str,
        after: &Head,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.0.read(engagement, after, limit).await
    }
    async fn head(&self, engagement: &str) -> Result<Option<Head>, StoreError> {
        self.0.head(engagement).await
    }
}

#[tokio::test]
async fn the_first_answer_counts_and_the_engagement_continues() {
    let hour = 3_600_000;
    for (kind, gate, later, approve_all) in [
        ("reminded", "remind_after: 24h", 25 * hour, false),
        ("request_expired", "expires_after: 48h", 49 * hour, false),
        ("request_answered", "expires_after: 48h\n  on_expiry: approve", 49 * hour, false),
        ("request_answered", "remind_after: 24h", 0, true),
    ] {
        let crew = edited();
        crew.edit("phases/discovery.yaml", "gate: {}", &format!("gate:\n  {gate}"));
        start(&crew.home(), crew.workspace(), "clinic-scheduling.md", None).await;
        let (first, store, _) = ports(&crew.home()).await;
        let driver =
            Driver::open(first, PROJECT, &dead(0), Options::default()).await.expect("the lease");
        assert!(matches!(driver.drive().await, Ok(Rest::Waiting(_))));
        let (mut late, _, _) = ports(&crew.home()).await;
        let clock = RehearsalClock::default();
        clock.not_before(driver.look(|e| e.state.times.1).await + later);
        (late.clock, late.journal) = (Arc::new(clock), Arc::new(Before(store.clone(), kind)));
        let driver =
            Driver::open(late, PROJECT, &dead(1), Options { approve_all, ..Options::default() })
                .await
                .expect("the lease");
        let rest = driver.drive().await;
        assert!(matches!(rest, Ok(Rest::Waiting(_) | Rest::Ended(_))), "{kind}: {rest:?}");
        let engagement =
            open(Record::of(&store), PROJECT).await.expect("a journal that can be read");
        let answer = engagement
            .state
            .request("discovery-1")
            .and_then(|r| r.answer.clone())
            .expect("an answer");
        assert_eq!(
            (answer.actor.as_str(), answer.decision.name()),
            ("customer", "revised"),
            "{kind}"
        );
        assert_eq!(engagement.state.revision("discovery"), 2, "{kind}");
    }
}
