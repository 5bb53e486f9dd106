//! The promises of [`Ledger`].

use futures_util::future::join_all;

use super::{begun, kept};
use crate::journal::Journal;
use crate::ledger::{Ledger, LedgerKind, LedgerRow};

/// All of them. The journal is where the engagements are begun that the rows belong to.
pub async fn every_promise(ledger: &dyn Ledger, journal: &dyn Journal) {
    for engagement in ["kept-in-order", "kept-apart", "written-once", "all-or-none", "many-writers"]
    {
        begun(journal, engagement).await;
    }
    rows_come_back_in_the_order_they_were_recorded(ledger).await;
    a_row_is_written_once(ledger).await;
    rows_are_recorded_all_or_none(ledger).await;
    of_many_writers_none_is_lost(ledger).await;
}

fn row(id: &str, title: &str) -> LedgerRow {
    LedgerRow {
        id: id.to_owned(),
        phase: "discovery".to_owned(),
        author: "pm".to_owned(),
        kind: LedgerKind::Fact,
        title: title.to_owned(),
        body: "„Ein Satz“\nund \u{1F980}\t\"noch\" einer".to_owned(),
        source: "sow.md:42".to_owned(),
    }
}

async fn ids(ledger: &dyn Ledger, engagement: &str) -> Vec<String> {
    kept("rows are read", ledger.rows(engagement).await).into_iter().map(|row| row.id).collect()
}

/// Of every kind, whole, and each engagement has its own.
pub async fn rows_come_back_in_the_order_they_were_recorded(ledger: &dyn Ledger) {
    use LedgerKind::{Answer, Assumption, Blocker, Decision, Deliverable, Fact, Feedback, Review};
    assert_eq!(
        kept("rows are read", ledger.rows("nobody").await),
        [],
        "an unknown engagement has no rows"
    );
    let kinds = [Review, Fact, Answer, Assumption, Feedback, Decision, Deliverable, Blocker];
    let rows: Vec<_> = kinds
        .iter()
        .enumerate()
        .map(|(n, kind)| LedgerRow { kind: *kind, ..row(&format!("z{}", 9 - n), "t") })
        .collect();
    kept("rows are recorded", ledger.record("kept-in-order", &rows[..3]).await);
    kept("rows are recorded", ledger.record("kept-in-order", &rows[3..]).await);
    kept(
        "the same id elsewhere is recorded",
        ledger.record("kept-apart", &[row("z9", "elsewhere")]).await,
    );
    assert_eq!(
        kept("rows are read", ledger.rows("kept-in-order").await),
        rows,
        "rows came back changed or in another order"
    );
    assert_eq!(
        kept("rows are read", ledger.rows("kept-apart").await),
        [row("z9", "elsewhere")],
        "engagements share rows"
    );
}

/// A replayed step writes nothing new; a different row under its id is an error.
pub async fn a_row_is_written_once(ledger: &dyn Ledger) {
    let engagement = "written-once";
    kept("nothing is recorded", ledger.record(engagement, &[]).await);
    for _ in 0..3 {
        kept(
            "the same row is recorded again",
            ledger.record(engagement, &[row("a", "said"), row("a", "said")]).await,
        );
    }
    let other = ledger.record(engagement, &[row("a", "said otherwise")]).await;
    assert!(other.is_err(), "a row was recorded over another with its id");
    assert_eq!(
        kept("rows are read", ledger.rows(engagement).await),
        [row("a", "said")],
        "a row is there once, as it was first said"
    );
}

/// One that cannot be recorded keeps the others out.
pub async fn rows_are_recorded_all_or_none(ledger: &dyn Ledger) {
    let engagement = "all-or-none";
    kept("a row is recorded", ledger.record(engagement, &[row("a", "said")]).await);
    let recorded = ledger
        .record(engagement, &[row("b", "new"), row("a", "said otherwise"), row("c", "new")])
        .await;
    assert!(recorded.is_err(), "a row was recorded over another with its id");
    assert_eq!(
        ids(ledger, engagement).await,
        ["a"],
        "some rows of a refused request were recorded"
    );
    kept(
        "a replay with news is recorded",
        ledger.record(engagement, &[row("a", "said"), row("b", "new")]).await,
    );
    assert_eq!(ids(ledger, engagement).await, ["a", "b"], "what was there and what is new");
}

/// Each of many writers at once has all its rows recorded once.
pub async fn of_many_writers_none_is_lost(ledger: &dyn Ledger) {
    let engagement = "many-writers";
    let rows: Vec<Vec<LedgerRow>> =
        (0..16).map(|w| (0..10).map(|n| row(&format!("{w:02}-{n}"), "said")).collect()).collect();
    // Everyone twice, as after a crash.
    for recorded in
        join_all(rows.iter().chain(&rows).map(|rows| ledger.record(engagement, rows))).await
    {
        kept("a writer's rows are recorded", recorded);
    }
    let mut there = ids(ledger, engagement).await;
    there.sort();
    let mut expected: Vec<String> = rows.into_iter().flatten().map(|row| row.id).collect();
    expected.sort();
    assert_eq!(there, expected, "rows were lost or are there twice");
}
