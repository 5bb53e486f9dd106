//! The model of each agent, where it was set, and whether the run is live or a rehearsal.

use std::path::Path;

use cloudcrew_definition::checks::REHEARSAL;
use cloudcrew_definition::crew::{Agent, Definition, Model, Workflow};
use cloudcrew_runtime::engagement::RunMode;

use crate::exit::Failure;

/// Environment variable that overrides models.
const VARIABLE: &str = "CLOUDCREW_MODEL";

/// Where the model of an agent is set, if nothing overrides it.
pub const AGENTS: &str = "agents.yaml";

/// Models that override those in `agents.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// For all agents.
    pub all: Option<String>,
    /// For single agents: (agent, model).
    pub agents: Vec<(String, String)>,
    /// Whether the override comes from the environment.
    by_environment: bool,
}

impl Chosen {
    /// Reads `NAME` or `AGENT=NAME` words from the command line or the environment.
    pub fn read(words: &[String], definition: &Definition) -> Result<Chosen, Failure> {
        let mut chosen = Chosen { by_environment: by_environment(words), ..Chosen::default() };
        let models: Vec<&str> = definition.models.iter().map(|m| m.name.as_str()).collect();
        for word in words.iter().map(|w| w.trim()).filter(|w| !w.is_empty()) {
            let (agent, model) = match word.split_once('=') {
                Some((agent, model)) => (Some(agent), model),
                None => (None, word),
            };
            if let (Some(agent), REHEARSAL) = (agent, model) {
                return Err(Failure::usage(format!(
                    "`{agent}` cannot be rehearsed alone; use `--model {REHEARSAL}` for all agents"
                )));
            }
            if !models.contains(&model) && model != REHEARSAL {
                return Err(Failure::usage(format!(
                    "no model named `{model}`; choose one of {}, or `{REHEARSAL}`",
                    models.join(", ")
                )));
            }
            match agent {
                None if chosen.all.as_deref().is_some_and(|there| there != model) => {
                    return Err(Failure::usage(
                        "two models for all agents; use `AGENT=NAME` to set the model of one agent",
                    ));
                }
                None => chosen.all = Some(model.to_owned()),
                Some(agent) if definition.agent(agent).is_none() => {
                    let names: Vec<&str> =
                        definition.agents.iter().map(|a| a.name.as_str()).collect();
                    return Err(Failure::usage(format!(
                        "no agent named `{agent}`; choose one of {}",
                        names.join(", ")
                    )));
                }
                Some(agent) => {
                    chosen.agents.retain(|(name, _)| name != agent);
                    chosen.agents.push((agent.to_owned(), model.to_owned()));
                }
            }
        }
        Ok(chosen)
    }

    /// Whether `--model rehearsal` was given.
    pub fn rehearses(&self) -> bool {
        self.all.as_deref() == Some(REHEARSAL)
    }

    /// The model of an agent, and where it was set.
    pub fn of<'a>(&'a self, agent: &'a Agent) -> (&'a str, &'static str) {
        let layer = if self.by_environment { VARIABLE } else { "--model" };
        if self.rehearses() {
            return (&agent.model, layer);
        }
        let own = self
            .agents
            .iter()
            .find(|(name, _)| *name == agent.name)
            .map(|(_, model)| model.as_str());
        match own.or(self.all.as_deref().filter(|model| *model != REHEARSAL)) {
            Some(model) => (model, layer),
            None => (&agent.model, AGENTS),
        }
    }

    /// Whether it sets the model of an agent in all phases.
    fn overrides(&self, agent: &str) -> bool {
        !self.rehearses() && (self.all.is_some() || self.agents.iter().any(|(n, _)| n == agent))
    }

    /// The model for all agents that an engagement is pinned to.
    pub fn for_all(&self) -> Option<String> {
        self.all.clone().filter(|model| model != REHEARSAL)
    }
}

/// The command line takes precedence; without `--model`, the words come from the environment.
fn by_environment(words: &[String]) -> bool {
    let typed = std::env::args_os().any(|word| word.to_string_lossy().starts_with("--model"));
    !words.is_empty() && !typed
}

/// Agents that work or review in a workflow.
pub fn at_work<'a>(definition: &'a Definition, workflow: &Workflow) -> Vec<&'a Agent> {
    let phases: Vec<_> = workflow.phases.iter().filter_map(|name| definition.phase(name)).collect();
    definition
        .agents
        .iter()
        .filter(|agent| phases.iter().any(|phase| phase.involves(&agent.name)))
        .collect()
}

