//! The contract of [`Journal`]: entries and heads.

use futures_util::future::join_all;
use serde_json::json;

use super::{batch, begun, done, entry};
use crate::index::{MAX_ROW, Row};
use crate::journal::{
    AppendError, Batch, Head, Journal, MAX_APPEND, MAX_BATCH, MAX_PAYLOAD, NewEntry, Writer, chain,
};

/// Runs all tests.
pub async fn run_all(journal: &dyn Journal) {
    an_unknown_engagement_is_empty_and_cannot_be_appended_to(journal).await;
    an_engagement_is_created_once(journal).await;
    entries_are_read_in_order_and_in_pages(journal).await;
    hashes_form_a_chain(journal).await;
    reading_goes_on_after_any_entry(journal).await;
    a_conflict_carries_the_current_head(journal).await;
    an_append_is_atomic(journal).await;
    one_of_many_concurrent_appends_wins(journal).await;
    one_of_many_concurrent_creations_wins(journal).await;
    a_reader_of_another_journal_is_refused(journal).await;
}

/// A reader who knows only a number continues there.
pub async fn reading_goes_on_after_any_entry(journal: &dyn Journal) {
    let entries = (1..=120).map(entry).collect::<Vec<_>>();
    let (first, more) = entries.split_at(60);
    let head = done("it begins", journal.create("goes-on", batch(first.to_vec())).await);
    let head = head.unwrap_or_default();
    let appended = journal.append("goes-on", &head, Writer::Inbound, batch(more.to_vec())).await;
    let end = done("entries are appended", appended);
    for seq in [0, 1, 60, 119] {
        let at = done("a head is read", journal.head_at("goes-on", seq).await).unwrap_or_default();
        let next = done("an entry is read", journal.read("goes-on", &at, 1).await);
        assert_eq!((at.seq, next.first().map(|next| next.seq)), (seq, Some(seq + 1)));
    }
    assert_eq!(done("the end", journal.head_at("goes-on", 120).await), Some(end));
    assert_eq!(done("beyond the end", journal.head_at("goes-on", 121).await), None);
}

/// A reader finds nothing; an append is an error.
pub async fn an_unknown_engagement_is_empty_and_cannot_be_appended_to(journal: &dyn Journal) {
    assert_eq!(
        done("an unknown head is read", journal.head("nobody").await),
        None,
        "`nobody` was never created"
    );
    assert_eq!(
        done("an unknown journal is read", journal.read("nobody", &Head::default(), 10).await),
        [],
        "`nobody` has no entries"
    );
    let appended =
        journal.append("nobody", &Head::default(), Writer::Inbound, batch(vec![entry(1)])).await;
    assert!(
        matches!(appended, Err(AppendError::Store(_))),
        "an append created an engagement: {appended:?}"
    );
    assert_eq!(
        done("an unknown head is read", journal.head("nobody").await),
        None,
        "a refused append left something behind"
    );
}

/// The second attempt returns `None` and changes nothing.
pub async fn an_engagement_is_created_once(journal: &dyn Journal) {
    let head = begun(journal, "begins-once").await;
    assert_eq!(head.seq, 1, "the first entry has number 1");
    let again = done(
        "a second creation is answered",
        journal.create("begins-once", batch(vec![entry(8), entry(9)])).await,
    );
    assert_eq!(again, None, "an engagement was created twice");
    assert_eq!(
        done("the head is read", journal.head("begins-once").await),
        Some(head),
        "the second creation moved the head"
    );
    let empty = journal.create("begins-with-nothing", batch(vec![])).await;
    assert!(empty.is_err(), "an engagement was created without an entry: {empty:?}");
}

