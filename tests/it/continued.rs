//! A workflow continues a completed engagement: on its branch, with its ledger and statement of
//! work.

use crate::support::{Crew, edited};

const OPERATE: &str = "version: 1\nworkflow: operate\nphases: [handoff]\nafter: [delivery]\n";

fn operated() -> Crew {
    let crew = edited();
    crew.write("workflows/operate.yaml", OPERATE);
    crew
}

#[test]
fn it_starts_where_the_earlier_one_ended() {
    let crew = operated();
    crew.run(&["check"]).exits(0);
    crew.run(&["plan", "operate"]).exits(0).says("after a completed engagement of delivery");
    let run =
        |more: &[&str]| crew.run(&[&["run", "operate", "--project", "second"], more].concat());
    run(&[]).exits(2).says("`operate` continues a completed engagement of delivery");
    run(&["--after", "demo"]).exits(2).says("no project named `demo`");
    crew.start("retail-orders.md", &[]).exits(10);
    run(&["--after", "demo"]).exits(2).says("`demo` is not complete: it is at discovery.gate");
    crew.run(&["resume", "demo", "--approve", "all"]).exits(0);
    let sow = crew.workspace().join("examples/sow/retail-orders.md");
    let sow = sow.to_str().expect("a path");
    crew.run(&["run", "--project", "third", "--sow", sow, "--after", "demo"])
        .exits(2)
        .says("`delivery` starts on its own")
        .says("set `after` in workflows/delivery.yaml");
    let known = crew.run(&["ledger", "demo", "--format", "json"]).exits(0).json();
    run(&["--after", "demo"]).exits(10).says("the handoff gate");
    crew.run(&["show", "second"]).exits(0).says("continues: demo (delivery)");
    // What the first crew wrote is there, and the second one adds to it.
    crew.run(&["artifacts", "second", "docs/handoff/runbook.md"]);
    let log = crew.git(&["log", "--format=%s", "cloudcrew/second"]);
    let earlier = crew.git(&["log", "--format=%s", "cloudcrew/demo"]);
    assert!(log.ends_with(&earlier) && log.len() > earlier.len(), "{log}\n---\n{earlier}");
    let rows = crew.run(&["ledger", "second", "--format", "json"]).exits(0).json();
    let rows = rows["rows"].as_array().expect("rows").clone();
    let decision = known["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["kind"] == "decision")
        .expect("a decision");
    let carried = rows.iter().find(|row| row["title"] == decision["title"]).expect("carried");
    assert!(carried["source"].as_str().expect("a source").starts_with("demo"), "{carried}");
    assert!(rows.iter().all(|row| row["id"] != decision["id"]), "ids of their own");
    // What a gate of the first accepted is not accepted, or recorded, a second time.
    assert!(rows.iter().all(|row| row["phase"] != "discovery"), "phases of their own");
    crew.run(&["resume", "second", "--approve", "all"]).exits(0);
    let crew_of_live = crew.read("agents.yaml");
    let live =
        "    provider: openai\n    id: some\n    endpoint: http://127.0.0.1:9/v1\n    price: {";
    crew.write("agents.yaml", &crew_of_live.replace("    price: {", live));
    crew.run(&["run", "operate", "--project", "live", "--after", "demo"])
        .exits(2)
        .says("`demo` was a rehearsal, so live models cannot continue it");
    crew.write("agents.yaml", &crew_of_live);
    // Another workflow.
    crew.write(
        "workflows/more.yaml",
        "version: 1\nworkflow: more\nphases: [handoff]\nafter: \
                                       [delivery]\n",
    );
    crew.run(&["run", "more", "--project", "fourth", "--after", "second"])
        .exits(2)
        .says("`second` is an engagement of operate; `more` continues one of delivery");
    crew.edit("workflows/more.yaml", "after: [delivery]", "after: [delivry]");
    crew.run(&["check"]).exits(1).says("no workflow named `delivry`");
}
