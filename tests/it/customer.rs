//! The customer at the terminal: `inbox`, `show`, `approve`, `revise`, `answer`, `cancel`.

use cloudcrew_runtime::engagement::{Driver, Options};
use serde_json::json;

use crate::support::inside::{dead, ports, start};
use crate::support::says::{Says, results};
use crate::support::{Crew, copied, crew, root};

#[test]
fn a_gate_waits_until_the_customer_decides() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10).says("cloudcrew approve demo");
    crew.run(&["inbox"]).exits(0).says("discovery-1").says("cloudcrew revise demo");
    crew.run(&["show", "demo"]).exits(0).says("new       docs/project-plan/plan.md");
    crew.run(&["revise", "demo", "name the compliance owner"]).exits(10).says("the discovery gate");
    crew.run(&["show", "demo"]).exits(0).says("run 2").says("changed +").says("--digest ");
    assert!(crew.file("docs/project-plan/plan.md").contains("name the compliance owner"));
    crew.run(&["approve", "demo", "--rating", "quality=4"]).exits(10).says("the architecture gate");
    let shown = crew.run(&["show", "demo", "--format", "json"]).json();
    assert_eq!(shown["phases"][0]["ratings"][0][1], 4);
}

#[test]
fn what_changed_is_shown_with_the_words_that_asked_for_it() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["diff", "demo"])
        .exits(0)
        .says("discovery-1 against the start of the engagement")
        .says("new      docs/project-plan/plan.md  +")
        .says("requirements mentioned: 12 of 12")
        .says("and 13 more");
    crew.run(&["revise", "demo", "Name the compliance owner\n\u{1b}[2Jnow"]).exits(10);
    let changed = crew.run(&["diff", "demo"]).exits(0);
    assert!(!changed.out.contains('\u{1b}'), "escaped");
    changed
        .says("discovery-2 against discovery-1, which")
        .says("asked at discovery-1:\n  > Name the compliance owner\n  > ")
        .says("new section: Changes the customer asked for");
    crew.run(&["diff", "demo", "docs/project-plan/plan.md"])
        .exits(0)
        .says("Revision [-1,-]{+2,+}")
        .says("{+\n## Changes the customer asked for");
    crew.run(&["approve", "demo"]).exits(10);
    // A file keeps its own last gate.
    crew.run(&["diff", "demo", "docs/project-plan/plan.md", "--since", "discovery-1"])
        .exits(0)
        .says("discovery-2 against discovery-1");
    crew.run(&["diff", "demo", "--since", "discovery-1"])
        .exits(2)
        .says("no earlier run `discovery-1` of the gate of architecture");
    crew.run(&["diff", "demo", "../x"]).exits(2).says("no gate covered `../x`");
    let json = crew.run(&["diff", "demo", "--since", "start", "--format", "json"]).exits(0).json();
    assert_eq!(json["against"], "base");
}

#[test]
fn an_approval_is_bound_to_what_was_reviewed() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["approve", "demo", "--digest", "0123456789ab"]).exits(14).says("has changed");
    let digest = crew.run(&["inbox", "--format", "json"]).json()["requests"][0]["digest"]
        .as_str()
        .expect("a digest")
        .to_owned();
    crew.run(&["approve", "demo", "--digest", &digest]).exits(10).says("the architecture gate");
}

#[test]
fn a_decided_gate_cannot_be_decided_again() {
    let crew = crew();
    crew.start("retail-orders.md", &["--rehearsal", "silent-customer", "--approve", "all"])
        .exits(0)
        .says("reminder 1");
    crew.run(&["approve", "demo"]).exits(14);
}

#[test]
fn an_agents_question_waits_for_its_answer() {
    let crew = crew();
    crew.start("retail-orders.md", &["--rehearsal", "question", "--approve", "all"])
        .exits(0)
        .says("asks:");
    let journal = crew.journal();
    assert!(journal.iter().any(|(_, kind, payload)| kind == "request_answered"
        && payload.contains("\"channel\":\"rehearsal\"")));
}

#[test]
fn revisions_are_limited() {
    let crew = crew();
    crew.start("clinic-scheduling.md", &[]).exits(10);
    for words in ["one", "two", "three"] {
        crew.run(&["revise", "demo", words]).exits(10);
    }
    crew.run(&["revise", "demo", "four"]).exits(2).says("phases/discovery.yaml gate.max_revisions");
    crew.run(&["approve", "demo"]).exits(10);
}

