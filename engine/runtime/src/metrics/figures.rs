//! The figures of one engagement.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::digest::sha256;

use crate::engagement::{
    CONVERSATION, Decision, EndReason, Engagement, MeterLine, Request, RequestKind, is_persons,
};

/// Tokens and money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spent {
    /// Model calls.
    pub calls: u64,
    /// Tokens read that were not cached.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens written to a cache.
    pub cache_write_tokens: u64,
    /// Millionths of a US dollar, for the calls whose price is known.
    pub micro_usd: u64,
    /// Calls whose price is unknown.
    pub unpriced_calls: u64,
    /// Calls without a recorded outcome; their upper bound is part of `micro_usd`.
    pub uncertain_calls: u64,
}

impl Spent {
    /// What a line of the meter says.
    pub fn of(line: &MeterLine) -> Spent {
        Spent {
            calls: line.calls.into(),
            input_tokens: line.usage.input_tokens,
            output_tokens: line.usage.output_tokens,
            cache_read_tokens: line.usage.cache_read_tokens,
            cache_write_tokens: line.usage.cache_write_tokens,
            micro_usd: line.micro_usd,
            unpriced_calls: line.unpriced.into(),
            uncertain_calls: line.uncertain.into(),
        }
    }

    /// Adds another.
    pub fn add(&mut self, other: &Spent) {
        let pairs = [
            (&mut self.calls, other.calls),
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.cache_read_tokens, other.cache_read_tokens),
            (&mut self.cache_write_tokens, other.cache_write_tokens),
            (&mut self.micro_usd, other.micro_usd),
            (&mut self.unpriced_calls, other.unpriced_calls),
            (&mut self.uncertain_calls, other.uncertain_calls),
        ];
        for (mine, theirs) in pairs {
            *mine = mine.saturating_add(theirs);
        }
    }

    /// Tokens read and written.
    pub fn tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_read_tokens)
            .saturating_add(self.cache_write_tokens)
            .saturating_add(self.output_tokens)
    }
}

/// An engagement in figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Always 1.
    pub version: u32,
    /// The engagement.
    pub project: String,
    /// Who owns it.
    pub owner: String,
    /// Its workflow.
    pub workflow: String,
    /// Digest of its definitions.
    pub definition: String,
    /// Digest of the prices in them.
    pub prices: String,
    /// Whether live models took part. Rehearsals and replays are counted apart.
    pub live: bool,
    /// When it began, milliseconds since 1970 UTC.
    pub began: i64,
    /// When it last changed, milliseconds since 1970 UTC.
    pub ended: i64,
    /// How it ended; absent while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EndReason>,
    /// All tokens and money.
    pub spent: Spent,
    /// Active time of all swarms, in milliseconds.
    pub working_ms: u64,
    /// Time for which requests waited for people, in milliseconds.
    pub waiting_ms: u64,
    /// Its phases, in order; what belongs to none of them, under the name `(conversation)`.
    pub phases: Vec<PhaseFigures>,
    /// What people answered to the survey.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surveys: Vec<SurveyFigures>,
    /// Number of the last journal entry that is taken into account.
    pub through_seq: u64,
}

/// A phase in figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseFigures {
    /// Its name.
    pub phase: String,
    /// Runs: the first, and one for each time that it ran again for the customer.
    pub runs: u32,
    /// How often a person asked for changes to it, at its gate or at a later one. Absent in older
    /// items, where it is one less than the runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revisions: Option<u32>,
    /// Swarms that worked.
    pub swarms: u32,
    /// How often its review sent it back.
    pub reworks: u32,
    /// How often it started again after a limit or a failure.
    pub retries: u32,
    /// How often it was sent back because something was missing.
    pub returns: u32,
    /// Handoffs between agents.
    pub handoffs: u32,
    /// By how many tokens a visit's first call was longer than that of the visit before, on
    /// average; absent without handoffs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth_per_handoff: Option<i64>,
    /// Active time, in milliseconds.
    pub working_ms: u64,
    /// Time for which requests waited for people, in milliseconds.
    pub waiting_ms: u64,
    /// The decision at its gate; absent without a gate or before a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateFigures>,
    /// The ratings of the last decision, each 1 to 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ratings: Vec<(String, u8)>,
    /// Scores of its deliverables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// Tokens and money.
    pub spent: Spent,
    /// Its agents, by name and model.
    pub agents: Vec<AgentFigures>,
}

/// How a gate was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateFigures {
    /// Whether the phase is approved.
    pub approved: bool,
    /// Whether a person decided, and not `--approve all` or a deadline.
    pub by_person: bool,
    /// Whether no change was asked for.
    pub first_time: bool,
}

/// What a crew's tester thinks of a deliverable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// Path of the deliverable.
    pub path: String,
    /// 1 to 5.
    pub score: u8,
}

/// An agent of a phase in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentFigures {
    /// Its name.
    pub agent: String,
    /// Its model.
    pub model: String,
    /// Tokens and money.
    pub spent: Spent,
    /// Visits; counted under the first of its models.
    pub visits: u32,
    /// Model replies; counted under the first of its models.
    pub turns: u32,
    /// Tool results; counted under the first of its models.
    pub tools: u32,
    /// Active time in milliseconds; counted under the first of its models.
    pub working_ms: u64,
}

/// How a person rated the engagement. What the person says is in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SurveyFigures {
    /// The person.
    pub actor: String,
    /// Ratings by question, each 1 to 5.
    pub ratings: Vec<(String, u8)>,
}

