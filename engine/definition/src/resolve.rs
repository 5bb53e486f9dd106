//! From syntax to crew: names become references, and defaults become values. Called only when there
//! are no errors.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::crew::{
    Agent, AgentBend, Answer, Approvers, Bend, Budget, Context, Definition, Deliverable, Fact,
    Gate, GateBend, Grant, Input, Live, Model, Pattern, PatternRules, Phase, Pot, Price, Reach,
    Reasoning, Recall, Rehearsal, Retry, Review, ReviewBend, Server, Service, Swarm, Template,
    UnitPrice, Values, Workflow,
};
use crate::known;
use crate::overlay::within;
use crate::source::{Sources, Span};
use crate::syntax::{self, Provider, Written, defaults};

/// `None` if a required value is missing. The schema check has then already reported it.
pub(crate) fn resolve(sources: &Sources, workspace: &syntax::Workspace) -> Option<Definition> {
    let (_, file) = workspace.agents.as_ref()?;
    let shared = words(&file.shared_tools);
    let mut phases =
        workspace.phases.iter().map(|(_, p)| phase(sources, p)).collect::<Option<Vec<_>>>()?;
    phases.sort_by(|a, b| a.name.cmp(&b.name));
    let mut workflows =
        workspace.workflows.iter().map(|(_, w)| workflow(w)).collect::<Option<Vec<_>>>()?;
    workflows.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rehearsals =
        workspace.rehearsals.iter().map(|(_, r)| rehearsal(r)).collect::<Option<Vec<_>>>()?;
    rehearsals.sort_by(|a, b| a.name.cmp(&b.name));
    Some(Definition {
        overlay: sources.overlay().map(str::to_owned),
        models: file
            .models
            .get()?
            .iter()
            .map(|(name, _, m)| model(name, m))
            .collect::<Option<_>>()?,
        pots: optional(&file.budgets)
            .unwrap_or_default()
            .iter()
            .filter_map(|(name, _, b)| Some(Pot { name: name.to_owned(), budget: budget(b)? }))
            .collect(),
        servers: optional(&file.servers)
            .unwrap_or_default()
            .iter()
            .map(|(name, _, s)| server(name, s))
            .collect::<Option<_>>()?,
        agents: file
            .agents
            .get()?
            .iter()
            .map(|(name, _, a)| agent(sources, name, a, &shared))
            .collect::<Option<_>>()?,
        phases,
        workflows,
        templates: templates(sources),
        rehearsals,
        knowledge: knowledge(sources, workspace)?,
        patterns: patterns(sources, workspace)?,
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
    let id = optional(&m.provider).zip(optional(&m.id));
    let known =
        id.as_ref().filter(|(p, _)| *p == Provider::Bedrock).and_then(|(_, id)| known::model(id));
    let written = match optional(&m.price) {
        None => None,
        Some(p) => {
            let input = value(&p.input)?;
            let (cache_read, cache_write) = (
                optional(&p.cache_read).unwrap_or(input),
                optional(&p.cache_write).unwrap_or(input),
            );
            Some(Price { input, output: value(&p.output)?, cache_read, cache_write })
        }
    };
    let price = written.or_else(|| known.and_then(|k| k.price));
    let cache_minimum = match optional(&m.prompt_cache) {
        Some(false) => None,
        Some(true) => Some(known.map_or(CACHE_MINIMUM, |k| k.cache_minimum)),
        None => known.map(|k| k.cache_minimum),
    };
    Some(Model {
        name: name.to_owned(),
        live: id.map(|(provider, id)| live(m, provider, id, cache_minimum)),
        max_tokens: value(&m.max_tokens)?,
        context: context(m, known.map(|k| k.window))?,
        price,
        price_is_known: written.is_none() && price.is_some(),
    })
}

/// Minimum number of tokens before a cache point, for an unknown model.
const CACHE_MINIMUM: u64 = 1024;

fn live(m: &syntax::Model, provider: Provider, id: String, cache_minimum: Option<u64>) -> Live {
    let guardrail = optional(&m.guardrail).and_then(|g| value(&g.id).zip(value(&g.version)));
    let reasoning =
        optional(&m.reasoning).and_then(|r| match (optional(&r.tokens), optional(&r.effort)) {
            (Some(tokens), _) => Some(Reasoning::Tokens(tokens)),
            (None, effort) => effort.map(Reasoning::Effort),
        });
    Live {
        provider,
        id,
        region: optional(&m.region),
        endpoint: optional(&m.endpoint).map(|url| url.trim_end_matches('/').to_owned()),
        key_env: optional(&m.key_env),
        streaming: optional(&m.streaming).unwrap_or(defaults::STREAMING),
        sees_images: optional(&m.sees_images).unwrap_or(provider == Provider::Bedrock),
        guardrail,
        reasoning,
        silence: time(&m.silence_timeout).unwrap_or(match provider {
            Provider::Bedrock => defaults::SILENCE_TIMEOUT,
            Provider::Openai => defaults::SILENCE_TIMEOUT_OPENAI,
        }),
        cache_minimum,
    }
}

/// The outer `None` means that a required value is missing.
fn context(m: &syntax::Model, known: Option<u64>) -> Option<Option<Context>> {
    let (trim_at, trim_to) = (defaults::TRIM_AT, defaults::TRIM_TO);
    match optional(&m.context) {
        None => Some(known.map(|window| Context { window, trim_at, trim_to })),
        Some(rule) => Some(Some(Context {
            window: value(&rule.window)?,
            trim_at: optional(&rule.trim_at).unwrap_or(trim_at),
            trim_to: optional(&rule.trim_to).unwrap_or(trim_to),
        })),
    }
}

fn budget(b: &syntax::Budget) -> Option<Budget> {
    bounds(&b.tokens, &b.usd, &b.at_limit)
}

/// `None` if the budget has no limit.
fn bounds(
    tokens: &Option<Written<u64>>,
    usd: &Option<Written<f64>>,
    at_limit: &Option<Written<syntax::AtLimit>>,
) -> Option<Budget> {
    let (tokens, micro_usd) =
        (optional(tokens), optional(usd).map(|usd| (usd * 1e6).round() as u64));
    let at_limit = optional(at_limit).unwrap_or(defaults::AT_LIMIT);
    (tokens.is_some() || micro_usd.is_some()).then_some(Budget { tokens, micro_usd, at_limit })
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
        commands: words(&a.commands),
        grants: optional(&a.servers)
            .unwrap_or_default()
            .iter()
            .map(|g| grant(g.get()?))
            .collect::<Option<_>>()?,
        budget: optional(&a.budget).and_then(|b| bounds(&b.tokens, &b.usd, &b.at_limit)),
        pot: optional(&a.budget).and_then(|b| optional(&b.pot)),
    })
}

