//! Generated files are fresh, so that a review shows what a change does.

use crate::support::{crew, root};

#[test]
fn the_committed_schemas_are_what_the_types_say() {
    for kind in ["agents", "phase", "workflow", "rehearsal"] {
        let there = std::fs::read_to_string(root().join(format!("engine/definition/schemas/{kind}.json"))).expect("the file");
        assert_eq!(crew().run(&["schema", kind]).exits(0).out, there, "run `cargo run -- schema --write`");
    }
}

#[test]
fn the_graph_is_drawn_in_three_forms() {
    crew().run(&["graph"]).exits(0).says("flowchart TD");
    crew().run(&["graph", "--format", "dot"]).exits(0).says("digraph");
    let plan = crew().run(&["graph", "--format", "json"]).exits(0).json();
    assert_eq!(plan["start"], "discovery.swarm");
}
