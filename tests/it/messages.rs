//! Talking with the crew: a message is answered once, by the agent that is at work or beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_local::clock::SystemClock;
use cloudcrew_local::rehearsal::RehearsalModel;
use cloudcrew_local::store::Store;
use cloudcrew_ports::model::{Billing, Block, Model, ModelFault, ModelReply, ModelRequest};
use cloudcrew_runtime::engagement::{
    Driver, EngagementError, NewMessage, Options, Record, converse, message, open,
};

use crate::support::inside::{PROJECT, dead, ports, start};
use crate::support::{crew, edited, root};

/// The rehearsal, during whose second call a message arrives.
struct Interrupted {
    model: RehearsalModel,
    calls: AtomicUsize,
    store: Store,
    /// What the model saw of the message.
    seen: AtomicUsize,
}

#[async_trait]
impl Model for Interrupted {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        if self.calls.fetch_add(1, Ordering::Relaxed) == 1 {
            send(&self.store, "m-1", "Is the budget enough?").await;
            // The driver reads what others append every 20 ms.
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        let last = request.messages.last().into_iter().flat_map(|message| &message.content);
        let asks = last.clone().any(
            |block| matches!(block, Block::Text(text) if text.contains("Is the budget enough?")),
        );
        self.seen.fetch_add(usize::from(asks), Ordering::Relaxed);
        self.model.complete(request).await
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

async fn send(store: &Store, id: &str, words: &str) {
    let mut engagement = open(Record::of(store), PROJECT).await.expect("an engagement");
    let new = NewMessage { id: id.into(), actor: "ada".into(), words: words.into() };
    let clock = SystemClock::default();
    message(Record::of(store), &clock, &mut engagement, new).await.expect("it is recorded");
}

/// Who answered which message, as the journal has it.
async fn answers(store: &Store) -> Vec<(String, String, Option<String>)> {
    let engagement = open(Record::of(store), PROJECT).await.expect("an engagement");
    let exchanges = engagement.state.conversation.exchanges.iter();
    let replied = exchanges.filter_map(|exchange| {
        let reply = exchange.reply.clone()?;
        Some((exchange.message.id.clone(), reply.agent, reply.fault.map(|why| why.text)))
    });
    replied.collect()
}

#[tokio::test]
async fn an_agent_at_work_reads_a_message_before_its_next_turn_and_its_text_is_the_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    start(&home, &root(), "clinic-scheduling.md", None).await;
    let (mut ports, store, _) = ports(&home).await;
    let definition = {
        let engagement = open(Record::of(&store), PROJECT).await.expect("an engagement");
        engagement.definition.clone()
    };
    let model = Arc::new(Interrupted {
        model: RehearsalModel::new(definition, None),
        calls: AtomicUsize::new(0),
        store: store.clone(),
        seen: AtomicUsize::new(0),
    });
    ports.model = model.clone();
    let driver = Driver::open(ports, PROJECT, &dead(0), Options::default()).await.expect("a lease");
    driver.drive().await.expect("it comes to the gate");
    driver.release().await.expect("the lease is given back");
    assert_eq!(model.seen.load(Ordering::Relaxed), 1, "it is shown once");
    assert_eq!(answers(&store).await, [("m-1".into(), "pm".into(), None)]);
    let all = open(Record::of(&store), PROJECT).await.expect("an engagement");
    assert!(all.state.to_answer().is_none() && all.state.inbox.is_empty());
}

#[tokio::test]
async fn a_conversation_whose_process_dies_is_continued_and_answers_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    start(&home, &root(), "clinic-scheduling.md", None).await;
    let (at_gate, store, _) = ports(&home).await;
    let driver = Driver::open(at_gate, PROJECT, &dead(0), Options::default()).await.expect("one");
    driver.drive().await.expect("it comes to the gate");
    driver.release().await.expect("the lease is given back");
    send(&store, "m-1", "What does sa say?").await;
    let before = open(Record::of(&store), PROJECT).await.expect("one").state.meter.total();
    // Each process ends a little later than the last, wherever it is.
    for process in 1..200 {
        let (ports, ..) = ports(&home).await;
        let engagement = open(Record::of(&store), PROJECT).await.expect("an engagement");
        let holder = dead(process);
        let answering = converse(ports, engagement, &holder);
        let time = Duration::from_micros(u64::from(process) * 500);
        if let Ok(done) = tokio::time::timeout(time, answering).await {
            done.expect("it is answered");
            break;
        }
    }
    assert_eq!(answers(&store).await, [("m-1".into(), "sa".into(), None)]);
    let after = open(Record::of(&store), PROJECT).await.expect("an engagement");
    let talked: Vec<_> =
        after.state.meter.lines().filter(|(phase, ..)| *phase == "(conversation)").collect();
    let calls: u32 = talked.iter().map(|(.., line)| line.calls).sum();
    assert_eq!(calls, 4, "no call that was answered is made again: {talked:?}");
    assert_eq!(after.state.meter.total().calls, before.calls + calls);
    // The gate is as it was, and its phase goes on.
    assert_eq!(after.state.at, "discovery.gate");
}