/// The agents that work, review or answer messages in a workflow, once for each model that they use
/// there. In a phase without them, the customer may still write to them.
pub fn cast(definition: &Definition, workflow: &Workflow) -> Vec<Agent> {
    let contact = definition.contact(&workflow.name);
    let at_work = at_work(definition, workflow);
    let answers = |agent: &&Agent| {
        at_work.iter().any(|there| there.name == agent.name) || contact == Some(&agent.name)
    };
    let mut all: Vec<Agent> = Vec::new();
    for phase in workflow.phases.iter().filter_map(|name| definition.phase(name)) {
        for agent in definition.agents.iter().filter(answers) {
            let agent = phase.cast(agent);
            if !all.iter().any(|there| (&there.name, &there.model) == (&agent.name, &agent.model)) {
                all.push(agent);
            }
        }
    }
    all
}

/// What was asked for beside the models.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mode<'a> {
    /// The cassette to replay.
    pub replay: Option<&'a Path>,
    /// The cassette to record to.
    pub record: Option<&'a Path>,
    /// Whether a rehearsal file was named.
    pub rehearses: bool,
}

/// The run mode. A run is live if every agent's model has a provider, and a rehearsal if none has.
pub fn voice(
    mode: Mode<'_>,
    chosen: &Chosen,
    definition: &Definition,
    workflow: &Workflow,
) -> Result<RunMode, Failure> {
    if let Some(cassette) = mode.replay {
        let path = std::fs::canonicalize(cassette)
            .map_err(|e| Failure::usage(format!("{}: {e}", cassette.display())))?;
        return Ok(RunMode::Replay { cassette: path.display().to_string() });
    }
    let agents = cast(definition, workflow);
    let model =
        |agent: &&Agent| definition.model(chosen.of(agent).0).is_some_and(|m| m.live.is_some());
    let (live, rehearsed): (Vec<&Agent>, Vec<&Agent>) = agents.iter().partition(model);
    if mode.rehearses || chosen.rehearses() || live.is_empty() {
        return match mode.record {
            Some(_) => {
                Err(Failure::usage("`--record` needs live models, and this run is a rehearsal"))
            }
            None => Ok(RunMode::Rehearsal),
        };
    }
    if let (Some(one), Some(other)) = (live.first(), rehearsed.first()) {
        return Err(Failure::usage(format!(
            "a run is either live or a rehearsal, but `{}` is live ({}) and `{}` rehearsed ({} has \
             no `provider`); give every model a provider in agents.yaml, or use `--model NAME` or \
             `--model {REHEARSAL}` for all agents",
            one.name,
            chosen.of(one).0,
            other.name,
            chosen.of(other).0
        )));
    }
    let record = mode
        .record
        .map(|path| std::path::absolute(path).map(|path| path.display().to_string()))
        .transpose()?;
    Ok(RunMode::Live { record })
}

/// Refuses a run in which an agent has a budget in dollars and a model of unknown price.
pub fn priced(
    voice: &RunMode,
    chosen: &Chosen,
    definition: &Definition,
    workflow: &Workflow,
) -> Result<(), Failure> {
    if !matches!(voice, RunMode::Live { .. }) {
        return Ok(());
    }
    let of_phase = |agent: &Agent| {
        let mut mine = workflow
            .phases
            .iter()
            .filter_map(|name| definition.phase(name))
            .filter(|phase| phase.involves(&agent.name))
            .filter(|phase| {
                let own = definition.agent(&agent.name).map(|own| phase.cast(own).model);
                chosen.overrides(&agent.name) || own.as_ref() == Some(&agent.model)
            });
        mine.any(|phase| phase.budget.is_some_and(|budget| budget.micro_usd.is_some()))
    };
    for agent in cast(definition, workflow) {
        let own = [
            agent.budget,
            agent.pot.as_ref().and_then(|pot| definition.pot(pot)).copied(),
            workflow.budget,
        ];
        let bounded =
            own.into_iter().flatten().any(|budget| budget.micro_usd.is_some()) || of_phase(&agent);
        let (name, _) = chosen.of(&agent);
        if bounded && definition.model(name).is_some_and(|model| model.price.is_none()) {
            return Err(Failure::usage(format!(
                "`{}` has a budget in dollars, but the price of its model `{name}` is unknown; \
                 give `{name}` a `price` in agents.yaml",
                agent.name
            )));
        }
    }
    Ok(())
}

/// The provider and id of a model.
pub fn served(model: &Model) -> String {
    let Some(live) = &model.live else { return "rehearsed".to_owned() };
    let place = [&live.region, &live.endpoint]
        .into_iter()
        .flatten()
        .map(|place| format!(" at {place}"))
        .collect::<String>();
    format!("{} {}{place}", live.provider.name(), live.id)
}

/// The price of a model, as text.
pub fn price(model: &Model) -> String {
    match &model.price {
        None => "price unknown".to_owned(),
        Some(price) => {
            let known = if model.price_is_known {
                format!(", as of {}", cloudcrew_definition::known::AS_OF)
            } else {
                String::new()
            };
            format!(
                "${} in, ${} out per million tokens{known}",
                short(price.input),
                short(price.output)
            )
        }
    }
}

/// Rounds to four decimals; regional factors produce more.
fn short(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}
