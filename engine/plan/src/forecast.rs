//! Forecasts a workflow: turns, tokens, time and money as ranges, from the definitions alone.
//!
//! The low end is a crew that does only what it must. The high end takes detours and is sent back
//! once in every phase, by a review or by the customer. The maximum that the limits allow is listed
//! separately. Every assumed figure is an [`Assumption`], so that a reader can disagree.

use std::fmt;
use std::time::Duration;

use cloudcrew_definition::crew::{Agent, Definition, Phase, Price, Workflow};
use cloudcrew_definition::syntax::written;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::runs::most_runs;
use crate::visits::least_visits;

/// An expected range.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Range {
    /// Minimum.
    pub low: u64,
    /// Maximum.
    pub high: u64,
}

impl Range {
    fn new(low: u64, high: u64) -> Range {
        Range { low, high: high.max(low) }
    }

    /// Formats both ends; one if they are equal.
    pub fn show(self, show: impl Fn(u64) -> String) -> String {
        let (low, high) = (show(self.low), show(self.high));
        if low == high { low } else { format!("{low} to {high}") }
    }

    fn plus(self, other: Range) -> Range {
        Range {
            low: self.low.saturating_add(other.low),
            high: self.high.saturating_add(other.high),
        }
    }
}

/// An estimate of some part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Model replies.
    pub turns: Range,
    /// Tokens that models read.
    pub input_tokens: Range,
    /// Tokens that models write.
    pub output_tokens: Range,
    /// Seconds of active work, without waits for people.
    pub seconds: Range,
    /// Millionths of a US dollar without any caching; absent if a price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<Range>,
}

impl Default for Estimate {
    fn default() -> Estimate {
        let zero = Range::default();
        Estimate {
            turns: zero,
            input_tokens: zero,
            output_tokens: zero,
            seconds: zero,
            micro_usd: Some(zero),
        }
    }
}

impl Estimate {
    /// The sum of both.
    pub fn plus(self, other: &Estimate) -> Estimate {
        Estimate {
            turns: self.turns.plus(other.turns),
            input_tokens: self.input_tokens.plus(other.input_tokens),
            output_tokens: self.output_tokens.plus(other.output_tokens),
            seconds: self.seconds.plus(other.seconds),
            micro_usd: self.micro_usd.zip(other.micro_usd).map(|(a, b)| a.plus(b)),
        }
    }

    /// Tokens read and written.
    pub fn tokens(&self) -> Range {
        self.input_tokens.plus(self.output_tokens)
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let money = self.micro_usd.map_or_else(|| "price unknown".to_owned(), |m| m.show(dollars));
        // Above two minutes, whole minutes are precise enough.
        let rounded = |seconds: u64| if seconds < 120 { seconds } else { seconds / 60 * 60 };
        let time = self.seconds.show(|s| written(Duration::from_secs(rounded(s))));
        write!(
            f,
            "{} turns · {} tokens · {money} · {time}",
            self.turns.show(number),
            self.tokens().show(number)
        )
    }
}

/// A number in a few digits: 4600, 230k, 1.2M.
pub fn number(n: u64) -> String {
    match n {
        0..=9_999 => n.to_string(),
        10_000..=999_999 => format!("{}k", n / 1000),
        _ => format!("{:.1}M", n as f64 / 1e6),
    }
}

/// Millionths of a US dollar as dollars and cents.
pub fn dollars(micro: u64) -> String {
    format!("${:.2}", micro as f64 / 1e6)
}

/// The forecast of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseForecast {
    /// Name of the phase.
    pub phase: String,
    /// Visits of one swarm.
    pub visits: Range,
    /// Swarms: the first, and those after a review or the customer sent the work back.
    pub swarms: Range,
    /// Total of the phase.
    pub estimate: Estimate,
    /// Estimate per agent.
    pub agents: Vec<(String, Estimate)>,
    /// Maximum active seconds that the limits allow, with every retry, rework, revision and
    /// incomplete delivery.
    pub most_seconds: u64,
}

/// The forecast of a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Forecast {
    /// Forecast per phase.
    pub phases: Vec<PhaseForecast>,
    /// Total of all phases.
    pub total: Estimate,
    /// The assumptions.
    pub assumptions: Vec<Assumption>,
}

impl Forecast {
    /// Total of an agent in all phases.
    pub fn agent(&self, name: &str) -> Estimate {
        let its = self.phases.iter().flat_map(|p| &p.agents).filter(|(agent, _)| agent == name);
        its.fold(Estimate::default(), |sum, (_, estimate)| sum.plus(estimate))
    }
}

