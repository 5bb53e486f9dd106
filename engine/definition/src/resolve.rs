//! Syntax to crew: names become references, defaults become values. Called only when nothing was found wrong.

use std::time::Duration;

use crate::crew::{
    Agent, AgentBend, Answer, Bend, Definition, Deliverable, Gate, GateBend, Model, Phase, Price, Rehearsal, Retry, Review,
    ReviewBend, Swarm, Template, Workflow,
};
use crate::source::Sources;
use crate::syntax::{self, Written, defaults};

/// `None` when a required value is missing, which the schema has then reported.
pub(crate) fn resolve(sources: &Sources, workspace: &syntax::Workspace) -> Option<Definition> {
    let (_, file) = workspace.agents.as_ref()?;
    let shared = words(&file.shared_tools);
    let mut phases = workspace.phases.iter().map(|(_, p)| phase(sources, p)).collect::<Option<Vec<_>>>()?;
    phases.sort_by(|a, b| a.name.cmp(&b.name));
    let mut workflows = workspace.workflows.iter().map(|(_, w)| workflow(w)).collect::<Option<Vec<_>>>()?;
    workflows.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rehearsals = workspace.rehearsals.iter().map(|(_, r)| rehearsal(r)).collect::<Option<Vec<_>>>()?;
    rehearsals.sort_by(|a, b| a.name.cmp(&b.name));
    Some(Definition {
        models: file.models.get()?.iter().map(|(name, _, m)| model(name, m)).collect::<Option<_>>()?,
        agents: file.agents.get()?.iter().map(|(name, _, a)| agent(sources, name, a, &shared)).collect::<Option<_>>()?,
        phases,
        workflows,
        templates: templates(sources),
        rehearsals,
    })
}

fn value<T: Clone>(written: &Written<T>) -> Option<T> {
    written.get().cloned()
}

fn optional<T: Clone>(written: &Option<Written<T>>) -> Option<T> {
    written.as_ref().and_then(value)
}

fn words(list: &Option<Written<Vec<Written<String>>>>) -> Vec<String> {
    optional(list).iter().flatten().filter_map(value).collect()
}

fn time(written: &Option<Written<syntax::Duration>>) -> Option<Duration> {
    optional(written).map(|d| d.0)
}

fn text(sources: &Sources, path: &Written<String>) -> Option<String> {
    sources.find(path.get()?).map(|file| sources.text(file).to_owned())
}

fn model(name: &str, m: &syntax::Model) -> Option<Model> {
    let price = match optional(&m.price) {
        None => None,
        Some(p) => {
            let input = value(&p.input)?;
            let (cache_read, cache_write) = (optional(&p.cache_read).unwrap_or(input), optional(&p.cache_write).unwrap_or(input));
            Some(Price { input, output: value(&p.output)?, cache_read, cache_write })
        }
    };
    Some(Model {
        name: name.to_owned(),
        served: optional(&m.provider).zip(optional(&m.id)),
        max_tokens: value(&m.max_tokens)?,
        price,
    })
}

fn agent(sources: &Sources, name: &str, a: &syntax::Agent, shared: &[String]) -> Option<Agent> {
    let mut tools = shared.to_vec();
    for tool in words(&a.tools) {
        if !tools.contains(&tool) {
            tools.push(tool);
        }
    }
    Some(Agent {
        name: name.to_owned(),
        description: value(&a.description)?,
        model: value(&a.model)?,
        prompt: text(sources, &a.prompt)?,
        tools,
        writes: words(&a.writes),
        token_budget: optional(&a.budget).and_then(|b| value(&b.tokens)),
    })
}

fn phase(sources: &Sources, p: &syntax::PhaseFile) -> Option<Phase> {
    let deliverables = optional(&p.deliverables).unwrap_or_default();
    let retry = match optional(&p.retry) {
        None => Retry { max_attempts: 0, timeout_factor: defaults::TIMEOUT_FACTOR },
        Some(r) => Retry {
            max_attempts: value(&r.max_attempts)?,
            timeout_factor: optional(&r.timeout_factor).unwrap_or(defaults::TIMEOUT_FACTOR),
        },
    };
    Some(Phase {
        name: value(&p.phase)?,
        description: optional(&p.description).unwrap_or_default(),
        swarm: swarm(&value(&p.swarm)?)?,
        task: text(sources, &p.task)?,
        deliverables: deliverables.iter().map(|d| deliverable(d.get()?)).collect::<Option<_>>()?,
        review: match optional(&p.review) {
            None => None,
            Some(r) => Some(Review {
                agent: value(&r.agent)?,
                depth: value(&r.depth)?,
                max_reworks: optional(&r.max_reworks).unwrap_or(defaults::MAX_REWORKS),
            }),
        },
        gate: optional(&p.gate).as_ref().map(gate),
        question_reminder: optional(&p.questions).and_then(|q| time(&q.remind_after)),
        retry,
        max_restarts: optional(&p.restart).and_then(|r| value(&r.max_attempts)).unwrap_or(defaults::MAX_RESTARTS),
    })
}