impl Summary {
    /// The figures of an engagement. `end` is how it ends, where that is decided and not yet on
    /// record.
    pub fn of(e: &Engagement, end: Option<EndReason>) -> Summary {
        let state = &e.state;
        let entries = state.plan().entries.iter().map(|(name, _)| name.as_str());
        let named = entries.filter(|name| state.progress(name).revision > 0);
        let mut phases: Vec<PhaseFigures> = named.map(|name| phase(e, name)).collect();
        if state.meter.lines().any(|(of, ..)| of == CONVERSATION) {
            phases.push(phase(e, CONVERSATION));
        }
        let surveys = state.surveys.values().map(|survey| SurveyFigures {
            actor: survey.actor.clone(),
            ratings: survey.ratings.clone(),
        });
        Summary {
            version: 1,
            project: e.project.clone(),
            owner: state.started.owner.clone(),
            workflow: state.started.workflow.clone(),
            definition: state.started.definition.clone(),
            prices: prices(&e.definition),
            live: state.started.voice.is_live(),
            began: state.times.0,
            ended: state.times.1,
            end: state.end.as_ref().map(|end| end.kind).or(end),
            spent: Spent::of(&state.meter.total()),
            working_ms: phases.iter().map(|phase| phase.working_ms).sum(),
            waiting_ms: phases.iter().map(|phase| phase.waiting_ms).sum(),
            phases,
            surveys: surveys.collect(),
            through_seq: e.head.seq,
        }
    }
}

fn prices(definition: &Definition) -> String {
    let prices: Vec<_> = definition.models.iter().map(|m| (&m.name, &m.price)).collect();
    sha256(serde_json::to_string(&prices).unwrap_or_default())
}

/// The figures of a phase.
pub(super) fn phase(e: &Engagement, name: &str) -> PhaseFigures {
    let state = &e.state;
    let progress = state.progress(name);
    let course = state.figures.phases.get(name).copied().unwrap_or_default();
    let requests = state.requests.iter().filter(|request| request.phase == name);
    let waited = requests.filter_map(|r| u64::try_from(r.answered?.saturating_sub(r.opened)).ok());
    let mut agents: Vec<AgentFigures> = Vec::new();
    let mut spent = Spent::default();
    for (_, agent, model, line) in state.meter.lines().filter(|(of, ..)| *of == name) {
        let line = Spent::of(line);
        spent.add(&line);
        let first = !agents.iter().any(|there| there.agent == agent);
        let key = (name.to_owned(), agent.to_owned());
        let worked = state.figures.work.get(&key).copied().filter(|_| first).unwrap_or_default();
        match agents.iter_mut().find(|there| there.agent == agent && there.model == model) {
            // A call under way has a line of its own.
            Some(there) => there.spent.add(&line),
            None => agents.push(AgentFigures {
                agent: agent.to_owned(),
                model: model.to_owned(),
                spent: line,
                visits: worked.visits,
                turns: worked.turns,
                tools: worked.tools,
                working_ms: worked.active_ms,
            }),
        }
    }
    let work = state.figures.work.iter().filter(|((of, _), _)| of == name);
    let owed = e.definition.phase(name).map(|phase| phase.deliverables.as_slice());
    let paths = owed.unwrap_or_default().iter().map(|deliverable| &deliverable.path);
    let scores = paths.filter_map(|path| {
        let score = state.scores.get(path)?;
        Some(Score { path: path.clone(), score: score.score })
    });
    PhaseFigures {
        phase: name.to_owned(),
        runs: progress.revision,
        revisions: Some(
            state.requests.iter().filter(|one| one.sends_back() == Some(name)).count() as u32
        ),
        swarms: progress.swarms,
        reworks: course.reworks,
        retries: course.retries,
        returns: course.returns,
        handoffs: state.handoffs.iter().filter(|(of, ..)| of == name).count() as u32,
        growth_per_handoff: growth(e, name),
        working_ms: work.map(|(_, worked)| worked.active_ms).sum(),
        waiting_ms: waited.sum(),
        gate: gate(e, name),
        ratings: progress.ratings,
        scores: scores.collect(),
        spent,
        agents,
    }
}

/// By how much conversations grow from one visit of a swarm to the next.
fn growth(e: &Engagement, phase: &str) -> Option<i64> {
    let of = |swarm: &str| {
        let rest = swarm.strip_prefix(phase).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let pairs = e.state.meter.contexts().windows(2);
    let steps: Vec<i64> = pairs
        .filter(|pair| pair[0].swarm == pair[1].swarm && of(&pair[0].swarm))
        .map(|pair| pair[1].first as i64 - pair[0].first as i64)
        .collect();
    let count = i64::try_from(steps.len()).ok().filter(|count| *count > 0)?;
    Some(steps.iter().sum::<i64>() / count)
}

/// How the gate of a phase was decided.
fn gate(e: &Engagement, phase: &str) -> Option<GateFigures> {
    let state = &e.state;
    let decided = |request: &&Request| {
        request.phase == phase
            && matches!(request.kind, RequestKind::Approval { .. })
            && request.answer.is_some()
    };
    let requests: Vec<&Request> = state.requests.iter().filter(decided).collect();
    let answer = requests.last()?.answer.as_ref()?;
    let revised = state.requests.iter().any(|request| request.sends_back() == Some(phase));
    let approved = matches!(answer.decision, Decision::Approve { .. });
    Some(GateFigures {
        approved,
        by_person: is_persons(answer, &state.started.voice),
        first_time: approved && !revised,
    })
}