/// A figure that the definitions do not contain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assumption {
    /// What it describes.
    pub what: String,
    /// Its range.
    pub range: Range,
}

/// Replies of one visit: reading, working, handing off.
const TURNS: Range = Range { low: 2, high: 6 };
/// Replies of a review.
const REVIEW_TURNS: Range = Range { low: 3, high: 6 };
/// Tokens that each earlier reply of a visit, with its results, adds to the input.
const GROWTH: Range = Range { low: 100, high: 1000 };
/// Tokens of one reply that is not an artifact.
const REPLY: Range = Range { low: 10, high: 300 };
/// Tokens of a written artifact.
const ARTIFACT: Range = Range { low: 150, high: 3000 };
/// Tokens of a statement of work, which every task includes.
const STATEMENT: Range = Range { low: 300, high: 5000 };
/// Tokens that describe one tool.
const TOOL: Range = Range { low: 60, high: 250 };
/// Seconds of one reply.
const SECONDS: Range = Range { low: 2, high: 20 };
/// Bytes per token of English text, for estimates.
pub const BYTES_PER_TOKEN: u64 = 4;

fn assumptions() -> Vec<Assumption> {
    let one = |what: &str, range| Assumption { what: what.to_owned(), range };
    vec![
        one("replies per visit", TURNS),
        one("replies per review", REVIEW_TURNS),
        one("tokens that each turn adds to the context", GROWTH),
        one("tokens per reply", REPLY),
        one("tokens per artifact", ARTIFACT),
        one("tokens per tool description", TOOL),
        one("seconds per reply", SECONDS),
        one("tokens of the statement of work", STATEMENT),
        one("times that a phase is sent back", Range::new(0, 1)),
    ]
}

/// The forecast of a workflow of the definition.
pub fn forecast(definition: &Definition, workflow: &Workflow) -> Forecast {
    let phases: Vec<PhaseForecast> = workflow
        .phases
        .iter()
        .filter_map(|name| definition.phase(name))
        .map(|phase| estimated(definition, phase, most_runs(definition, workflow, phase)))
        .collect();
    let total = phases.iter().fold(Estimate::default(), |sum, phase| sum.plus(&phase.estimate));
    Forecast { phases, total, assumptions: assumptions() }
}

/// The forecast of one phase of the definition.
pub fn of_phase(definition: &Definition, phase: &Phase) -> PhaseForecast {
    let revisions = phase.gate.as_ref().map_or(0, |gate| u64::from(gate.max_revisions));
    estimated(definition, phase, 1 + revisions)
}

/// The forecast of a phase that may run so many times.
fn estimated(definition: &Definition, phase: &Phase, runs: u64) -> PhaseForecast {
    let least = least_visits(phase);
    let limit = u64::from(phase.swarm.max_iterations.min(phase.swarm.max_handoffs)).max(1);
    let visits = Range::new(least.min(limit), (least + least.div_ceil(2)).min(limit));
    let reworks = phase.review.as_ref().is_some_and(|r| r.max_reworks > 0);
    let swarms = Range::new(1, 1 + u64::from(reworks || runs > 1));
    let mut agents: Vec<(String, Estimate)> = Vec::new();
    let cast = |name: &String| Some(phase.cast(definition.agent(name)?));
    for agent in phase.swarm.agents.iter().filter_map(cast) {
        agents.push((agent.name.clone(), member(definition, phase, &agent, visits, swarms)));
    }
    if let Some(agent) = phase.review.as_ref().and_then(|r| cast(&r.agent)) {
        let estimate = reviewer(definition, phase, &agent, swarms);
        match agents.iter_mut().find(|(name, _)| *name == agent.name) {
            Some((_, there)) => *there = there.plus(&estimate),
            None => agents.push((agent.name.clone(), estimate)),
        }
    }
    let mut estimate = agents.iter().fold(Estimate::default(), |sum, (_, e)| sum.plus(e));
    let most_seconds = most_seconds(phase, runs);
    estimate.seconds =
        Range::new(estimate.seconds.low.min(most_seconds), estimate.seconds.high.min(most_seconds));
    PhaseForecast { phase: phase.name.clone(), visits, swarms, estimate, agents, most_seconds }
}

