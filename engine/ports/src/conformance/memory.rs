//! The contract of [`Memory`].

use std::time::Duration;

use futures_util::future::join_all;

use super::done;
use crate::memory::{
    Closing, Kept, LONG_TERM, Memory, MemoryKind, MemoryRecord, SHORT_TERM, Space, Trust,
};

/// Runs all tests. `settled` waits until what was written can be read.
pub async fn run_all(memory: &dyn Memory, settled: &(dyn Fn() -> Settled + Sync)) {
    records_come_back_as_they_were_written(memory, settled).await;
    only_the_owner_finds_a_record(memory, settled).await;
    what_is_not_shared_is_not_found(memory, settled).await;
    a_newer_state_replaces_an_older_one(memory, settled).await;
    a_record_that_is_lifted_stays_longer(memory, settled).await;
    what_fits_is_found_and_nothing_else(memory, settled).await;
    a_store_notes_who_was_shown_a_record(memory).await;
    everything_can_be_forgotten(memory, settled).await;
}

/// A wait.
pub type Settled = std::pin::Pin<Box<dyn std::future::Future<Output = ()> + Send>>;

/// Waits for nothing: what was written can be read at once.
pub fn at_once() -> Settled {
    Box::pin(async {})
}

const NOW: i64 = 1_800_000_000_000;

fn space(owner: &str) -> Space {
    Space { rehearsal: false, owner: owner.to_owned() }
}

fn kept(space: &Space, kind: MemoryKind, about: &str, text: &str, trust: Trust) -> Kept {
    let record = MemoryRecord {
        id: String::new(),
        kind,
        about: about.to_owned(),
        text: text.to_owned(),
        sources: vec![crate::memory::MemorySource::Ledger { id: "a.1".to_owned() }],
        project: "acme".to_owned(),
        phase: "discovery".to_owned(),
        by: "pm".to_owned(),
        step: "discovery.1.v1.t0.c0".to_owned(),
        at: NOW - 1000,
    };
    let record = record.named(space, "identity");
    Kept { record, trust, closed: None, expires: NOW + LONG_TERM, as_of: 7 }
}

async fn found(memory: &dyn Memory, space: &Space, kind: MemoryKind, words: &str) -> Vec<String> {
    let found = done("a search", memory.find(space, kind, words, NOW, 10).await);
    found.into_iter().map(|kept| kept.record.about).collect()
}

/// Every kind, any text, in the order in which they were written.
pub async fn records_come_back_as_they_were_written(
    memory: &dyn Memory,
    settled: &(dyn Fn() -> Settled + Sync),
) {
    let space = space("order");
    let all: Vec<Kept> = MemoryKind::ALL
        .into_iter()
        .enumerate()
        .map(|(n, kind)| {
            let text = format!("„Ein Satz“\nund \u{1F980}\t\"noch\" einer {n}");
            kept(&space, kind, &format!("s/{n}"), &text, Trust::Accepted)
        })
        .collect();
    for one in &all {
        done("a record is written", memory.put(&space, std::slice::from_ref(one)).await);
    }
    done("nothing is written", memory.put(&space, &[]).await);
    done("a replay is written", memory.put(&space, &all).await);
    settled().await;
    let mut listed = done("a list", memory.list(&space, None, 100).await);
    let by_id = |kept: &Kept| kept.record.id.clone();
    let (mut expected, key) = (all.clone(), by_id);
    listed.sort_by_key(key);
    expected.sort_by_key(key);
    assert_eq!(listed, expected, "records came back changed");
    let page = done("a page", memory.list(&space, None, 3).await);
    let last = page.last().map(|kept| kept.record.id.clone());
    let rest = done("the rest", memory.list(&space, last.as_deref(), 3).await);
    assert_eq!((page.len(), rest.len()), (3, 1), "pages overlap or leave something out");
    for one in &all {
        let got = done("a record", memory.get(&space, &one.record.id).await);
        assert_eq!(got.as_ref(), Some(one));
    }
    let mut other = all[0].clone();
    other.record.text = "otherwise".to_owned();
    other.as_of = 8;
    let refused = memory.put(&space, &[other]).await;
    assert!(refused.is_err(), "the same id with another text was accepted");
}

