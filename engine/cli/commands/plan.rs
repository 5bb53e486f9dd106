//! `plan`: what a run would do and cost, and what has changed.

use cloudcrew_definition::crew::{Definition, Grant, Workflow};
use cloudcrew_definition::layers::{Layered, layers};
use cloudcrew_definition::overlay::OVERLAYS;
use cloudcrew_definition::source::Sources;
use cloudcrew_plan::build;
use cloudcrew_plan::compare::{Change, compare, compare_all};
use cloudcrew_plan::forecast::forecast;

use crate::args::{Args, Format, Planned};
use crate::exit::{Exit, Failure};
use crate::models::{AGENTS, Chosen, at_work, price, served};
use crate::out::put;
use crate::output::pretty;
use crate::planned::{before, human, look_back, on_aws};
use crate::workspace;
use cloudcrew_views::VERSION;
use cloudcrew_views::plan::{Expected, PhaseDefault, PlanAgent, PlanDocument, PlanVariant};

pub async fn plan(args: &Args, planned: &Planned) -> Result<Exit, Failure> {
    let root = workspace::find(args)?;
    let (mut definition, inherited) = workspace::with_defaults(&root)?;
    let old = match &planned.against {
        None => None,
        Some(against) => Some(before(args, &root, against).await?),
    };
    let of_engagement = old
        .as_ref()
        .and_then(|old| old.workflow.clone())
        .filter(|name| definition.workflow(name).is_some());
    let workflow =
        workspace::workflow(&definition, planned.workflow.as_deref().or(of_engagement.as_deref()))?;
    let hash = definition.hash();
    let plan = build(&definition, &workflow)
        .ok_or_else(|| Failure::failed(format!("`{workflow}` has no phases")))?;
    let (past, pinned) = look_back(args, &workflow, &definition, root.overlay.as_deref()).await?;
    let expected = old.as_ref().and_then(|old| {
        let total = |of: &Definition| Some(forecast(of, of.workflow(&workflow)?).total);
        Some(Expected { before: total(&old.definition)?, after: total(&definition)? })
    });
    let (against, changes) = match old {
        None => (None, Vec::new()),
        // If no workflow is named, compare all of them.
        Some(old) if planned.workflow.is_none() && old.workflow.is_none() => {
            (Some(old.name), compare_all(&old.definition, &definition))
        }
        Some(old) => (Some(old.name), compare(&old.definition, &definition, &workflow)),
    };
    let changes = at_their_place(changes, &inherited);
    let changes = match &root.overlay {
        Some(name) => in_overlay(changes, &workspace::read(&root), name),
        None => changes,
    };
    let saved = serde_json::to_value(&definition).map_err(|e| Failure::world(e.to_string()))?;
    let chosen = Chosen::read(&planned.model, &definition)?;
    let decided: Vec<(String, &'static str)> =
        definition.agents.iter().map(|a| chosen.of(a)).map(|(m, by)| (m.to_owned(), by)).collect();
    definition
        .agents
        .iter_mut()
        .zip(&decided)
        .for_each(|(agent, (model, _))| agent.model.clone_from(model));
    // A model for the run comes before one for a phase.
    let overridden: Vec<String> = definition
        .agents
        .iter()
        .zip(&decided)
        .filter(|(_, (_, layer))| *layer != AGENTS && !chosen.rehearses())
        .map(|(agent, _)| agent.name.clone())
        .collect();
    for phase in &mut definition.phases {
        phase.models.retain(|agent, _| !overridden.contains(agent));
    }
    let layer = |name: &str| {
        definition
            .agents
            .iter()
            .zip(&decided)
            .find(|(a, _)| a.name == name)
            .map_or(AGENTS, |(_, d)| d.1)
    };
    let flow = definition
        .workflow(&workflow)
        .ok_or_else(|| Failure::usage(format!("no workflow named `{workflow}`")))?;
    let agents = at_work(&definition, flow).into_iter();
    let changed = !changes.is_empty();
    let whole = forecast(&definition, flow);
    let document = PlanDocument {
        version: VERSION,
        definition_hash: hash,
        overlay: root.overlay.clone(),
        gates: gates(&definition, flow),
        agents: agents
            .map(|a| PlanAgent {
                agent: a.name.clone(),
                model: a.model.clone(),
                chosen_by: layer(&a.name).to_owned(),
                served: if chosen.rehearses() {
                    "rehearsed".to_owned()
                } else {
                    definition.model(&a.model).map(served).unwrap_or_default()
                },
                price: definition.model(&a.model).map(price).unwrap_or_default(),
                tools: a
                    .tools
                    .iter()
                    .cloned()
                    .chain(a.grants.iter().flat_map(Grant::names))
                    .collect(),
                writes: a.writes.clone(),
                token_budget: a.budget.and_then(|b| b.tokens),
                usd_budget: a.budget.and_then(|b| b.micro_usd).map(|micro| micro as f64 / 1e6),
                shares_budget: a.pot.clone(),
            })
            .collect(),
        on_aws: on_aws(&definition, flow, &whole),
        forecast: whole,
        variants: definition.variants(&workflow).map(|of| variant(&definition, of)).collect(),
        past,
        against,
        expected,
        changes,
        pinned,
        inherited: inherited.into_iter().filter(|one| flow.phases.contains(&one.phase)).collect(),
        plan,
        definition: saved,
    };
    match planned.format {
        Format::Human => put!("{}", human(&definition, &document)),
        Format::Json => crate::out::document(&pretty(&document)),
    }
    Ok(if planned.exit_code && changed { Exit::Failed } else { Exit::Done })
}

/// The changes that an overlay makes, where it writes them.
fn in_overlay(changes: Vec<Change>, sources: &Sources, name: &str) -> Vec<Change> {
    let placed = |change: Change| {
        let (file, key) = change.key.split_once(' ').unwrap_or((&change.key, ""));
        let stored = format!("{OVERLAYS}{name}/{file}");
        let is_part = |one: &str, of: &str| {
            one == of || one.strip_prefix(of).is_some_and(|rest| rest.starts_with('.'))
        };
        let sets = |one: &Layered| {
            let first = one.written.first().map(|first| sources.path(first.span.file));
            first == Some(&stored) && (is_part(&one.key, key) || is_part(key, &one.key))
        };
        let layers = layers(sources, Some(name), file).unwrap_or_default();
        let is_text = !file.ends_with(".yaml") && sources.stored(&stored).is_some();
        match is_text || layers.iter().any(sets) {
            true => Change { key: format!("{OVERLAYS}{name}/{}", change.key), ..change },
            false => change,
        }
    };
    changes.into_iter().map(placed).collect()
}

fn variant(definition: &Definition, of: &Workflow) -> PlanVariant {
    PlanVariant {
        workflow: of.name.clone(),
        description: of.description.clone(),
        phases: of.phases.clone(),
        gates: gates(definition, of),
        forecast: forecast(definition, of).total,
    }
}

/// The number of gates of a workflow.
fn gates(definition: &Definition, of: &Workflow) -> u32 {
    let phases = of.phases.iter().filter_map(|name| definition.phase(name));
    phases.filter(|phase| phase.gate.is_some()).count() as u32
}

/// The changes of values that phases inherit, where they are written; once, if all phases that
/// inherit the value change alike.
fn at_their_place(changes: Vec<Change>, inherited: &[PhaseDefault]) -> Vec<Change> {
    let of = |change: &Change| {
        inherited.iter().find(|one| {
            let key = change.key.strip_prefix(&format!("phases/{}.yaml ", one.phase));
            key.is_some_and(|key| key == one.key || key.starts_with(&format!("{}.", one.key)))
        })
    };
    let moved = |change: &Change, one: &PhaseDefault| {
        let key = change.key.split_once(' ').map_or("", |(_, key)| key);
        Change { key: format!("{} defaults.{key}", one.file), ..change.clone() }
    };
    let mut placed: Vec<Change> = Vec::new();
    for change in &changes {
        let Some(one) = of(change) else {
            placed.push(change.clone());
            continue;
        };
        let mut new = moved(change, one);
        let alike = changes
            .iter()
            .filter(|other| other.text == change.text)
            .filter(|other| of(other).is_some_and(|of| moved(other, of).key == new.key));
        if alike.count() == inherited.iter().filter(|other| other.key == one.key).count() {
            new.about = "defaults".to_owned();
        }
        if !placed.contains(&new) {
            placed.push(new);
        }
    }
    placed
}