fn knowledge(sources: &Sources, workspace: &syntax::Workspace) -> Option<Vec<Service>> {
    let mut files: Vec<_> = workspace.knowledge.iter().collect();
    files.sort_by_key(|(file, _)| within(sources.path(*file)));
    let mut all = Vec::new();
    for (_, file) in files {
        for service in &value(&file.services)? {
            all.push(known_service(service.get()?)?);
        }
    }
    Some(all)
}

fn patterns(sources: &Sources, workspace: &syntax::Workspace) -> Option<Vec<Pattern>> {
    let mut files: Vec<_> = workspace.patterns.iter().collect();
    files.sort_by_key(|(file, _)| within(sources.path(*file)));
    let bundled = |f: &Written<syntax::BundledFile>| {
        let f = f.get()?;
        Some((value(&f.path)?, value(&f.content)?))
    };
    let pattern = |p: &syntax::PatternFile| {
        Some(Pattern {
            name: value(&p.pattern)?,
            title: value(&p.title)?,
            category: value(&p.category)?,
            tags: words(&p.tags),
            description: value(&p.description)?,
            files: value(&p.files)?.iter().map(bundled).collect::<Option<_>>()?,
        })
    };
    files.into_iter().map(|(_, p)| pattern(p)).collect()
}

fn known_service(s: &syntax::Service) -> Option<Service> {
    let price = |p: &syntax::UnitPrice| {
        Some(UnitPrice {
            item: value(&p.item)?,
            unit: value(&p.unit)?,
            usd: value(&p.usd)?,
            region: optional(&p.region).unwrap_or_else(|| syntax::REGION.to_owned()),
            date: value(&p.date)?,
        })
    };
    let fact = |f: &syntax::Fact| Some(Fact { text: value(&f.text)?, date: value(&f.date)? });
    let prices = optional(&s.prices).unwrap_or_default();
    let facts = optional(&s.facts).unwrap_or_default();
    Some(Service {
        name: value(&s.name)?,
        aliases: words(&s.aliases),
        what: optional(&s.what).unwrap_or_default(),
        source: value(&s.source)?,
        prices: prices.iter().map(|p| price(p.get()?)).collect::<Option<_>>()?,
        facts: facts.iter().map(|f| fact(f.get()?)).collect::<Option<_>>()?,
    })
}