/// Not another owner, not one whose name looks alike, not a rehearsal.
pub async fn only_the_owner_finds_a_record(
    memory: &dyn Memory,
    settled: &(dyn Fn() -> Settled + Sync),
) {
    let ada = space("ada");
    let own =
        kept(&ada, MemoryKind::Lesson, "queue/retry", "Retry the queue twice", Trust::Accepted);
    done("a record is written", memory.put(&ada, std::slice::from_ref(&own)).await);
    settled().await;
    assert_eq!(found(memory, &ada, MemoryKind::Lesson, "retry queue").await, ["queue/retry"]);
    let rehearsed = Space { rehearsal: true, owner: "ada".to_owned() };
    let others = ["Ada", "ad", "adaa", "аda", "ada/", "../o/ada", "ada%", "*", "", "a\u{300}da"];
    for other in others.into_iter().map(space).chain([rehearsed]) {
        assert!(found(memory, &other, MemoryKind::Lesson, "retry queue").await.is_empty());
        let newest = memory.newest(&other, MemoryKind::Lesson, NOW, 10).await;
        assert!(done("the newest", newest).is_empty(), "{other:?}");
        assert_eq!(done("a record", memory.get(&other, &own.record.id).await), None, "{other:?}");
        assert!(done("a list", memory.list(&other, None, 10).await).is_empty(), "{other:?}");
        assert!(done("readers", memory.reached(&other, &own.record.id).await).is_empty());
    }
}

/// Neither what only its engagement may see, nor what is closed or expired.
pub async fn what_is_not_shared_is_not_found(
    memory: &dyn Memory,
    settled: &(dyn Fn() -> Settled + Sync),
) {
    let space = space("hidden");
    let lesson =
        |about: &str, trust| kept(&space, MemoryKind::Lesson, about, "Number the tables", trust);
    let summary =
        |about: &str, trust| kept(&space, MemoryKind::Summary, about, "Number the tables", trust);
    let withdrawn = Closing::Withdrawn { actor: "ada".to_owned(), reason: "wrong".to_owned() };
    let all = [
        lesson("l/quoted", Trust::Quoted),
        lesson("l/derived", Trust::Derived),
        lesson("l/accepted", Trust::Accepted),
        Kept { closed: Some(withdrawn), ..lesson("l/withdrawn", Trust::Accepted) },
        Kept { expires: NOW, ..lesson("l/expired", Trust::Accepted) },
        summary("s/derived", Trust::Derived),
        summary("s/accepted", Trust::Accepted),
    ];
    done("records are written", memory.put(&space, &all).await);
    settled().await;
    let words = "number tables";
    assert_eq!(found(memory, &space, MemoryKind::Lesson, words).await, ["l/accepted"]);
    assert_eq!(found(memory, &space, MemoryKind::Summary, words).await, ["s/accepted"]);
    let newest = memory.newest(&space, MemoryKind::Lesson, NOW, 10).await;
    assert_eq!(done("the newest", newest).len(), 1);
    assert_eq!(done("a list", memory.list(&space, None, 10).await).len(), all.len());
}

/// Also when writers race, and whatever the order.
pub async fn a_newer_state_replaces_an_older_one(
    memory: &dyn Memory,
    settled: &(dyn Fn() -> Settled + Sync),
) {
    let space = space("states");
    let at = |as_of| Kept {
        as_of,
        trust: Trust::ALL[(as_of % 4) as usize],
        ..kept(&space, MemoryKind::Preference, "tone", "Plain words", Trust::Derived)
    };
    for as_of in [9, 3, 12, 11] {
        done("a state is written", memory.put(&space, &[at(as_of)]).await);
    }
    settled().await;
    let got = done("a record", memory.get(&space, &at(0).record.id).await);
    assert_eq!(got, Some(at(12)), "an older state replaced a newer one");
    let states: Vec<[Kept; 1]> = (13..29).map(|as_of| [at(as_of)]).collect();
    for put in join_all(states.iter().map(|state| memory.put(&space, state))).await {
        done("a state is written", put);
    }
    settled().await;
    let got = done("a record", memory.get(&space, &at(0).record.id).await);
    assert_eq!(got, Some(at(28)), "a race left an older state");
}

