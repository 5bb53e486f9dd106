//! The promises of [`Journal`]: entries and heads.

use futures_util::future::join_all;
use serde_json::json;

use super::{batch, begun, entry, kept};
use crate::index::{MAX_ROW, Row};
use crate::journal::{
    AppendError, Batch, Head, Journal, MAX_APPEND, MAX_BATCH, MAX_PAYLOAD, NewEntry, Writer, chain,
};

/// All of them.
pub async fn every_promise(journal: &dyn Journal) {
    an_unknown_engagement_is_empty_and_cannot_be_appended_to(journal).await;
    an_engagement_begins_once(journal).await;
    what_was_appended_is_read_in_order_and_in_pages(journal).await;
    the_hashes_are_a_chain(journal).await;
    who_expects_another_head_is_told_where_it_is(journal).await;
    an_append_is_whole_or_not_at_all(journal).await;
    of_many_who_append_at_one_head_one_wins(journal).await;
    of_many_who_begin_an_engagement_one_does(journal).await;
    who_has_read_another_journal_is_not_served(journal).await;
}

/// Nothing is there, and that is no error to who reads; to who appends it is.
pub async fn an_unknown_engagement_is_empty_and_cannot_be_appended_to(journal: &dyn Journal) {
    assert_eq!(
        kept("a head is looked for", journal.head("nobody").await),
        None,
        "nobody began `nobody`"
    );
    assert_eq!(
        kept("it is read", journal.read("nobody", &Head::default(), 10).await),
        [],
        "nobody wrote in `nobody`"
    );
    let appended =
        journal.append("nobody", &Head::default(), Writer::Inbound, batch(vec![entry(1)])).await;
    assert!(
        matches!(appended, Err(AppendError::Store(_))),
        "an engagement began by an append: {appended:?}"
    );
    assert_eq!(
        kept("a head is looked for", journal.head("nobody").await),
        None,
        "a refused append left something behind"
    );
}

/// The second who begins it is told, and changes nothing.
pub async fn an_engagement_begins_once(journal: &dyn Journal) {
    let head = begun(journal, "begins-once").await;
    assert_eq!(head.seq, 1, "the first entry has number 1");
    let again = kept(
        "a second beginning is answered",
        journal.create("begins-once", batch(vec![entry(8), entry(9)])).await,
    );
    assert_eq!(again, None, "an engagement began twice");
    assert_eq!(
        kept("the head is read", journal.head("begins-once").await),
        Some(head),
        "the second beginning moved the head"
    );
    let empty = journal.create("begins-with-nothing", batch(vec![])).await;
    assert!(empty.is_err(), "an engagement began without an entry: {empty:?}");
}

/// Values, times and kinds come back as they were; a page begins where the last one ended.
pub async fn what_was_appended_is_read_in_order_and_in_pages(journal: &dyn Journal) {
    let engagement = "read-in-pages";
    let mut head = begun(journal, engagement).await;
    for first in [2, 5, 8] {
        let entries = (first..first + 3).map(entry).collect();
        head = kept(
            "three entries are appended",
            journal.append(engagement, &head, Writer::Inbound, batch(entries)).await,
        );
    }
    assert_eq!(
        kept(
            "nothing is appended",
            journal.append(engagement, &head, Writer::Inbound, batch(vec![])).await
        ),
        head
    );
    let (mut at, mut read) = (Head::default(), Vec::new());
    loop {
        let page = kept("a page is read", journal.read(engagement, &at, 4).await);
        assert!(page.len() <= 4, "a page is longer than was asked for");
        let Some(last) = page.last() else { break };
        at = Head { seq: last.seq, hash: last.hash.clone() };
        read.extend(page);
    }
    assert_eq!(at, head, "the journal is read up to its head");
    assert_eq!(
        read.iter().map(|e| e.seq).collect::<Vec<_>>(),
        (1..=10).collect::<Vec<_>>(),
        "numbers have no gap"
    );
    for (found, n) in read.iter().zip(1..) {
        let NewEntry { at, kind, payload } = entry(n);
        assert_eq!((found.at, &found.kind), (at, &kind), "entry {n} came back changed");
        assert_eq!(
            found.payload.to_string(),
            payload,
            "entry {n} came back changed, or its keys in another order"
        );
    }
}

