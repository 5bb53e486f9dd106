//! Notes for later work, made from what the agent has written.

use cloudcrew_definition::crew::{Agent, Definition, Phase};
use cloudcrew_ports::model::ModelRequest;
use serde_json::json;

use super::knowledge::Knowledge;
use super::transcript::Transcript;
use super::{Turn, has};

/// One note for each deliverable that the agent wrote in this visit. In a phase that nobody
/// approves, it is a lesson, and elsewhere a summary.
pub(super) fn turn(
    request: &ModelRequest<'_>,
    phase: &Phase,
    agent: &Agent,
    transcript: &Transcript<'_>,
) -> Option<Turn> {
    if !has(request, "remember") || transcript.called("remember") {
        return None;
    }
    let own = phase.deliverables.iter().filter(|d| d.owner == agent.name);
    let written = own.filter(|d| transcript.wrote(&d.path)).take(2);
    let (kind, what) = match phase.gate {
        Some(_) => ("summary", "what later work needs from this file"),
        None => ("lesson", "what the next engagement should do differently"),
    };
    let turn = written.fold(Turn::says("I note what later work should know."), |turn, d| {
        let about = subject(&phase.name, &d.path);
        let text = format!("Rehearsed: a live {} notes here {what}.", agent.name);
        turn.call(
            "remember",
            json!({ "kind": kind, "about": about, "text": text, "sources": [d.path] }),
        )
    });
    (!turn.calls.is_empty()).then_some(turn)
}

/// Scores all deliverables that are there, in a phase that nobody approves.
pub(super) fn scores(
    request: &ModelRequest<'_>,
    phase: &Phase,
    definition: &Definition,
    known: &Knowledge,
    transcript: &Transcript<'_>,
) -> Option<Turn> {
    let may = has(request, "score_deliverable") && phase.gate.is_none();
    if !may || transcript.called("score_deliverable") {
        return None;
    }
    let owed = definition.phases.iter().flat_map(|phase| &phase.deliverables);
    let there = owed.filter(|d| known.files.contains_key(&d.path));
    let evidence = "Rehearsed: a live agent says here what shows it.";
    let turn = there.fold(Turn::says("I score what was delivered."), |turn, d| {
        let score = json!({ "path": d.path, "score": 3, "evidence": evidence });
        turn.call("score_deliverable", score)
    });
    (!turn.calls.is_empty()).then_some(turn)
}

/// The subject of a note about a file: `discovery/plan`.
fn subject(phase: &str, path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let plain = |text: &str| {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty());
        words.collect::<Vec<_>>().join("-")
    };
    let mut subject = match (plain(phase), plain(stem)) {
        (phase, stem) if stem.is_empty() => phase,
        (phase, stem) => format!("{phase}/{stem}"),
    };
    subject.truncate(80);
    subject.trim_end_matches(['-', '/']).to_owned()
}