#[test]
fn a_cancelled_engagement_stays_cancelled() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["cancel", "demo"]).exits(0);
    crew.run(&["resume", "demo"]).exits(13);
    crew.run(&["approve", "demo"]).exits(14);
    crew.run(&["cancel", "demo"]).exits(14);
}

#[test]
fn a_change_by_others_after_an_approval_reopens_the_gate() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    crew.run(&["approve", "demo"]).exits(10);
    others_change_the_plan(&crew);
    crew.run(&["approve", "demo"]).exits(10).says("reopened");
    crew.run(&["inbox"]).says("discovery-1-2");
    crew.run(&["approve", "demo"]).exits(10).says("the poc gate");
}

#[test]
fn a_change_by_others_while_a_gate_waits_renews_the_request() {
    let crew = crew();
    crew.start("retail-orders.md", &[]).exits(10);
    others_change_the_plan(&crew);
    let done = crew
        .run(&["resume", "demo"])
        .exits(10)
        .says("discovery-1 is withdrawn: the files have changed");
    assert!(
        !done.out.contains("expired") && !done.err.contains("expired"),
        "{}{}",
        done.out,
        done.err
    );
    crew.run(&["approve", "demo"]).exits(10).says("the architecture gate");
}

/// Commits another `plan.md` to the crew's branch, as someone else.
fn others_change_the_plan(crew: &Crew) {
    let repo = crew.home().join("repos/demo.git");
    let script = "set -e; export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_COMMITTER_NAME=x \
        GIT_COMMITTER_EMAIL=x@x; export GIT_INDEX_FILE=$PWD/i; \
        git read-tree cloudcrew/demo; b=$(echo changed | git hash-object -w --stdin); \
        git update-index --add --cacheinfo 100644,$b,docs/project-plan/plan.md; t=$(git \
        write-tree); \
        c=$(git commit-tree $t -p cloudcrew/demo -m other); git update-ref \
        refs/heads/cloudcrew/demo $c; rm $GIT_INDEX_FILE";
    let status = std::process::Command::new("sh")
        .args(["-c", script])
        .current_dir(&repo)
        .status()
        .expect("sh starts");
    assert!(status.success());
}

#[tokio::test]
async fn a_question_with_choices_is_answered_by_words_or_number_and_an_optional_one_is_skipped() {
    let crew = copied(&root().join("examples/minimal"));
    let home = crew.folder.path().join("inside");
    start(&home, crew.workspace(), "clinic-scheduling.md", None).await;
    let (mut ports, store, _) = ports(&home).await;
    let asks = |question: &str, choices: &[&str], optional: bool| {
        let input = json!({ "question": question, "choices": choices, "optional": optional });
        ("ask_customer", input)
    };
    ports.model = Says::turns(vec![vec![
        asks("Which one?", &["only one"], false),
        asks("Which one?", &["a", "A"], false),
        asks("Which one?", &["1", "2"], false),
        asks("Which region?", &["Frankfurt (eu-central-1)", "Ireland (eu-west-1)"], false),
        asks("Who signs?", &[], true),
    ]]);
    let driver = Driver::open(ports, "demo", &dead(0), Options::default()).await;
    driver.expect("the lease").drive().await.expect("it comes to rest");
    let refused = results(&store).await;
    assert_eq!(refused.len(), 3, "{refused:?}");
    drop(store);
    let run = |words: &[&str]| crew.run_in(&home, words);
    run(&["inbox"]).exits(0).says("2. Ireland (eu-west-1)").says("or skip:");
    run(&["answer", "demo", "9", "3"]).exits(2);
    let first = "proposal-1-q-1-0-3";
    run(&["answer", "demo", first, "Paris"]).exits(2).says("1: Frankfurt (eu-central-1)");
    run(&["answer", "demo", first, ""]).exits(2).says("one of its choices");
    run(&["answer", "demo", first, "2"]).exits(10);
    run(&["answer", "demo", ""]).exits(10);
    let journal = crew.run_in(&home, &["show", "demo", "--format", "json"]).exits(0).out;
    assert!(!journal.contains("\"question\": \"Which one?\""), "{journal}");
    let ledger = run(&["ledger", "demo"]).exits(0).out;
    assert!(ledger.contains("Ireland (eu-west-1)"), "{ledger}");
    assert!(ledger.contains("skipped this question"), "{ledger}");
}