/// Values, times and kinds round-trip; a page begins where the last one ended.
pub async fn entries_are_read_in_order_and_in_pages(journal: &dyn Journal) {
    let engagement = "read-in-pages";
    let mut head = begun(journal, engagement).await;
    for first in [2, 5, 8] {
        let entries = (first..first + 3).map(entry).collect();
        head = done(
            "three entries are appended",
            journal.append(engagement, &head, Writer::Inbound, batch(entries)).await,
        );
    }
    assert_eq!(
        done(
            "nothing is appended",
            journal.append(engagement, &head, Writer::Inbound, batch(vec![])).await
        ),
        head
    );
    let (mut at, mut read) = (Head::default(), Vec::new());
    loop {
        let page = done("a page is read", journal.read(engagement, &at, 4).await);
        assert!(page.len() <= 4, "a page is longer than requested");
        let Some(last) = page.last() else { break };
        at = Head { seq: last.seq, hash: last.hash.clone() };
        read.extend(page);
    }
    assert_eq!(at, head, "the journal was not read up to its head");
    assert_eq!(
        read.iter().map(|e| e.seq).collect::<Vec<_>>(),
        (1..=10).collect::<Vec<_>>(),
        "sequence numbers have a gap"
    );
    for (found, n) in read.iter().zip(1..) {
        let NewEntry { at, kind, payload } = entry(n);
        assert_eq!((found.at, &found.kind), (at, &kind), "entry {n} came back changed");
        assert_eq!(
            found.payload.to_string(),
            payload,
            "entry {n} came back changed, or with its keys reordered"
        );
    }
}

/// Anyone can verify a journal with [`chain`] alone.
pub async fn hashes_form_a_chain(journal: &dyn Journal) {
    let head = begun(journal, "chained").await;
    let head = done(
        "entries are appended",
        journal.append("chained", &head, Writer::Inbound, batch(vec![entry(2), entry(3)])).await,
    );
    let mut before = String::new();
    for found in done("the journal is read", journal.read("chained", &Head::default(), 100).await) {
        let expected = chain(&before, found.seq, found.at, &found.kind, &found.payload.to_string());
        assert_eq!(
            found.hash, expected,
            "the hash of entry {} does not cover its content and its predecessor",
            found.seq
        );
        before = expected;
    }
    assert_eq!(head.hash, before, "the head does not have the hash of the last entry");
}

/// A conflict carries the head, and retrying from there works.
pub async fn a_conflict_carries_the_current_head(journal: &dyn Journal) {
    let engagement = "moved-on";
    let old = begun(journal, engagement).await;
    let new = done(
        "an entry is appended",
        journal.append(engagement, &old, Writer::Inbound, batch(vec![entry(2)])).await,
    );
    let forged = Head { seq: new.seq, hash: old.hash.clone() };
    for stale in [&old, &Head::default(), &forged] {
        match journal.append(engagement, stale, Writer::Inbound, batch(vec![entry(9)])).await {
            Err(AppendError::Conflict(there)) => {
                assert_eq!(there, new, "a conflict carries the wrong head")
            }
            other => {
                panic!(
                    "an append after {stale:?} was accepted, although the head is {new:?}: \
                     {other:?}"
                )
            }
        }
    }
    let next = done(
        "an append at the head is accepted",
        journal.append(engagement, &new, Writer::Inbound, batch(vec![entry(3)])).await,
    );
    assert_eq!(next.seq, 3, "refused appends consumed sequence numbers");
}