fn server(name: &str, s: &syntax::Server) -> Option<Server> {
    let texts = |entries: syntax::Entries<String>| {
        entries.iter().map(|(name, _, value)| (name.to_owned(), value.clone())).collect()
    };
    let reach = match optional(&s.url) {
        Some(url) => Reach::Url { url, headers: texts(optional(&s.headers).unwrap_or_default().0) },
        None => {
            let mut words = words(&s.command).into_iter();
            Reach::Command {
                program: words.next()?,
                arguments: words.collect(),
                environment: texts(optional(&s.environment).unwrap_or_default().0),
            }
        }
    };
    Some(Server {
        name: name.to_owned(),
        reach,
        timeout: time(&s.timeout).unwrap_or(defaults::SERVER_TIMEOUT),
        reads: words(&s.reads),
        tools: Vec::new(),
    })
}

fn grant(g: &syntax::Grant) -> Option<Grant> {
    let arguments = optional(&g.arguments).unwrap_or_default().0;
    let values = |(name, _, globs): (&str, _, &Vec<Written<String>>)| Values {
        argument: name.to_owned(),
        globs: globs.iter().filter_map(value).collect(),
    };
    Some(Grant {
        server: value(&g.server)?,
        tools: value(&g.tools)?.iter().filter_map(value).collect(),
        arguments: arguments.iter().map(values).collect(),
    })
}

fn phase(sources: &Sources, p: &syntax::PhaseFile) -> Option<Phase> {
    let deliverables = optional(&p.deliverables).unwrap_or_default();
    let retry = match optional(&p.retry) {
        None => {
            Retry { max_attempts: defaults::MAX_RETRIES, timeout_factor: defaults::TIMEOUT_FACTOR }
        }
        Some(r) => Retry {
            max_attempts: optional(&r.max_attempts).unwrap_or(defaults::MAX_RETRIES),
            timeout_factor: optional(&r.timeout_factor).unwrap_or(defaults::TIMEOUT_FACTOR),
        },
    };
    Some(Phase {
        name: value(&p.phase)?,
        description: optional(&p.description).unwrap_or_default(),
        swarm: swarm(&value(&p.swarm)?)?,
        task: text(sources, &p.task)?,
        models: models(p),
        deliverables: deliverables.iter().map(|d| deliverable(d.get()?)).collect::<Option<_>>()?,
        review: match optional(&p.review) {
            None => None,
            Some(r) => Some(Review {
                agent: optional(&r.agent)?,
                depth: optional(&r.depth)?,
                max_reworks: optional(&r.max_reworks).unwrap_or(defaults::MAX_REWORKS),
            }),
        },
        gate: optional(&p.gate).as_ref().map(gate),
        question_reminder: optional(&p.questions).and_then(|q| time(&q.remind_after)),
        question_linger: optional(&p.questions).and_then(|q| time(&q.linger)),
        recall: optional(&p.recall).map(|r| Recall {
            lessons: optional(&r.lessons).unwrap_or(defaults::RECALL),
            preferences: optional(&r.preferences).unwrap_or(defaults::RECALL),
            summaries: optional(&r.summaries).unwrap_or(defaults::RECALL),
            tokens: optional(&r.tokens).unwrap_or(defaults::RECALL_TOKENS),
        }),
        budget: optional(&p.budget).and_then(|b| budget(&b)),
        max_deliveries: optional(&p.deliver)
            .and_then(|d| optional(&d.max_attempts))
            .unwrap_or(defaults::MAX_DELIVERIES),
        retry,
        max_restarts: optional(&p.restart)
            .and_then(|r| optional(&r.max_attempts))
            .unwrap_or(defaults::MAX_RESTARTS),
    })
}