/// Anybody can check a journal with [`chain`] alone.
pub async fn the_hashes_are_a_chain(journal: &dyn Journal) {
    let head = begun(journal, "chained").await;
    let head = kept(
        "entries are appended",
        journal.append("chained", &head, Writer::Inbound, batch(vec![entry(2), entry(3)])).await,
    );
    let mut before = String::new();
    for found in kept("it is read", journal.read("chained", &Head::default(), 100).await) {
        let expected = chain(&before, found.seq, found.at, &found.kind, &found.payload.to_string());
        assert_eq!(
            found.hash, expected,
            "entry {} does not hash what it says and what was before it",
            found.seq
        );
        before = expected;
    }
    assert_eq!(head.hash, before, "the head has the hash of the last entry");
}

/// A conflict carries the head, and trying again from there works.
pub async fn who_expects_another_head_is_told_where_it_is(journal: &dyn Journal) {
    let engagement = "moved-on";
    let old = begun(journal, engagement).await;
    let new = kept(
        "an entry is appended",
        journal.append(engagement, &old, Writer::Inbound, batch(vec![entry(2)])).await,
    );
    let forged = Head { seq: new.seq, hash: old.hash.clone() };
    for stale in [&old, &Head::default(), &forged] {
        match journal.append(engagement, stale, Writer::Inbound, batch(vec![entry(9)])).await {
            Err(AppendError::Conflict(there)) => {
                assert_eq!(there, new, "a conflict names the wrong head")
            }
            other => {
                panic!("an append after {stale:?} was let in, the head being {new:?}: {other:?}")
            }
        }
    }
    let next = kept(
        "an append at the head goes in",
        journal.append(engagement, &new, Writer::Inbound, batch(vec![entry(3)])).await,
    );
    assert_eq!(next.seq, 3, "refused appends left numbers behind");
}

/// One entry too many or too large, and none is there; at the limits, all are.
pub async fn an_append_is_whole_or_not_at_all(journal: &dyn Journal) {
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
        assert!(matches!(appended, Err(AppendError::Store(_))), "{why} went in: {appended:?}");
        assert_eq!(
            kept("the head is read", journal.head(engagement).await),
            Some(head.clone()),
            "{why} moved the head"
        );
    }
    let fill = (MAX_BATCH - MAX_PAYLOAD).div_ceil(MAX_APPEND - 1);
    let mut most = vec![sized(fill); MAX_APPEND - 1];
    most.push(sized(MAX_BATCH - fill * (MAX_APPEND - 1)));
    let head = kept(
        "as many entries and bytes as go into one append are appended",
        journal.append(engagement, &head, Writer::Inbound, batch(most)).await,
    );
    assert_eq!(head.seq, 1 + MAX_APPEND as u64, "an append at the limits is not whole");
    let largest = vec![sized(MAX_PAYLOAD); MAX_BATCH / MAX_PAYLOAD];
    let head = kept(
        "the largest entries that go into one append are appended",
        journal.append(engagement, &head, Writer::Inbound, batch(largest)).await,
    );
    let row = Row { standing: "x".repeat(MAX_ROW + 1), ..Row::default() };
    let appended = journal
        .append(engagement, &head, Writer::Inbound, Batch { entries: vec![entry(2)], row })
        .await;
    assert!(matches!(appended, Err(AppendError::Store(_))), "too large a row went in");
    assert_eq!(kept("the head is read", journal.head(engagement).await), Some(head));
}

/// Round after round, eight writers see one head: one is let in, seven are told.
pub async fn of_many_who_append_at_one_head_one_wins(journal: &dyn Journal) {
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
                    panic!("round {round}: a writer was told neither yes nor no: {error:?}")
                }
            }
        }
        assert_eq!(
            (won.len(), lost),
            (1, 7),
            "round {round}: of eight writers at one head not exactly one won"
        );
        head = won.remove(0);
        assert_eq!(head.seq, round + 1, "round {round}: an append took more than its number");
    }
    let read = kept("it is read", journal.read(engagement, &Head::default(), 100).await);
    assert_eq!(read.len(), 51, "the journal holds one entry of each round");
}

/// A double click on `run`.
pub async fn of_many_who_begin_an_engagement_one_does(journal: &dyn Journal) {
    let begun =
        join_all((0..8).map(|n| journal.create("begun-by-eight", batch(vec![entry(n)])))).await;
    let begun =
        begun.into_iter().filter_map(|begun| kept("a beginning is answered", begun)).count();
    assert_eq!(begun, 1, "of eight who begin one engagement exactly one does");
}

/// A reader whose last entry is not the journal's must not be handed the rest as if it were.
pub async fn who_has_read_another_journal_is_not_served(journal: &dyn Journal) {
    let head = begun(journal, "one-of-two").await;
    let end = kept(
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
            "a reader who was at {after:?} was served, the end being {end:?}: {read:?}"
        );
    }
}
