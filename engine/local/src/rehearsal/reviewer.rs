//! The reviewing agent: reads, summarizes the phase, gives a verdict.

use cloudcrew_definition::crew::Phase;
use cloudcrew_definition::syntax::Depth;
use cloudcrew_ports::model::{ModelRequest, ToolStatus};
use serde_json::json;

use super::knowledge::Knowledge;
use super::transcript::Transcript;
use super::worker::untraced;
use super::{RehearsalModel, Turn, compose, has};

pub(super) fn turn(
    model: &RehearsalModel,
    request: &ModelRequest<'_>,
    phase: &Phase,
    transcript: &Transcript<'_>,
) -> Turn {
    let known = Knowledge::of(transcript);
    look(request, transcript)
        .or_else(|| read(request, phase, transcript, &known))
        .or_else(|| package(model, request, phase, transcript, &known))
        .unwrap_or_else(|| judge(model, request, phase, transcript, &known))
}

fn look(request: &ModelRequest<'_>, transcript: &Transcript<'_>) -> Option<Turn> {
    let tools = ["ledger_read", "repo_list"]
        .into_iter()
        .filter(|t| has(request, t) && !transcript.called(t));
    let turn = tools.fold(Turn::says("Let me see what the phase produced."), |turn, tool| {
        turn.call(tool, json!({}))
    });
    (!turn.calls.is_empty()).then_some(turn)
}

fn read(
    request: &ModelRequest<'_>,
    phase: &Phase,
    transcript: &Transcript<'_>,
    known: &Knowledge,
) -> Option<Turn> {
    let full = phase.review.as_ref().is_some_and(|r| r.depth == Depth::Full);
    let mut turn = Turn::says("I read the deliverables.");
    for d in phase
        .deliverables
        .iter()
        .filter(|d| full && known.files.contains_key(&d.path) && has(request, "repo_read"))
    {
        if transcript.read(&d.path).is_none() {
            turn = turn.call("repo_read", json!({ "path": d.path }));
        }
    }
    (!turn.calls.is_empty()).then_some(turn)
}

fn package(
    model: &RehearsalModel,
    request: &ModelRequest<'_>,
    phase: &Phase,
    transcript: &Transcript<'_>,
    known: &Knowledge,
) -> Option<Turn> {
    if !has(request, "phase_summary") || transcript.called("phase_summary") {
        return None;
    }
    let path = format!("docs/phase-summaries/{}.md", phase.name);
    let writing =
        compose::Writing { path: &path, request, definition: &model.definition, phase, known };
    let content = match compose::template_of(request.system, &path) {
        Some(template) => compose::document(template, &writing),
        None => {
            let owed = phase
                .deliverables
                .iter()
                .map(|d| format!("- {} by {}", d.path, d.owner))
                .collect::<Vec<_>>()
                .join("\n");
            format!(
                "# {}\n\nRehearsal: written without a live model.\n\n## Deliverables\n\n{owed}\n",
                phase.name
            )
        }
    };
    Some(Turn::says("I summarize the phase.").call("phase_summary", json!({ "content": content })))
}

fn judge(
    model: &RehearsalModel,
    request: &ModelRequest<'_>,
    phase: &Phase,
    transcript: &Transcript<'_>,
    known: &Knowledge,
) -> Turn {
    if !has(request, "review_verdict")
        || transcript.calls("review_verdict").any(|(_, r)| r.status == ToolStatus::Success)
    {
        return Turn::says("The review is done.");
    }
    let found = transcript.input.split("\nIt found:\n").nth(1).unwrap_or_default();
    let mut findings: Vec<String> =
        found.lines().take_while(|l| l.starts_with("- ")).map(|l| l[2..].to_owned()).collect();
    let bends = model
        .rehearsal
        .reviews
        .iter()
        .filter(|b| b.phase == phase.name && request.context.swarm <= b.times);
    findings.extend(bends.map(|b| b.finds.clone()));
    for d in &phase.deliverables {
        if let Some(read) = transcript.read(&d.path) {
            findings.extend(
                untraced(model, phase, d, &read.text, known)
                    .into_iter()
                    .map(|f| format!("{}: {f}", d.path)),
            );
        }
    }
    if findings.is_empty() {
        return Turn::says("I have no findings.")
            .call("review_verdict", json!({ "verdict": "pass" }));
    }
    let findings: Vec<_> = findings.iter().map(|f| json!({ "text": f })).collect();
    Turn::says("I found problems.")
        .call("review_verdict", json!({ "verdict": "fail", "findings": findings }))
}