/// Estimate of a member: at least one visit per piece of work, at most as many as the swarm allows.
fn member(
    definition: &Definition,
    phase: &Phase,
    agent: &Agent,
    visits: Range,
    swarms: Range,
) -> Estimate {
    let owned = phase.deliverables.iter().filter(|d| d.owner == agent.name).count() as u64;
    let reviews =
        phase.deliverables.iter().filter(|d| d.reviewers.contains(&agent.name)).count() as u64;
    let needed = u64::from(owned + reviews > 0 || phase.swarm.entry == agent.name);
    let share = visits.high.div_ceil(phase.swarm.agents.len().max(1) as u64).max(1);
    let times = Range::new(needed * swarms.low, share * swarms.high);
    let most = u64::from(phase.swarm.max_turns);
    let turns = Range::new(TURNS.low.min(most), (TURNS.high + owned + reviews).min(most));
    let artifacts = Range::new(owned, owned * swarms.high);
    let recalled = phase.recall.map_or(0, |recall| u64::from(recall.tokens));
    let most = known_tokens(phase, agent, true) + recalled;
    let asked = Range::new(known_tokens(phase, agent, false), most);
    work(definition, agent, times, turns, asked, artifacts)
}

fn reviewer(definition: &Definition, phase: &Phase, agent: &Agent, swarms: Range) -> Estimate {
    let read = phase.deliverables.len() as u64;
    let asked = Range::new(
        known_tokens(phase, agent, false),
        known_tokens(phase, agent, true) + read * ARTIFACT.high,
    );
    work(
        definition,
        agent,
        swarms,
        Range::new(REVIEW_TURNS.low, REVIEW_TURNS.high + read),
        asked,
        Range::new(0, 1),
    )
}

/// `times` visits of `turns` replies, each of which reads `asked` tokens and what the visit added
/// so far.
fn work(
    definition: &Definition,
    agent: &Agent,
    times: Range,
    turns: Range,
    asked: Range,
    artifacts: Range,
) -> Estimate {
    let grown = |turns: u64, growth: u64| turns * turns.saturating_sub(1) / 2 * growth;
    let input = Range::new(
        times.low * (turns.low * asked.low + grown(turns.low, GROWTH.low)),
        times.high * (turns.high * asked.high + grown(turns.high, GROWTH.high)),
    );
    let replies = Range::new(times.low * turns.low, times.high * turns.high);
    let output = Range::new(
        replies.low * REPLY.low + artifacts.low * ARTIFACT.low,
        replies.high * REPLY.high + artifacts.high * ARTIFACT.high,
    );
    let price = definition.model(&agent.model).and_then(|m| m.price);
    Estimate {
        turns: replies,
        input_tokens: input,
        output_tokens: output,
        seconds: Range::new(replies.low * SECONDS.low, replies.high * SECONDS.high),
        micro_usd: price.map(|p| {
            Range::new(money(p, input.low, output.low), money(p, input.high, output.high))
        }),
    }
}

fn money(price: Price, input: u64, output: u64) -> u64 {
    (input as f64 * price.input + output as f64 * price.output).ceil() as u64
}

/// Tokens in every request of a visit: prompt, task with the statement of work, tools, and at most
/// one artifact that is handed over.
fn known_tokens(phase: &Phase, agent: &Agent, most: bool) -> u64 {
    let text = (agent.prompt.len() + phase.task.len()) as u64 / BYTES_PER_TOKEN;
    let tools = agent.tools.len() as u64;
    if most {
        text + tools * TOOL.high + STATEMENT.high + ARTIFACT.high
    } else {
        text / 2 + tools * TOOL.low + STATEMENT.low
    }
}

/// Maximum active time: each swarm to its end, as often as the limits allow.
fn most_seconds(phase: &Phase, runs: u64) -> u64 {
    let retries = i32::try_from(phase.retry.max_attempts).unwrap_or(i32::MAX);
    let one = phase.swarm.execution_timeout.as_secs_f64();
    let with_retries: f64 =
        (0..=retries.min(20)).map(|n| one * phase.retry.timeout_factor.powi(n)).sum();
    let reworks = phase.review.as_ref().map_or(0, |r| r.max_reworks);
    let deliveries = if phase.deliverables.is_empty() { 0 } else { phase.max_deliveries };
    let times = f64::from(1 + deliveries) * f64::from(1 + reworks) * runs as f64;
    Duration::try_from_secs_f64(with_retries * times).map_or(u64::MAX, |d| d.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ranges_low_end_never_exceeds_its_high_end() {
        assert_eq!(Range::new(5, 3), Range { low: 5, high: 5 });
    }

    #[test]
    fn an_unknown_price_makes_the_sum_unknown() {
        let unknown = Estimate { micro_usd: None, ..Estimate::default() };
        assert_eq!(Estimate::default().plus(&unknown).micro_usd, None);
    }
}
