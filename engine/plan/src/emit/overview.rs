//! The plan as a small diagram: a box for each phase, and how the work moves between them.

use std::fmt::Write;

use super::graph::{dot_head, id, mermaid_head};
use crate::plan::{Kind, Outcome, Plan, State};

/// The phases of a plan as a Mermaid flow chart.
pub fn mermaid_overview(plan: &Plan) -> String {
    let mut text = mermaid_head(plan);
    for Part { name, lines } in parts(plan) {
        let (open, close) = if lines.is_empty() { ("([", "])") } else { ("[", "]") };
        let lines = lines.iter().map(|line| format!("<br/>{line}")).collect::<String>();
        let _ = writeln!(text, "  {}{open}\"{name}{lines}\"{close}", id(name));
    }
    for Edge { from, to, label, back } in edges(plan) {
        let arrow = if back { "-.->" } else { "-->" };
        let _ = writeln!(text, "  {} {arrow}|{label}| {}", id(from), id(to));
    }
    text
}

/// The phases of a plan as a Graphviz digraph.
pub fn dot_overview(plan: &Plan) -> String {
    let mut text = dot_head(plan);
    for Part { name, lines } in parts(plan) {
        let shape = if lines.is_empty() { "doublecircle" } else { "box" };
        let lines = lines.iter().map(|line| format!("\\n{line}")).collect::<String>();
        let _ = writeln!(text, "  \"{name}\" [shape={shape}, label=\"{name}{lines}\"];");
    }
    for Edge { from, to, label, back } in edges(plan) {
        let style = if back { ", style=dashed" } else { "" };
        let _ = writeln!(text, "  \"{from}\" -> \"{to}\" [label=\"{label}\"{style}];");
    }
    text.push_str("}\n");
    text
}

/// A box: a phase, the work after the last one, or the completed engagement.
struct Part<'a> {
    name: &'a str,
    /// What happens in it; empty at the end.
    lines: Vec<String>,
}

struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    label: &'static str,
    /// Leads to an earlier phase.
    back: bool,
}

fn parts(plan: &Plan) -> Vec<Part<'_>> {
    let phases = plan.entries.iter().map(|(name, _)| {
        let states = plan.states.iter().filter(|state| state.phase.as_ref() == Some(name));
        Part { name, lines: states.filter_map(line).collect() }
    });
    let rest = plan.states.iter().filter(|state| is_shown_alone(state));
    let rest =
        rest.map(|state| Part { name: &state.name, lines: line(state).into_iter().collect() });
    phases.chain(rest).collect()
}

/// Failed, cancelled and expired engagements are left out: almost every phase leads to them.
fn is_shown_alone(state: &State) -> bool {
    state.phase.is_none() && matches!(state.kind, Kind::Finalize | Kind::Done)
}

fn line(state: &State) -> Option<String> {
    let bound = |of: Outcome| {
        let transition = state.on.iter().find(|transition| transition.on == of);
        transition.and_then(|transition| transition.bound.as_ref()).map(|bound| bound.max)
    };
    let back = |what: &str, of: Outcome, verb: &str| match bound(of) {
        None | Some(0) => what.to_owned(),
        Some(1) => format!("{what}, {verb} at most once"),
        Some(max) => format!("{what}, {verb} at most {max} times"),
    };
    match state.kind {
        Kind::Swarm => Some("the crew works".to_owned()),
        Kind::Review => Some(back("review", Outcome::Faulted, "sent back")),
        Kind::Gate => Some(back("gate", Outcome::Revised, "changes")),
        Kind::Finalize => Some("after the last phase".to_owned()),
        _ => None,
    }
}

/// The box that a state belongs to.
fn part(state: &State) -> Option<&str> {
    let alone = is_shown_alone(state).then_some(state.name.as_str());
    state.phase.as_deref().or(alone)
}

/// The ways from one box to another.
fn edges(plan: &Plan) -> Vec<Edge<'_>> {
    let place = |name: &str| plan.entries.iter().position(|(phase, _)| phase == name);
    let mut edges: Vec<Edge<'_>> = Vec::new();
    for state in &plan.states {
        for transition in &state.on {
            let target = plan.state(&transition.to);
            let (Some(from), Some(to)) = (part(state), target.and_then(part)) else { continue };
            let back = place(to).is_some_and(|to| Some(to) < place(from));
            let known = edges.iter().any(|edge| edge.from == from && edge.to == to);
            if from != to && !known {
                edges.push(Edge { from, to, label: transition.on.name(), back });
            }
        }
    }
    edges
}
