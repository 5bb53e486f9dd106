//! `plan`: what a run would be, what it would take, and what changed.

use cloudcrew_definition::crew::Definition;
use cloudcrew_plan::build;
use cloudcrew_plan::compare::{compare, compare_all};
use cloudcrew_plan::forecast::forecast;

use crate::args::{Args, Format, Planned};
use crate::exit::{Exit, Failure};
use crate::out::{put, say};
use crate::output::{PlanAgent, PlanDocument, VERSION, pretty};
use crate::planned::{before, human, look_back};
use crate::workspace;

pub async fn plan(args: &Args, planned: &Planned) -> Result<Exit, Failure> {
    let root = workspace::find(args.workspace.as_deref())?;
    let mut definition = workspace::definition(&root)?;
    let old = match &planned.against {
        None => None,
        Some(against) => Some(before(args, &root, against).await?),
    };
    let of_engagement = old.as_ref().and_then(|old| old.workflow.clone()).filter(|name| definition.workflow(name).is_some());
    let workflow = workspace::workflow(&definition, planned.workflow.as_deref().or(of_engagement.as_deref()))?;
    let hash = definition.hash();
    let plan = build(&definition, &workflow).ok_or_else(|| Failure::failed(format!("`{workflow}` has no phases")))?;
    let (past, pinned) = look_back(args, &workflow, &definition).await?;
    let (against, changes) = match old {
        None => (None, Vec::new()),
        // Without a word about which, a change of any workflow matters.
        Some(old) if planned.workflow.is_none() && old.workflow.is_none() => {
            (Some(old.name), compare_all(&old.definition, &definition))
        }
        Some(old) => (Some(old.name), compare(&old.definition, &definition, &workflow)),
    };
    let saved = serde_json::to_value(&definition).map_err(|e| Failure::world(e.to_string()))?;
    let chosen = choose(&mut definition, planned.model.as_deref())?;
    let flow = definition.workflow(&workflow).ok_or_else(|| Failure::usage(format!("no workflow named `{workflow}`")))?;
    let phases: Vec<_> = flow.phases.iter().filter_map(|name| definition.phase(name)).collect();
    let works = |name: &str| {
        phases.iter().any(|p| p.swarm.agents.iter().any(|a| a == name) || p.review.as_ref().is_some_and(|r| r.agent == name))
    };
    let agents = definition.agents.iter().filter(|a| works(&a.name));
    let changed = !changes.is_empty();
    let document = PlanDocument {
        version: VERSION,
        definition_hash: hash,
        gates: phases.iter().filter(|p| p.gate.is_some()).count() as u32,
        agents: agents
            .map(|a| PlanAgent {
                agent: a.name.clone(),
                model: a.model.clone(),
                chosen_by: chosen.to_owned(),
                tools: a.tools.clone(),
                writes: a.writes.clone(),
                token_budget: a.token_budget,
            })
            .collect(),
        forecast: forecast(&definition, flow),
        past,
        against,
        changes,
        pinned,
        plan,
        definition: saved,
    };
    match planned.format {
        Format::Human => put!("{}", human(&definition, &document)),
        Format::Json => say!("{}", pretty(&document)),
    }
    Ok(if planned.exit_code && changed { Exit::Failed } else { Exit::Done })
}

/// Puts the model that was asked for in each agent's place, and says which layer chose.
fn choose(definition: &mut Definition, model: Option<&str>) -> Result<&'static str, Failure> {
    let Some(model) = model else { return Ok("agents.yaml") };
    if definition.model(model).is_none() {
        let names: Vec<&str> = definition.models.iter().map(|m| m.name.as_str()).collect();
        return Err(Failure::usage(format!("no model named `{model}`; there is {}", names.join(", "))));
    }
    definition.agents.iter_mut().for_each(|agent| agent.model = model.to_owned());
    let by_environment = std::env::var("CLOUDCREW_MODEL").is_ok_and(|named| named == model);
    let by_flag = std::env::args_os().any(|word| word.to_string_lossy().starts_with("--model"));
    Ok(if by_environment && !by_flag { "CLOUDCREW_MODEL" } else { "--model" })
}
