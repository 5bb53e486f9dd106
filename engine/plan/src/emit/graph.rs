//! The plan as a diagram, with every state: Mermaid and Graphviz.

use std::fmt::Write;

use crate::plan::{Kind, Plan, State, Transition};

/// Every state of a plan as a Mermaid flow chart; GitHub and most editors render it.
pub fn mermaid(plan: &Plan) -> String {
    let mut text = mermaid_head(plan);
    for (phase, _) in &plan.entries {
        let _ = writeln!(text, "  subgraph {}[\"{phase}\"]", id(phase));
        for state in plan.states.iter().filter(|s| s.phase.as_ref() == Some(phase)) {
            let (open, close) = shape(state.kind);
            let _ = writeln!(text, "    {}{open}\"{}\"{close}", id(&state.name), state.kind.name());
        }
        text.push_str("  end\n");
    }
    for state in plan.states.iter().filter(|s| s.phase.is_none()) {
        let (open, close) = shape(state.kind);
        let _ = writeln!(text, "  {}{open}\"{}\"{close}", id(&state.name), state.name);
    }
    for (state, to, label) in edges(plan) {
        let _ = writeln!(text, "  {} -->|{label}| {}", id(&state.name), id(to));
    }
    text
}

/// Every state of a plan as a Graphviz digraph.
pub fn dot(plan: &Plan) -> String {
    let mut text = dot_head(plan);
    for state in &plan.states {
        let shape = match state.kind {
            Kind::Gate | Kind::Question => "diamond",
            kind if kind.is_final() => "doublecircle",
            _ => "box",
        };
        let _ = writeln!(text, "  \"{}\" [shape={shape}];", state.name);
    }
    for (state, to, label) in edges(plan) {
        let _ = writeln!(text, "  \"{}\" -> \"{to}\" [label=\"{label}\"];", state.name);
    }
    text.push_str("}\n");
    text
}

/// The first lines of a flow chart.
pub(super) fn mermaid_head(plan: &Plan) -> String {
    format!("%% {} (plan {})\nflowchart TD\n", plan.workflow, &plan.hash()[..12])
}

/// The first lines of a digraph.
pub(super) fn dot_head(plan: &Plan) -> String {
    let (workflow, hash) = (&plan.workflow, plan.hash());
    let hash = &hash[..12];
    format!("// {workflow} (plan {hash})\ndigraph \"{workflow}\" {{\n  rankdir=TB;\n")
}

/// The edges, merging those between the same two states.
fn edges(plan: &Plan) -> Vec<(&State, &str, String)> {
    let mut edges: Vec<(&State, &str, String)> = Vec::new();
    for state in &plan.states {
        for transition in &state.on {
            let label = label(transition);
            match edges.iter_mut().find(|(s, to, _)| s.name == state.name && *to == transition.to) {
                Some((_, _, labels)) => {
                    labels.push_str(", ");
                    labels.push_str(&label);
                }
                None => edges.push((state, &transition.to, label)),
            }
        }
    }
    edges
}

fn label(transition: &Transition) -> String {
    match &transition.bound {
        Some(bound) => format!("{} at most {}", transition.on.name(), bound.max),
        None => transition.on.name().to_owned(),
    }
}

fn shape(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Gate | Kind::Question => ("{{", "}}"),
        kind if kind.is_final() => ("([", "])"),
        _ => ("[", "]"),
    }
}

/// The id of a node. Words that Mermaid keeps for itself get an ending.
pub(super) fn id(name: &str) -> String {
    let is_kept = ["end", "graph", "flowchart", "subgraph", "direction", "style", "class", "click"];
    let ending = if is_kept.contains(&name) { "__" } else { "" };
    name.replace(['.', '-'], "_") + ending
}