/// One entry too many or too large, and none is written; at the limits, all are.
pub async fn an_append_is_atomic(journal: &dyn Journal) {
    let engagement = "whole";
    let head = begun(journal, engagement).await;
    let sized =
        |bytes: usize| NewEntry { payload: json!("x".repeat(bytes - 2)).to_string(), ..entry(2) };
    for (why, entries) in [
        ("too many entries", (0..=MAX_APPEND as u64).map(entry).collect()),
        ("an entry that is too large", vec![entry(2), sized(MAX_PAYLOAD + 1)]),
        ("entries that are too large together", {
            let mut entries = vec![sized(MAX_PAYLOAD); MAX_BATCH / MAX_PAYLOAD];
            entries.push(sized(2));
            entries
        }),
    ] {
        let appended = journal.append(engagement, &head, Writer::Inbound, batch(entries)).await;
        assert!(
            matches!(appended, Err(AppendError::Store(_))),
            "{why}: the append was accepted: {appended:?}"
        );
        assert_eq!(
            done("the head is read", journal.head(engagement).await),
            Some(head.clone()),
            "{why}: the head moved"
        );
    }
    let fill = (MAX_BATCH - MAX_PAYLOAD).div_ceil(MAX_APPEND - 1);
    let mut most = vec![sized(fill); MAX_APPEND - 1];
    most.push(sized(MAX_BATCH - fill * (MAX_APPEND - 1)));
    let head = done(
        "the maximum entries and bytes are appended",
        journal.append(engagement, &head, Writer::Inbound, batch(most)).await,
    );
    assert_eq!(head.seq, 1 + MAX_APPEND as u64, "an append at the limits lost entries");
    let largest = vec![sized(MAX_PAYLOAD); MAX_BATCH / MAX_PAYLOAD];
    let head = done(
        "the largest entries are appended",
        journal.append(engagement, &head, Writer::Inbound, batch(largest)).await,
    );
    let row = Row { standing: "x".repeat(MAX_ROW + 1), ..Row::default() };
    let appended = journal
        .append(
            engagement,
            &head,
            Writer::Inbound,
            Batch { entries: vec![entry(2)], row, ..Batch::default() },
        )
        .await;
    assert!(matches!(appended, Err(AppendError::Store(_))), "a row above the limit was accepted");
    assert_eq!(done("the head is read", journal.head(engagement).await), Some(head));
}

/// In each round, eight writers see one head: one append is accepted, seven conflict.
pub async fn one_of_many_concurrent_appends_wins(journal: &dyn Journal) {
    let engagement = "contended";
    let mut head = begun(journal, engagement).await;
    for round in 1..=50 {
        let appends = (0..8).map(|writer| {
            journal.append(
                engagement,
                &head,
                Writer::Inbound,
                batch(vec![entry(100 * round + writer)]),
            )
        });
        let (mut won, mut lost) = (Vec::new(), 0);
        for result in join_all(appends).await {
            match result {
                Ok(new) => won.push(new),
                Err(AppendError::Conflict(_)) => lost += 1,
                Err(error) => {
                    panic!("round {round}: an append neither succeeded nor conflicted: {error:?}")
                }
            }
        }
        assert_eq!(
            (won.len(), lost),
            (1, 7),
            "round {round}: not exactly one of eight concurrent appends won"
        );
        head = won.remove(0);
        assert_eq!(head.seq, round + 1, "round {round}: an append consumed more than one number");
    }
    let read = done("the journal is read", journal.read(engagement, &Head::default(), 100).await);
    assert_eq!(read.len(), 51, "the journal does not hold one entry per round");
}

/// For example, a double click on `run`.
pub async fn one_of_many_concurrent_creations_wins(journal: &dyn Journal) {
    let begun =
        join_all((0..8).map(|n| journal.create("begun-by-eight", batch(vec![entry(n)])))).await;
    let begun = begun.into_iter().filter_map(|begun| done("a creation is answered", begun)).count();
    assert_eq!(begun, 1, "not exactly one of eight concurrent creations won");
}

/// A reader whose last entry is not in the journal must not receive the rest as if it were.
pub async fn a_reader_of_another_journal_is_refused(journal: &dyn Journal) {
    let head = begun(journal, "one-of-two").await;
    let end = done(
        "entries are appended",
        journal.append("one-of-two", &head, Writer::Inbound, batch(vec![entry(2)])).await,
    );
    let elsewhere = chain("", 1, 0, "other", "null");
    for after in [
        Head { seq: 1, hash: elsewhere.clone() },
        Head { seq: 2, hash: elsewhere },
        Head { seq: 7, hash: end.hash.clone() },
    ] {
        let read = journal.read("one-of-two", &after, 10).await;
        assert!(
            read.is_err(),
            "a read after {after:?} succeeded, although the end is {end:?}: {read:?}"
        );
    }
}
