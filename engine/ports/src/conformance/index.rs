//! The contract of [`Index`].

use std::time::Duration;

use super::{batch, done, entry};
use crate::index::{Index, Listing, Place, Row, Which};
use crate::journal::{Batch, Head, Journal, NewEntry, Writer};

/// Runs all tests.
pub async fn run_all(journal: &dyn Journal, index: &dyn Index, pause: Pause<'_>) {
    engagements_are_listed_by_creation(journal, index, pause).await;
    a_row_is_the_one_of_the_last_append(journal, index, pause).await;
    the_waiting_engagements_are_found(journal, index, pause).await;
    a_row_is_filled_in_once(journal, index, pause).await;
    pages_add_up_to_the_list(journal, index, pause).await;
}

/// How the suite waits for an index that lags behind: called with the time it may still take. An
/// index without lag does nothing.
pub type Pause<'a> = &'a (dyn Fn(Duration) + Sync);

/// How long a row may lag behind.
const LAG: Duration = Duration::from_secs(5);

async fn listed(index: &dyn Index, which: Which, pause: Pause<'_>) -> Vec<Listing> {
    pause(LAG);
    done("engagements are listed", index.list(which).await)
}

async fn started(journal: &dyn Journal, engagement: &str, row: Row) -> Head {
    let batch = Batch { entries: vec![entry(1)], row, ..Batch::default() };
    done("an engagement begins", journal.create(engagement, batch).await).unwrap_or_default()
}

/// Each with its creation time and the head that its row belongs to.
pub async fn engagements_are_listed_by_creation(
    journal: &dyn Journal,
    index: &dyn Index,
    pause: Pause<'_>,
) {
    let before = listed(index, Which::All, pause).await.len();
    for (n, engagement) in [(1, "list-z"), (2, "list-a"), (3, "list-m")] {
        let first = NewEntry { at: 1_900_000_000_000 + n, ..entry(1) };
        done("an engagement begins", journal.create(engagement, batch(vec![first])).await);
    }
    let head = done("the head is read", journal.head("list-a").await).unwrap_or_default();
    let row = Row { standing: "other".to_owned(), ..Row::default() };
    let next = Batch { entries: vec![entry(2)], row, ..Batch::default() };
    let head =
        done("an entry is appended", journal.append("list-a", &head, Writer::Inbound, next).await);
    let all = listed(index, Which::All, pause).await;
    assert_eq!(all.len(), before + 3, "three more engagements are listed");
    let new: Vec<_> = all
        .iter()
        .filter(|l| l.engagement.starts_with("list-"))
        .map(|l| (l.engagement.as_str(), l.created))
        .collect();
    let expected = [
        ("list-z", 1_900_000_000_001),
        ("list-a", 1_900_000_000_002),
        ("list-m", 1_900_000_000_003),
    ];
    assert_eq!(new, expected, "engagements are not listed by creation");
    assert!(
        all.iter().any(|l| l.engagement == "list-a" && l.head == head),
        "the listed head is outdated"
    );
}

/// A refused append changes no row.
pub async fn a_row_is_the_one_of_the_last_append(
    journal: &dyn Journal,
    index: &dyn Index,
    pause: Pause<'_>,
) {
    let row = |text: &str| Row { standing: text.to_owned(), due: Some(7), ..Row::default() };
    let head = started(journal, "rowed", row("first")).await;
    let appended = Batch { entries: vec![entry(2)], row: row("second"), ..Batch::default() };
    done("an entry is appended", journal.append("rowed", &head, Writer::Inbound, appended).await);
    let stale = Batch { entries: vec![entry(3)], row: row("third"), ..Batch::default() };
    let refused = journal.append("rowed", &head, Writer::Inbound, stale).await;
    assert!(refused.is_err(), "an append at an old head was accepted");
    let again = Batch { entries: vec![entry(1)], row: row("fourth"), ..Batch::default() };
    done("a second creation is answered", journal.create("rowed", again).await);
    let all = listed(index, Which::All, pause).await;
    let found = all.into_iter().find(|l| l.engagement == "rowed").and_then(|l| l.row);
    assert_eq!(found, Some(row("second")), "the row is not that of the last append");
}

/// Filters by whether a person must act, and by time.
pub async fn the_waiting_engagements_are_found(
    journal: &dyn Journal,
    index: &dyn Index,
    pause: Pause<'_>,
) {
    let row = |waits, active, due| Row { standing: "{}".to_owned(), waits, active, due };
    let rows = [row(true, false, None), row(false, true, Some(10)), row(true, false, Some(20))];
    for (engagement, row) in ["act-a", "act-b", "act-c"].into_iter().zip(&rows) {
        started(journal, engagement, row.clone()).await;
    }
    let waiting = listed(index, Which::Waiting, pause).await;
    let found: Vec<_> = waiting
        .iter()
        .filter(|l| l.engagement.starts_with("act-"))
        .map(|l| (l.engagement.as_str(), l.row.as_ref()))
        .collect();
    assert_eq!(found, [("act-a", Some(&rows[0])), ("act-c", Some(&rows[2]))]);
    for (now, expected) in [(19, vec!["act-b"]), (20, vec!["act-b", "act-c"])] {
        let next = listed(index, Which::ToContinue(now), pause).await;
        let found: Vec<_> = next
            .iter()
            .map(|l| l.engagement.as_str())
            .filter(|engagement| engagement.starts_with("act-"))
            .collect();
        assert_eq!(found, expected, "engagements to continue at {now}");
    }
}

/// An existing row, or one of an older journal, is not overwritten.
pub async fn a_row_is_filled_in_once(journal: &dyn Journal, index: &dyn Index, pause: Pause<'_>) {
    let row = |text: &str| Row { standing: text.to_owned(), ..Row::default() };
    let head = started(journal, "filled", row("written")).await;
    done("the row is filled in", index.fill("filled", &head, row("filled in")).await);
    let all = listed(index, Which::All, pause).await;
    let found = all.into_iter().find(|l| l.engagement == "filled").and_then(|l| l.row);
    assert_eq!(found, Some(row("written")), "an existing row was overwritten");
}

/// Also when several were created at the same time.
pub async fn pages_add_up_to_the_list(journal: &dyn Journal, index: &dyn Index, pause: Pause<'_>) {
    let row = |waits| Row { standing: "{}".to_owned(), waits, ..Row::default() };
    for (n, at) in [(3, 7), (1, 7), (2, 9), (5, 7), (4, 8)] {
        let first = NewEntry { at: 1_950_000_000_000 + at, ..entry(1) };
        let batch = Batch { entries: vec![first], row: row(n % 2 == 1), ..Batch::default() };
        done("an engagement begins", journal.create(&format!("page-{n}"), batch).await);
    }
    pause(LAG);
    for which in [Which::All, Which::Waiting] {
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let page = done("a page is read", index.page(which, after.as_ref(), 2).await);
            let Some(last) = page.last() else { break };
            after = Some(Place { created: last.created, engagement: last.engagement.clone() });
            names.extend(page.into_iter().map(|listing| listing.engagement));
        }
        let all = done("all are listed", index.list(which).await);
        assert_eq!(names.len(), all.len(), "pages of {which:?} do not add up to the list");
        names.retain(|name| name.starts_with("page-"));
        let expected: &[&str] = match which {
            Which::Waiting => &["page-1", "page-3", "page-5"],
            _ => &["page-1", "page-3", "page-5", "page-4", "page-2"],
        };
        assert_eq!(names, expected);
    }
}
