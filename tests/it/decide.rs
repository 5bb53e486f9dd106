//! The next action of a driver at each entry of whole journals, so that every change shows here.

use std::fmt::Write as _;

use async_trait::async_trait;
use cloudcrew_local::store::Store;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::index::{Index as _, Which};
use cloudcrew_ports::journal::{AppendError, Batch, Entry, Head, Journal, Writer};
use cloudcrew_runtime::engagement::{
    Action, AtGate, Engagement, Record, Tried, decide, decide_gate, open,
};

use crate::journals::old;

/// A journal with only its first entry.
struct First<'a>(&'a Store);

#[async_trait]
impl Journal for First<'_> {
    async fn create(&self, _: &str, _: Batch) -> Result<Option<Head>, StoreError> {
        unreachable!("nothing is written")
    }

    async fn append(&self, _: &str, _: &Head, _: Writer, _: Batch) -> Result<Head, AppendError> {
        unreachable!("nothing is written")
    }

    async fn read(&self, of: &str, after: &Head, limit: usize) -> Result<Vec<Entry>, StoreError> {
        if after.seq == 0 { self.0.read(of, after, limit.min(1)).await } else { Ok(Vec::new()) }
    }

    async fn head(&self, of: &str) -> Result<Option<Head>, StoreError> {
        self.0.head(of).await
    }
}

#[tokio::test]
async fn the_next_action_follows_from_the_journal_alone() {
    let crew = old();
    let store = Store::open(&crew.home()).expect("a store");
    let mut actions = String::new();
    for listing in store.list(Which::All).await.expect("a list") {
        let name = &listing.engagement;
        let _ = writeln!(actions, "{name}");
        let journal = First(&store);
        let first = Record::new(&journal, &store);
        let mut engagement = open(first, name).await.expect("its first entry");
        let mut last = next(&engagement, 0);
        let _ = writeln!(actions, "  {:>4} {:22} {last}", 1, engagement.state.at);
        let each = |e: &Engagement, entry: Entry, _| {
            let now = next(e, entry.at);
            if now != last {
                let _ = writeln!(actions, "  {:>4} {:22} {now}", entry.seq, e.state.at);
                last = now;
            }
        };
        engagement.follow(Record::of(&store), each).await.expect("its journal");
    }
    insta::assert_snapshot!(actions);
}

/// The next action in a few words.
fn next(e: &Engagement, now: i64) -> String {
    match decide(e, now, &Tried { provider: true, published: None }) {
        Err(why) => why,
        Ok(Action::Gate) => {
            // Assume the deliverables of the last request.
            let subject = e.state.gate_request().map(|r| r.subject.clone()).unwrap_or_default();
            match decide_gate(e, subject) {
                None => "no gate".to_owned(),
                Some(AtGate::Open(request)) => format!("open {}", request.id),
                Some(AtGate::Reopen(request)) => format!("reopen as {}", request.id),
                Some(AtGate::Take(request)) => format!("take the decision on {}", request.id),
                Some(AtGate::Expire) => "expire".to_owned(),
                Some(AtGate::Supersede(old, new)) => format!("ask {} for {}", new.id, old.id),
                Some(AtGate::Wait { request, faultless: true }) => format!("wait: {}", request.id),
                Some(AtGate::Wait { request, .. }) => format!("wait: {}, with faults", request.id),
            }
        }
        Ok(Action::Settle(request)) => format!("settle {}", request.id),
        Ok(Action::Ended(end)) => format!("ended: {:?}", end.kind),
        Ok(Action::End(end)) => format!("end: {:?} {}", end.kind, end.text),
        Ok(Action::Leave(outcome)) => format!("leave: {}", outcome.name()),
        Ok(Action::Wait(requests) | Action::Hear(requests)) => {
            let ids: Vec<&str> = requests.iter().map(|request| request.id.as_str()).collect();
            format!("wait: {}", ids.join(", "))
        }
        Ok(Action::Blocked(reason)) => format!("blocked: {reason}"),
        Ok(Action::Pause(_)) => "pause".to_owned(),
        Ok(Action::Work) => "work".to_owned(),
        Ok(Action::Review) => "review".to_owned(),
        Ok(Action::Ask(question)) => format!("ask: {}", question.question),
        Ok(Action::TakeAnswers(answers)) => format!("take {} answers", answers.len()),
        Ok(Action::Finalize(step)) => format!("finalize: {step}"),
        Ok(Action::Publish) => "publish".to_owned(),
    }
}
