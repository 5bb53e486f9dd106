//! The contract of [`Outbox`].

use super::{batch, done, entry};
use crate::journal::{Head, Journal, Writer};
use crate::outbox::{Behind, Outbox};

/// Runs all tests.
pub async fn run_all(journal: &dyn Journal, outbox: &dyn Outbox) {
    a_reader_begins_with_the_present(journal, outbox).await;
    each_reader_is_where_it_was(journal, outbox).await;
    a_reader_never_moves_back(journal, outbox).await;
}

async fn started(journal: &dyn Journal, engagement: &str) -> Head {
    let created = journal.create(engagement, batch(vec![entry(1)])).await;
    done("an engagement begins", created).unwrap_or_default()
}

async fn grown(journal: &dyn Journal, engagement: &str, head: &Head) -> Head {
    let next = batch(vec![entry(head.seq + 1)]);
    done("it grows", journal.append(engagement, head, Writer::Inbound, next).await)
}

async fn behind(outbox: &dyn Outbox, reader: &str, of: &str) -> Option<u64> {
    let all = done("the outbox is read", outbox.behind(reader, None, 1_000).await);
    let found = all.into_iter().find(|behind| behind.engagement == of);
    let one = done("one journal is looked up", outbox.behind_in(reader, of).await);
    assert_eq!(one, found, "one journal and the list differ for `{of}`");
    found.map(|behind| behind.after)
}

fn at(engagement: &str, after: u64) -> [Behind; 1] {
    [Behind { engagement: engagement.to_owned(), after, standing: None }]
}

/// What happened before it was added is not its business; adding it again changes nothing.
pub async fn a_reader_begins_with_the_present(journal: &dyn Journal, outbox: &dyn Outbox) {
    let head = started(journal, "before").await;
    done("a reader is added", outbox.add("fresh").await);
    assert_eq!(behind(outbox, "fresh", "before").await, None);
    grown(journal, "before", &head).await;
    started(journal, "after").await;
    done("it is added again", outbox.add("fresh").await);
    assert_eq!(behind(outbox, "fresh", "before").await, Some(1));
    assert_eq!(behind(outbox, "fresh", "after").await, Some(0));
    assert_eq!(behind(outbox, "fresh", "never").await, None);
}

/// One reader's progress is not another's, and pages follow each other.
pub async fn each_reader_is_where_it_was(journal: &dyn Journal, outbox: &dyn Outbox) {
    for reader in ["one", "two"] {
        done("a reader is added", outbox.add(reader).await);
    }
    for engagement in ["page-a", "page-b", "page-c"] {
        started(journal, engagement).await;
    }
    done("one is done", outbox.done("one", &at("page-b", 1)).await);
    assert_eq!(behind(outbox, "one", "page-b").await, None);
    assert_eq!(behind(outbox, "two", "page-b").await, Some(0));
    let (mut seen, mut last) = (Vec::new(), None::<String>);
    loop {
        let page = done("a page", outbox.behind("two", last.as_deref(), 2).await);
        let Some(end) = page.last() else { break };
        last = Some(end.engagement.clone());
        seen.extend(page.into_iter().map(|behind| behind.engagement));
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(seen.len(), once.len(), "a page repeats another: {seen:?}");
    assert!(["page-a", "page-b", "page-c"].iter().all(|name| seen.iter().any(|s| s == name)));
}

/// A process that is late does not make another repeat what it sent.
pub async fn a_reader_never_moves_back(journal: &dyn Journal, outbox: &dyn Outbox) {
    let head = started(journal, "forward").await;
    grown(journal, "forward", &head).await;
    done("it is done", outbox.done("late", &at("forward", 2)).await);
    done("another is late", outbox.done("late", &at("forward", 1)).await);
    assert_eq!(behind(outbox, "late", "forward").await, None);
}