/// The models that a phase sets, by agent.
fn models(p: &syntax::PhaseFile) -> BTreeMap<String, String> {
    let all = optional(&p.model);
    let members = value(&p.swarm).and_then(|swarm| value(&swarm.agents)).unwrap_or_default();
    let reviewer = optional(&p.review).and_then(|review| optional(&review.agent));
    let involved = members.iter().filter_map(value).chain(reviewer);
    let mut models: BTreeMap<String, String> =
        involved.filter_map(|agent| Some((agent, all.clone()?))).collect();
    for (agent, _, model) in optional(&p.models).unwrap_or_default().0.iter() {
        models.insert(agent.to_owned(), model.clone());
    }
    models
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
        provider_max_attempts: retry
            .and_then(|r| optional(&r.max_attempts))
            .unwrap_or(defaults::PROVIDER_MAX_ATTEMPTS),
        provider_initial_delay: retry
            .and_then(|r| time(&r.initial_delay))
            .unwrap_or(defaults::PROVIDER_INITIAL_DELAY),
        provider_max_delay: retry
            .and_then(|r| time(&r.max_delay))
            .unwrap_or(defaults::PROVIDER_MAX_DELAY),
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
        revise_to: words(&g.revise_to),
        remind_after: time(&g.remind_after),
        expires_after: time(&g.expires_after),
        on_expiry: optional(&g.on_expiry).unwrap_or(defaults::ON_EXPIRY),
        escalate_to: optional(&g.escalate_to),
        approvers: g.approvers.as_ref().and_then(Written::get).map(approvers),
    }
}

fn approvers(a: &syntax::Approvers) -> Approvers {
    Approvers {
        groups: words(&a.groups),
        quorum: optional(&a.quorum).unwrap_or(defaults::QUORUM),
        not_own: optional(&a.not_own).unwrap_or(defaults::NOT_OWN),
    }
}

fn workflow(w: &syntax::WorkflowFile) -> Option<Workflow> {
    Some(Workflow {
        name: value(&w.workflow)?,
        description: optional(&w.description).unwrap_or_default(),
        phases: value(&w.phases)?.iter().map(value).collect::<Option<_>>()?,
        variant_of: w.of.clone(),
        after: words(&w.after),
        inputs: optional(&w.inputs).unwrap_or_default().0.iter().map(input).collect(),
        contact: optional(&w.contact),
        sow_headings: optional(&w.sow_headings).map(|h| headings(&h)).unwrap_or_default(),
        finalize: words(&w.finalize),
        budget: optional(&w.budget).and_then(|b| budget(&b)),
        patterns: optional(&w.patterns).map(|p| PatternRules {
            hold_out: optional(&p.hold_out).unwrap_or(defaults::HOLD_OUT),
            min_lower_bound: optional(&p.min_lower_bound),
        }),
    })
}

