//! The values of prompt variables in the current state of an engagement.

use std::collections::BTreeMap;

use cloudcrew_definition::crew::{Deliverable, Phase};
use cloudcrew_definition::syntax::InputValue;
use serde_json::{Value, json};

use super::load::Engagement;
use cloudcrew_sow::{Item, Sow};

/// The variables of a phase's prompts and templates, except `agent` and `deliverable`.
pub(super) fn variables(engagement: &Engagement, phase: &Phase) -> Value {
    let definition = &engagement.definition;
    let state = &engagement.state;
    let workflow = definition.workflow(&state.started.workflow);
    let phases = workflow.map(|w| w.phases.clone()).unwrap_or_default();
    let number = phases.iter().position(|p| *p == phase.name).map_or(1, |i| i + 1);
    let progress = state.progress(&phase.name);
    let agents: Vec<Value> = phase
        .swarm
        .agents
        .iter()
        .filter_map(|a| definition.agent(a))
        .map(|a| json!({ "name": a.name, "description": a.description }))
        .collect();
    // Other definitions may have come with further inputs.
    let defaults = workflow.into_iter().flat_map(|workflow| &workflow.inputs);
    let defaults = defaults.filter_map(|i| Some((i.name.clone(), i.default.clone()?)));
    let mut inputs: BTreeMap<String, InputValue> = defaults.collect();
    inputs.extend(state.started.inputs.clone());
    json!({
        "project": engagement.project,
        "workflow": { "name": state.started.workflow,
            "description": workflow.map(|w| w.description.as_str()).unwrap_or_default() },
        "phase": { "name": phase.name, "description": phase.description, "number": number,
            "count": phases.len() },
        "inputs": inputs,
        "date": state.started.date,
        "revision": state.revision(&phase.name),
        "agents": agents,
        "deliverables": phase.deliverables.iter().map(deliverable).collect::<Vec<_>>(),
        "sow": sow(&engagement.sow, &engagement.sow_text),
        "feedback": progress.feedback.last().cloned().unwrap_or_default(),
        "findings": progress.findings.iter().map(|f| json!({ "path": f.path,
            "text": f.text })).collect::<Vec<_>>(),
    })
}

/// A deliverable as a template variable.
pub(super) fn deliverable(d: &Deliverable) -> Value {
    json!({
        "path": d.path, "owner": d.owner, "reviewers": d.reviewers, "template": d.template,
            "description": d.description,
        "title": title(&d.path),
    })
}

/// Makes a title from a file name: `docs/project-plan/plan.md` becomes `Plan`.
fn title(path: &str) -> String {
    let stem = path.rsplit('/').next().unwrap_or(path).split('.').next().unwrap_or(path);
    let words = stem.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn sow(sow: &Sow, text: &str) -> Value {
    let items = |items: &[Item]| {
        items
            .iter()
            .map(|i| {
                let number = i.number.as_deref().unwrap_or_default();
                json!({ "id": i.id, "number": number, "text": i.text, "source": i.source })
            })
            .collect::<Vec<_>>()
    };
    json!({
        "title": sow.title.clone().unwrap_or_else(|| sow.file.clone()),
        "text": text,
        "objectives": items(&sow.objectives),
        "requirements": items(&sow.requirements),
        "constraints": items(&sow.constraints),
        "deliverables": items(&sow.deliverables),
        "acceptance_criteria": items(&sow.acceptance_criteria),
        "timeline": items(&sow.timeline),
        "unread": items(&sow.unread),
        "open_points": items(&sow.open_points),
        "contradictions": items(&sow.contradictions),
        "missing": sow.missing.iter().map(|m| m.title()).collect::<Vec<_>>(),
    })
}
