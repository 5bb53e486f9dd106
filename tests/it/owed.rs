//! The engine checks the deliverables of a phase itself, whatever the agents say.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_ports::journal::{Head, Journal as _};
use cloudcrew_ports::model::{
    Billing, Block, Model, ModelFault, ModelReply, ModelRequest, Purpose, Usage,
};
use cloudcrew_runtime::engagement::{Driver, EndReason, Options, Record, Rest, open};

use crate::support::inside::{dead, ports, start};
use crate::support::{Crew, crew, edited, root};

/// A crew of one agent that forgets its proposal. `more` is the end of its phase.
fn proposal(more: &str) -> Crew {
    let crew = edited();
    for folder in ["phases", "workflows", "rehearsals", "prompts", "templates"] {
        std::fs::remove_dir_all(crew.workspace().join(folder)).expect("removed");
        crate::support::copy(
            &root().join("examples/minimal").join(folder),
            &crew.workspace().join(folder),
        );
    }
    crate::support::copy(
        &root().join("examples/minimal/agents.yaml"),
        &crew.workspace().join("agents.yaml"),
    );
    std::fs::remove_file(crew.workspace().join("rehearsals/delivery.yaml")).expect("removed");
    let path = crew.workspace().join("phases/proposal.yaml");
    let phase = std::fs::read_to_string(&path).expect("the phase");
    let (before, _) = phase.split_once("gate:").expect("a gate");
    std::fs::write(&path, format!("{before}{more}")).expect("written");
    let bend = "version: 1\nrehearsal: forgets\nagents: [{ agent: writer, phase: proposal, \
        forgets: docs/proposal.md }]\n";
    std::fs::write(crew.workspace().join("rehearsals/forgets.yaml"), bend).expect("written");
    crew
}

const GATE: &str = "gate: { kind: approval }\n";
const FORGETS: [&str; 4] = ["--rehearsal", "forgets", "--approve", "all"];

/// Does nothing in the first swarm and works correctly afterwards.
struct Forgetful(Arc<dyn Model>);

#[async_trait]
impl Model for Forgetful {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        if request.context.swarm > 1 {
            let finding = "docs/project-plan/plan.md was not written by pm";
            assert!(
                request.context.purpose == Purpose::Review || request.system.contains(finding),
                "{}",
                request.system
            );
            return self.0.complete(request).await;
        }
        let content = vec![Block::Text("All is done.".to_owned())];
        let usage = Some(Usage::default());
        Ok(ModelReply {
            content,
            stop_reason: "end_turn".into(),
            usage,
            guardrail: Vec::new(),
            took: Some(Duration::ZERO),
        })
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

#[tokio::test]
async fn a_missing_deliverable_is_requested_once_more() {
    let crew = crew();
    start(&crew.home(), &root(), "clinic-scheduling.md", None).await;
    let (mut ports, _, _) = ports(&crew.home()).await;
    ports.model = Arc::new(Forgetful(ports.model));
    let driver =
        Driver::open(ports, "demo", &dead(0), Options::default()).await.expect("the lease");
    let rest = driver.drive().await.expect("the world is whole");
    assert!(
        matches!(&rest, Rest::Waiting(requests) if requests[0].id == "discovery-1"),
        "{rest:?}"
    );
    assert!(crew.file("docs/project-plan/plan.md").contains("# "));
    crew.run(&["show", "demo"]).exits(0).says("+ docs/project-plan/plan.md");
    assert!(!crew.run(&["show", "demo"]).out.contains("found:"), "nothing is missing");
}

#[test]
fn a_deliverable_that_stays_missing_is_shown_at_the_gate_and_never_auto_approved() {
    let crew = proposal(GATE);
    let done = crew
        .start("retail-orders.md", &FORGETS)
        .exits(10)
        .says("docs/proposal.md was not written by writer");
    assert!(done.out.contains("- docs/proposal.md"), "the summary claims nothing: {}", done.out);
    crew.run(&["resume", "demo", "--approve", "all"]).exits(10);
    assert_eq!(
        crew.journal().iter().filter(|(_, kind, _)| kind == "swarm_began").count(),
        2,
        "the first and one more"
    );
    crew.run(&["approve", "demo"]).exits(0);
}

#[test]
fn a_phase_without_a_gate_fails_and_names_the_file() {
    proposal("")
        .start("retail-orders.md", &FORGETS)
        .exits(1)
        .says("docs/proposal.md")
        .says("deliver.max_attempts");
    proposal("deliver: { max_attempts: 0 }\n")
        .start("retail-orders.md", &FORGETS)
        .exits(1)
        .says("docs/proposal.md");
}

/// Repeats one reply with one stop reason, and counts the calls.
struct Repeats(&'static str, &'static str, AtomicUsize);

#[async_trait]
impl Model for Repeats {
    async fn complete(&self, _: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        self.2.fetch_add(1, Ordering::Relaxed);
        let content =
            if self.0.is_empty() { Vec::new() } else { vec![Block::Text(self.0.to_owned())] };
        let usage = Some(Usage::default());
        Ok(ModelReply {
            content,
            stop_reason: self.1.to_owned(),
            usage,
            guardrail: Vec::new(),
            took: Some(Duration::ZERO),
        })
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

async fn driven(words: &'static str, stop: &'static str) -> (Rest, usize, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path().join("home");
    start(&home, &root(), "clinic-scheduling.md", None).await;
    let (mut ports, store, _) = ports(&home).await;
    let model = Arc::new(Repeats(words, stop, AtomicUsize::new(0)));
    ports.model = model.clone();
    let driver =
        Driver::open(ports, "demo", &dead(0), Options { approve_all: true, ..Options::default() })
            .await
            .expect("the lease");
    let rest = driver.drive().await.expect("the world is whole");
    open(Record::of(&store), "demo").await.expect("its journal is whole");
    let entries = store.read("demo", &Head::default(), usize::MAX).await.expect("entries");
    let on = entries.iter().filter_map(|entry| entry.payload["on"].as_str()).map(str::to_owned);
    (rest, model.2.load(Ordering::Relaxed), on.collect())
}

#[tokio::test]
async fn a_model_that_only_promises_to_write_does_not_pass_the_gate() {
    let (rest, calls, outcomes) = driven("I'll write the file now.", "end_turn").await;
    assert!(
        matches!(&rest, Rest::Waiting(requests) if requests[0].id == "discovery-1"),
        "{rest:?}"
    );
    assert_eq!(outcomes, ["incomplete", "incomplete"]);
    assert_eq!(calls, 2);
}

#[tokio::test]
async fn an_empty_reply_is_requested_again_and_then_fails_the_swarm() {
    for (words, stop) in [("I call the tool.", "tool_use"), ("", "end_turn"), ("", "tool_use")] {
        let (rest, calls, outcomes) = driven(words, stop).await;
        let Rest::Ended(end) = &rest else { panic!("{words:?} {stop}: {rest:?}") };
        assert_eq!(end.kind, EndReason::Failed);
        assert!(end.text.contains("no_reply in discovery"), "{}", end.text);
        assert_eq!(
            outcomes,
            ["failed", "failed"],
            "{words:?} {stop}: one retry, as the phase allows"
        );
        assert_eq!(calls, 6, "three times in each of two swarms");
    }
}
