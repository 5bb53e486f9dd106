//! The contract of [`Ledger`].

use futures_util::future::join_all;

use super::{begun, done};
use crate::journal::Journal;
use crate::ledger::{Ledger, LedgerKind, LedgerRow};

/// Runs all tests. The rows' engagements are created in `journal`.
pub async fn run_all(ledger: &dyn Ledger, journal: &dyn Journal) {
    for engagement in ["in-order", "separate", "written-once", "all-or-none", "many-writers"] {
        begun(journal, engagement).await;
    }
    rows_are_read_in_the_order_they_were_recorded(ledger).await;
    a_row_is_written_once(ledger).await;
    rows_are_recorded_all_or_none(ledger).await;
    concurrent_writers_lose_no_rows(ledger).await;
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
    done("rows are read", ledger.rows(engagement).await).into_iter().map(|row| row.id).collect()
}

/// Rows of every kind are complete, and each engagement has its own.
pub async fn rows_are_read_in_the_order_they_were_recorded(ledger: &dyn Ledger) {
    use LedgerKind::{Answer, Assumption, Blocker, Decision, Deliverable, Fact, Feedback, Review};
    assert_eq!(
        done("rows are read", ledger.rows("nobody").await),
        [],
        "an unknown engagement has rows"
    );
    let kinds = [Review, Fact, Answer, Assumption, Feedback, Decision, Deliverable, Blocker];
    let rows: Vec<_> = kinds
        .iter()
        .enumerate()
        .map(|(n, kind)| LedgerRow { kind: *kind, ..row(&format!("z{}", 9 - n), "t") })
        .collect();
    done("rows are recorded", ledger.record("in-order", &rows[..3]).await);
    done("rows are recorded", ledger.record("in-order", &rows[3..]).await);
    done(
        "the same id is recorded for another engagement",
        ledger.record("separate", &[row("z9", "elsewhere")]).await,
    );
    assert_eq!(
        done("rows are read", ledger.rows("in-order").await),
        rows,
        "rows came back changed or in another order"
    );
    assert_eq!(
        done("rows are read", ledger.rows("separate").await),
        [row("z9", "elsewhere")],
        "engagements share rows"
    );
}

/// A replayed step writes nothing new; a different row with its id is an error.
pub async fn a_row_is_written_once(ledger: &dyn Ledger) {
    let engagement = "written-once";
    done("nothing is recorded", ledger.record(engagement, &[]).await);
    for _ in 0..3 {
        done(
            "the same row is recorded again",
            ledger.record(engagement, &[row("a", "said"), row("a", "said")]).await,
        );
    }
    let other = ledger.record(engagement, &[row("a", "said otherwise")]).await;
    assert!(other.is_err(), "a different row with the same id was accepted");
    assert_eq!(
        done("rows are read", ledger.rows(engagement).await),
        [row("a", "said")],
        "a row is not there exactly once, as first recorded"
    );
}

/// One invalid row keeps the others out.
pub async fn rows_are_recorded_all_or_none(ledger: &dyn Ledger) {
    let engagement = "all-or-none";
    done("a row is recorded", ledger.record(engagement, &[row("a", "said")]).await);
    let recorded = ledger
        .record(engagement, &[row("b", "new"), row("a", "said otherwise"), row("c", "new")])
        .await;
    assert!(recorded.is_err(), "a different row with the same id was accepted");
    assert_eq!(
        ids(ledger, engagement).await,
        ["a"],
        "some rows of a refused request were recorded"
    );
    done(
        "a replay with a new row is recorded",
        ledger.record(engagement, &[row("a", "said"), row("b", "new")]).await,
    );
    assert_eq!(ids(ledger, engagement).await, ["a", "b"], "the old row and the new one");
}

/// Concurrent writers each have all their rows recorded once.
pub async fn concurrent_writers_lose_no_rows(ledger: &dyn Ledger) {
    let engagement = "many-writers";
    let rows: Vec<Vec<LedgerRow>> =
        (0..16).map(|w| (0..10).map(|n| row(&format!("{w:02}-{n}"), "said")).collect()).collect();
    // Each writer twice, as after a crash.
    for recorded in
        join_all(rows.iter().chain(&rows).map(|rows| ledger.record(engagement, rows))).await
    {
        done("a writer's rows are recorded", recorded);
    }
    let mut there = ids(ledger, engagement).await;
    there.sort();
    let mut expected: Vec<String> = rows.into_iter().flatten().map(|row| row.id).collect();
    expected.sort();
    assert_eq!(there, expected, "rows were lost or duplicated");
}
