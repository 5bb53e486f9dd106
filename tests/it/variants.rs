//! A workflow has smaller variants, and each is started, rehearsed and planned as a workflow.

use crate::support::{Crew, edited, root};

const VARIANTS: &str = "variants:\n  pilot:\n    description: Prove it before it is built\n    \
                        without: [production, handoff, retrospective]\n  assessment: { without: \
                        [poc, production, handoff, retrospective] }\n";

fn varied() -> Crew {
    let crew = edited();
    let workflow = crew.read("workflows/delivery.yaml") + VARIANTS;
    crew.write("workflows/delivery.yaml", &workflow);
    crew
}

#[test]
fn a_variant_runs_the_phases_that_it_keeps() {
    let crew = varied();
    crew.run(&["check"]).exits(0);
    crew.run(&["plan"])
        .exits(0)
        .says("delivery · 6 phases, 5 gates")
        .says("variant delivery-pilot · Prove it before it is built · 3 gates")
        .says("variant delivery-assessment · From a statement of work")
        .says("2 phases: discovery, architecture");
    crew.run(&["plan", "delivery-pilot"]).exits(0).says("delivery-pilot · 3 phases, 3 gates");
    let sow = root().join("examples/sow/retail-orders.md");
    let sow = sow.to_str().expect("a path");
    let run = ["run", "--sow", sow, "--approve", "all", "--project", "demo"];
    crew.run(&[&run[..], &["delivery-asessment"]].concat())
        .exits(2)
        .says("did you mean `delivery-assessment`?");
    crew.run(&[&run[..], &["delivery-assessment"]].concat()).exits(0);
    let entered: Vec<String> = crew
        .journal()
        .into_iter()
        .filter(|(_, kind, _)| kind == "entered")
        .filter_map(|(_, _, event)| {
            let event: serde_json::Value = serde_json::from_str(&event).expect("an event");
            event["state"].as_str().and_then(|s| s.strip_suffix(".gate")).map(str::to_owned)
        })
        .collect();
    assert_eq!(entered, ["discovery", "architecture"]);
}

#[test]
fn a_test_names_a_variant_and_follows_a_renamed_workflow() {
    let crew = varied();
    crew.write(
        "rehearsals/assessed.yaml",
        "version: 1\nrehearsal: assessed\nworkflow: delivery-assessment\nsow: \
         examples/sow/retail-orders.md\nexpect: { outcome: completed, phases: [discovery, \
         architecture] }\n",
    );
    crew.run(&["test", "assessed"]).exits(0);
    crew.run(&["rename", "workflow", "delivery-assessment", "study"])
        .exits(2)
        .says("`delivery-assessment` is a variant: rename its key in `workflows/delivery.yaml`");
    crew.run(&["rename", "workflow", "delivery", "service"]).exits(0);
    assert!(crew.read("rehearsals/assessed.yaml").contains("workflow: service-assessment"));
    crew.run(&["test", "assessed"]).exits(0);
    crew.edit("rehearsals/assessed.yaml", "service-assessment", "service-asessment");
    crew.run(&["check"]).exits(1).says("`service-assessment`");
}

#[test]
fn a_changed_variant_is_reported_where_it_is_written() {
    let crew = varied();
    let plan = crew.run(&["plan", "--format", "json"]).exits(0).out;
    crew.write("before.json", &plan);
    crew.edit("workflows/delivery.yaml", "without: [production, ", "without: [poc, production, ");
    let before = crew.workspace().join("before.json");
    crew.run(&["plan", "--against", before.to_str().expect("a path"), "delivery-pilot"])
        .exits(0)
        .says("[workflows/delivery.yaml variants.pilot.without]");
}