/// What is accepted later stays longer, and in lists too.
pub async fn a_record_that_is_lifted_stays_longer(
    memory: &dyn Memory,
    settled: &(dyn Fn() -> Settled + Sync),
) {
    let space = space("lifted");
    let made = kept(&space, MemoryKind::Lesson, "a/b", "Number the tables", Trust::Derived);
    let short = Kept { expires: NOW + SHORT_TERM, ..made.clone() };
    let long = Kept { trust: Trust::Accepted, as_of: 8, ..made };
    for state in [&short, &long] {
        done("a state is written", memory.put(&space, std::slice::from_ref(state)).await);
    }
    settled().await;
    let listed = done("a list", memory.list(&space, None, 10).await);
    assert_eq!(listed, std::slice::from_ref(&long));
    let later = NOW + SHORT_TERM + 1;
    let newest = memory.newest(&space, MemoryKind::Lesson, later, 10).await;
    assert_eq!(done("the newest", newest), [long]);
}

/// By any form of its words; and when nothing is known, nothing.
pub async fn what_fits_is_found_and_nothing_else(
    memory: &dyn Memory,
    settled: &(dyn Fn() -> Settled + Sync),
) {
    let space = space("words");
    let one = |about: &str, text: &str| {
        kept(&space, MemoryKind::Preference, about, text, Trust::Accepted)
    };
    let all = [
        one("iac/provider", "Terraform, with a module for each service"),
        one("backup/region", "Backups stay in eu-central-1"),
        one("report/language", "Reports are written in German"),
    ];
    done("records are written", memory.put(&space, &all).await);
    settled().await;
    for (words, expected) in [
        ("Which region do backups go to?", vec!["backup/region"]),
        ("language of the report", vec!["report/language"]),
        ("terraform modules", vec!["iac/provider"]),
        ("Which payment provider?", vec![]),
        ("\" OR 1=1 --", vec![]),
        ("key:* NEAR(a b) NOT {x}: ^", vec![]),
        ("", vec![]),
        ("\0", vec![]),
    ] {
        let got = found(memory, &space, MemoryKind::Preference, words).await;
        assert_eq!(got, expected, "{words:?}");
    }
    let long = "word ".repeat(20_000);
    assert!(found(memory, &space, MemoryKind::Preference, &long).await.is_empty());
}

/// Once each, however often it says so.
pub async fn a_store_notes_who_was_shown_a_record(memory: &dyn Memory) {
    let space = space("readers");
    let ids = ["m-1".to_owned(), "m-2".to_owned()];
    for project in ["beta", "alpha", "beta"] {
        done("a reader is noted", memory.shown(&space, &ids, project).await);
    }
    done("nobody is noted", memory.shown(&space, &[], "gamma").await);
    let readers = done("readers", memory.reached(&space, "m-2").await);
    assert_eq!(readers.into_iter().collect::<Vec<_>>(), ["alpha", "beta"]);
    assert!(done("readers", memory.reached(&space, "m-3").await).is_empty());
}

/// A store is a projection.
pub async fn everything_can_be_forgotten(
    memory: &dyn Memory,
    settled: &(dyn Fn() -> Settled + Sync),
) {
    let space = space("forgotten");
    let one = kept(&space, MemoryKind::Lesson, "a/b", "Something", Trust::Accepted);
    done("a record is written", memory.put(&space, std::slice::from_ref(&one)).await);
    settled().await;
    done("everything is forgotten", memory.forget_all().await);
    settled().await;
    assert!(done("a list", memory.list(&space, None, 10).await).is_empty());
    done("a record is written", memory.put(&space, std::slice::from_ref(&one)).await);
    settled().await;
    assert_eq!(done("a record", memory.get(&space, &one.record.id).await), Some(one));
    assert!(memory.lag() <= Duration::from_secs(600), "a lag that nobody would wait for");
}
