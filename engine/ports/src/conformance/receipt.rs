//! The contract of [`Receipts`], and of receipts that are appended.

use super::{batch, done, entry};
use crate::journal::{AppendError, Batch, Head, Journal, Writer};
use crate::receipt::{Receipt, Receipts, VALID};

/// Runs all tests.
pub async fn run_all(journal: &dyn Journal, receipts: &dyn Receipts) {
    a_receipt_is_written_with_its_append(journal, receipts).await;
    a_repeated_request_appends_nothing(journal).await;
    an_append_that_fails_leaves_no_receipt(journal, receipts).await;
    a_repeated_request_creates_nothing(journal, receipts).await;
    a_refusal_is_kept_until_it_is_outdated(receipts).await;
}

fn receipt(key: &str, body: &str, at: i64) -> Receipt {
    let (key, print) = (key.to_owned(), "print".to_owned());
    Receipt { key, print, status: 200, body: body.to_owned(), at }
}

fn answering(key: &str, body: &str) -> Batch {
    Batch { receipt: Some(receipt(key, body, 1_000)), ..batch(vec![entry(2)]) }
}

async fn started(journal: &dyn Journal, engagement: &str) -> Head {
    let created = journal.create(engagement, batch(vec![entry(1)])).await;
    done("an engagement begins", created).unwrap_or_default()
}

/// It is there as soon as the append returns.
pub async fn a_receipt_is_written_with_its_append(journal: &dyn Journal, receipts: &dyn Receipts) {
    let head = started(journal, "answered").await;
    let appended = journal.append("answered", &head, Writer::Inbound, answering("a", "yes")).await;
    done("an entry is appended", appended);
    let found = done("the receipt is found", receipts.find("a").await);
    assert_eq!(found, Some(receipt("a", "yes", 1_000)));
}

/// The second request learns what the first was told, even at an old head.
pub async fn a_repeated_request_appends_nothing(journal: &dyn Journal) {
    let head = started(journal, "repeated").await;
    let first = journal.append("repeated", &head, Writer::Inbound, answering("b", "one")).await;
    let now = done("an entry is appended", first);
    for at in [&head, &now] {
        let again = journal.append("repeated", at, Writer::Inbound, answering("b", "two")).await;
        assert!(
            matches!(&again, Err(AppendError::Answered(there)) if there.body == "one"),
            "a repeated request got {again:?}"
        );
    }
    let end = done("the head is read", journal.head("repeated").await);
    assert_eq!(end, Some(now), "a repeated request was appended");
}

/// At an old head, or without a valid batch.
pub async fn an_append_that_fails_leaves_no_receipt(
    journal: &dyn Journal,
    receipts: &dyn Receipts,
) {
    let head = started(journal, "unanswered").await;
    let stale = Head { seq: head.seq + 7, hash: "no such entry".to_owned() };
    let refused = journal.append("unanswered", &stale, Writer::Inbound, answering("c", "")).await;
    assert!(refused.is_err(), "an append at an unknown head was accepted");
    let found = done("the receipt is looked for", receipts.find("c").await);
    assert_eq!(found, None, "a refused append left its receipt");
}

/// Neither under another name, nor is the receipt of a taken name kept.
pub async fn a_repeated_request_creates_nothing(journal: &dyn Journal, receipts: &dyn Receipts) {
    let begun =
        |key: &str| Batch { receipt: Some(receipt(key, "", 1_000)), ..batch(vec![entry(1)]) };
    done("an engagement begins", journal.create("created", begun("d")).await);
    let again = done("it is not created again", journal.create("created-2", begun("d")).await);
    assert_eq!(again, None, "a repeated request created another engagement");
    let taken = done("the name is taken", journal.create("created", begun("e")).await);
    let found = done("the receipt is looked for", receipts.find("e").await);
    assert_eq!((taken, found), (None, None));
}

/// One that is still valid is returned instead.
pub async fn a_refusal_is_kept_until_it_is_outdated(receipts: &dyn Receipts) {
    let (first, second) = (receipt("f", "no", 1_000), receipt("f", "never", 1_000 + VALID - 1));
    assert_eq!(done("a refusal is kept", receipts.keep(&first).await), None);
    let there = done("another is not", receipts.keep(&second).await);
    assert_eq!(there, Some(first));
    let later = receipt("f", "later", 1_000 + VALID);
    assert_eq!(done("an outdated one is replaced", receipts.keep(&later).await), None);
    let found = done("the receipt is found", receipts.find("f").await);
    assert_eq!(found, Some(later));
}