fn swarm(s: &syntax::Swarm) -> Option<Swarm> {
    let retry = optional(&s.retry);
    let retry = retry.as_ref();
    Some(Swarm {
        entry: value(&s.entry)?,
        agents: value(&s.agents)?.iter().map(value).collect::<Option<_>>()?,
        max_handoffs: optional(&s.max_handoffs).unwrap_or(defaults::MAX_HANDOFFS),
        max_iterations: optional(&s.max_iterations).unwrap_or(defaults::MAX_ITERATIONS),
        max_turns: optional(&s.max_turns).unwrap_or(defaults::MAX_TURNS),
        execution_timeout: time(&s.execution_timeout).unwrap_or(defaults::EXECUTION_TIMEOUT),
        node_timeout: time(&s.node_timeout).unwrap_or(defaults::NODE_TIMEOUT),
        repetitive_handoff_detection_window: optional(&s.repetitive_handoff_detection_window)
            .unwrap_or(defaults::REPETITIVE_HANDOFF_DETECTION_WINDOW),
        repetitive_handoff_min_unique_agents: optional(&s.repetitive_handoff_min_unique_agents)
            .unwrap_or(defaults::REPETITIVE_HANDOFF_MIN_UNIQUE_AGENTS),
        token_budget: optional(&s.token_budget),
        handoff: optional(&s.handoff).unwrap_or(defaults::HANDOFF),
        provider_max_attempts: retry.and_then(|r| optional(&r.max_attempts)).unwrap_or(defaults::PROVIDER_MAX_ATTEMPTS),
        provider_initial_delay: retry.and_then(|r| time(&r.initial_delay)).unwrap_or(defaults::PROVIDER_INITIAL_DELAY),
        provider_max_delay: retry.and_then(|r| time(&r.max_delay)).unwrap_or(defaults::PROVIDER_MAX_DELAY),
    })
}

fn deliverable(d: &syntax::Deliverable) -> Option<Deliverable> {
    Some(Deliverable {
        path: value(&d.path)?,
        owner: value(&d.owner)?,
        template: optional(&d.template),
        reviewers: words(&d.reviewers),
        description: optional(&d.description).unwrap_or_default(),
    })
}

fn gate(g: &syntax::Gate) -> Gate {
    Gate {
        ratings: words(&g.ratings),
        max_revisions: optional(&g.max_revisions).unwrap_or(defaults::MAX_REVISIONS),
        remind_after: time(&g.remind_after),
        expires_after: time(&g.expires_after),
        on_expiry: optional(&g.on_expiry).unwrap_or(defaults::ON_EXPIRY),
    }
}

fn workflow(w: &syntax::WorkflowFile) -> Option<Workflow> {
    Some(Workflow {
        name: value(&w.workflow)?,
        description: optional(&w.description).unwrap_or_default(),
        phases: value(&w.phases)?.iter().map(value).collect::<Option<_>>()?,
        finalize: words(&w.finalize),
    })
}

fn templates(sources: &Sources) -> Vec<Template> {
    let mut templates: Vec<Template> = sources
        .iter()
        .filter_map(|(file, path)| {
            let name = path.strip_prefix("templates/")?.strip_suffix(".md")?;
            Some(Template { name: name.to_owned(), text: sources.text(file).to_owned() })
        })
        .collect();
    templates.sort_by(|a, b| a.name.cmp(&b.name));
    templates
}

fn rehearsal(r: &syntax::RehearsalFile) -> Option<Rehearsal> {
    let read = |list: &Option<Written<Vec<Written<syntax::AgentBend>>>>| optional(list).unwrap_or_default();
    Some(Rehearsal {
        name: value(&r.rehearsal)?,
        description: optional(&r.description).unwrap_or_default(),
        workflow: optional(&r.workflow),
        sow: optional(&r.sow),
        agents: read(&r.agents).iter().map(|b| agent_bend(b.get()?)).collect::<Option<_>>()?,
        reviews: optional(&r.reviews).unwrap_or_default().iter().map(|b| review_bend(b.get()?)).collect::<Option<_>>()?,
        gates: optional(&r.gates).unwrap_or_default().iter().map(|b| gate_bend(b.get()?)).collect::<Option<_>>()?,
        answers: optional(&r.answers).unwrap_or_default().iter().map(|a| answer(a.get()?)).collect::<Option<_>>()?,
    })
}

fn agent_bend(b: &syntax::AgentBend) -> Option<AgentBend> {
    let bend = (optional(&b.asks).map(Bend::Asks))
        .or_else(|| optional(&b.loops_with).map(Bend::LoopsWith))
        .or_else(|| optional(&b.writes).map(Bend::Writes))
        .or_else(|| optional(&b.fails).map(Bend::Fails))
        .or_else(|| time(&b.takes).map(Bend::Takes))
        .or_else(|| optional(&b.forgets).map(Bend::Forgets))?;
    Some(AgentBend {
        agent: value(&b.agent)?,
        phase: optional(&b.phase),
        times: optional(&b.times).unwrap_or(defaults::TIMES),
        bend,
    })
}

fn review_bend(b: &syntax::ReviewBend) -> Option<ReviewBend> {
    Some(ReviewBend { phase: value(&b.phase)?, finds: value(&b.finds)?, times: optional(&b.times).unwrap_or(defaults::TIMES) })
}

fn gate_bend(b: &syntax::GateBend) -> Option<GateBend> {
    let ratings =
        |given: &syntax::Entries<syntax::Stars>| given.iter().map(|(name, _, stars)| (name.to_owned(), stars.0)).collect();
    Some(GateBend {
        phase: value(&b.phase)?,
        approves: b.approves.as_ref().and_then(Written::get).map(ratings),
        revises: optional(&b.revises),
        silent_for: time(&b.silent_for),
    })
}

fn answer(a: &syntax::Answer) -> Option<Answer> {
    Some(Answer { question: value(&a.question)?, answer: value(&a.answer)? })
}