#[tokio::test]
async fn two_processes_answer_a_message_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    start(&home, &root(), "clinic-scheduling.md", None).await;
    let (at_gate, store, _) = ports(&home).await;
    let driver = Driver::open(at_gate, PROJECT, &dead(0), Options::default()).await.expect("one");
    driver.drive().await.expect("it comes to the gate");
    driver.release().await.expect("the lease is given back");
    for number in 0..5 {
        send(&store, &format!("m-{number}"), "Where are we?").await;
    }
    let other = cloudcrew_ports::lease::Holder {
        pid: std::process::id(),
        ..cloudcrew_local::holder::this_process()
    };
    let mine = cloudcrew_ports::lease::Holder { name: "another name".into(), ..other.clone() };
    let ((first, ..), (second, ..)) = (ports(&home).await, ports(&home).await);
    let engagement = || async { open(Record::of(&store), PROJECT).await.expect("an engagement") };
    let both = tokio::join!(
        converse(first, engagement().await, &other),
        converse(second, engagement().await, &mine)
    );
    let held = [both.0, both.1];
    let held = held.iter().filter(|one| matches!(one, Err(EngagementError::Held { .. }))).count();
    assert_eq!(held, 1, "one of them answers");
    let answered = answers(&store).await;
    let ids: Vec<&str> = answered.iter().map(|(id, ..)| id.as_str()).collect();
    assert_eq!(ids, ["m-0", "m-1", "m-2", "m-3", "m-4"]);
    let replies = crate::support::inside::kinds(&store).await;
    assert_eq!(replies.iter().filter(|kind| *kind == "replied").count(), 5);
}

#[test]
fn on_the_command_line_the_contact_answers_or_the_agent_that_it_asks() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    let id = "demo";
    crew.run(&["message", id, "When is it ready?"]).exits(0).says("pm:").says("Rehearsed answer");
    crew.run(&["message", id, "Which database does sa choose?"]).exits(0).says("sa:");
    crew.run(&["cost", id]).exits(0).says("(conversation)");
    crew.run(&["message", id, "  "]).exits(2).says("the message is empty");
    crew.run(&["cancel", id]).exits(0);
    let answer = crew.run(&["message", id, "--format", "json", "What is left?"]).exits(0).json();
    assert_eq!((&answer["state"], &answer["answer"]["agent"]), (&"answered".into(), &"pm".into()));
}

#[test]
fn a_workflow_names_its_contact_and_a_budget_ends_the_conversation() {
    let crew = edited();
    crew.edit("workflows/delivery.yaml", "phases:", "contact: security\nphases:");
    let budget = |tokens| format!("writes: [security/**]\n    budget: {{ tokens: {tokens} }}");
    crew.edit("agents.yaml", &budget(4_000_000), &budget(1000));
    crew.start("clinic-scheduling.md", &[]).exits(10);
    let id = "demo";
    let key = "agents.yaml agents.security.budget.tokens";
    crew.run(&["message", id, "Is it safe?"]).exits(1).says("no answer:").says(key);
    // The engagement itself has not noticed.
    crew.run(&["show", id]).exits(0).says("waiting at the discovery gate");
    crew.edit("workflows/delivery.yaml", "contact: security", "contact: secuirty");
    crew.run(&["check"]).exits(1).says("no agent named `secuirty`").says("security");
}