pub(crate) fn input((name, _, i): (&str, Span, &syntax::Input)) -> Input {
    Input {
        name: name.to_owned(),
        description: optional(&i.description).unwrap_or_default(),
        kind: optional(&i.kind).unwrap_or(defaults::INPUT_TYPE),
        default: optional(&i.default),
        choices: optional(&i.choices).iter().flatten().filter_map(value).collect(),
    }
}

fn headings(h: &syntax::SowHeadings) -> BTreeMap<String, Vec<String>> {
    let sections = [
        ("objectives", &h.objectives),
        ("requirements", &h.requirements),
        ("constraints", &h.constraints),
        ("deliverables", &h.deliverables),
        ("acceptance_criteria", &h.acceptance_criteria),
        ("timeline", &h.timeline),
    ];
    let sections = sections.map(|(name, headings)| (name.to_owned(), words(headings)));
    sections.into_iter().filter(|(_, headings)| !headings.is_empty()).collect()
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
    let read = |list: &Option<Written<Vec<Written<syntax::AgentBend>>>>| {
        optional(list).unwrap_or_default()
    };
    Some(Rehearsal {
        name: value(&r.rehearsal)?,
        description: optional(&r.description).unwrap_or_default(),
        workflow: optional(&r.workflow),
        sow: optional(&r.sow),
        inputs: optional(&r.inputs)
            .unwrap_or_default()
            .iter()
            .map(|(name, _, value)| (name.to_owned(), value.to_string()))
            .collect(),
        agents: read(&r.agents).iter().map(|b| agent_bend(b.get()?)).collect::<Option<_>>()?,
        reviews: optional(&r.reviews)
            .unwrap_or_default()
            .iter()
            .map(|b| review_bend(b.get()?))
            .collect::<Option<_>>()?,
        gates: optional(&r.gates)
            .unwrap_or_default()
            .iter()
            .map(|b| gate_bend(b.get()?))
            .collect::<Option<_>>()?,
        answers: optional(&r.answers)
            .unwrap_or_default()
            .iter()
            .map(|a| answer(a.get()?))
            .collect::<Option<_>>()?,
    })
}

fn agent_bend(b: &syntax::AgentBend) -> Option<AgentBend> {
    let bend = (optional(&b.asks).map(Bend::Asks))
        .or_else(|| optional(&b.loops_with).map(Bend::LoopsWith))
        .or_else(|| optional(&b.writes).map(Bend::Writes))
        .or_else(|| optional(&b.fails).map(Bend::Fails))
        .or_else(|| time(&b.takes).map(Bend::Takes))
        .or_else(|| optional(&b.forgets).map(Bend::Forgets))
        .or_else(|| {
            let rejection = optional(&b.rejects)?;
            let (path, finds) = (value(&rejection.path)?, value(&rejection.finds)?);
            Some(Bend::Rejects { path, finds })
        })?;
    Some(AgentBend {
        agent: value(&b.agent)?,
        phase: optional(&b.phase),
        times: optional(&b.times).unwrap_or(defaults::TIMES),
        bend,
    })
}

fn review_bend(b: &syntax::ReviewBend) -> Option<ReviewBend> {
    Some(ReviewBend {
        phase: value(&b.phase)?,
        finds: value(&b.finds)?,
        times: optional(&b.times).unwrap_or(defaults::TIMES),
    })
}

fn gate_bend(b: &syntax::GateBend) -> Option<GateBend> {
    let ratings = |given: &syntax::Entries<syntax::Stars>| {
        given.iter().map(|(name, _, stars)| (name.to_owned(), stars.0)).collect()
    };
    Some(GateBend {
        phase: value(&b.phase)?,
        approves: b.approves.as_ref().and_then(Written::get).map(ratings),
        revises: optional(&b.revises),
        to: optional(&b.to),
        silent_for: time(&b.silent_for),
    })
}

fn answer(a: &syntax::Answer) -> Option<Answer> {
    Some(Answer { question: value(&a.question)?, answer: value(&a.answer)? })
}
