//! `cost`: usage and cost.

use cloudcrew_ports::model::Usage;
use cloudcrew_runtime::engagement::{Engagement, MeterLine, VisitContext};
use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;

/// `cost`: usage and cost.
#[derive(Serialize, JsonSchema)]
pub struct Cost {
    /// Always 1.
    pub version: u32,
    /// Whether tokens are estimates because no live model was called.
    pub estimated: bool,
    /// Usage by phase, agent and model.
    pub lines: Vec<CostLine>,
    /// Total usage.
    pub total: Spent,
    /// The length of each visit's conversation.
    pub contexts: Vec<VisitContext>,
}

/// Usage of an agent in a phase.
#[derive(Serialize, JsonSchema)]
pub struct CostLine {
    /// The phase.
    pub phase: String,
    /// The agent.
    pub agent: String,
    /// The model.
    pub model: String,
    /// The usage.
    #[serde(flatten)]
    pub spent: Spent,
}

/// Usage and its cost.
#[derive(Serialize, JsonSchema)]
pub struct Spent {
    /// Number of calls.
    pub calls: u32,
    /// Tokens that the provider reported.
    pub usage: Usage,
    /// US dollars; absent when a price is unknown.
    pub usd: Option<f64>,
    /// Number of calls whose price is unknown.
    pub unpriced_calls: u32,
    /// Number of calls with no recorded outcome; their upper bound counts.
    pub uncertain_calls: u32,
    /// Upper bound of the tokens of calls with no recorded outcome.
    pub uncertain_tokens: u64,
}

impl From<&MeterLine> for Spent {
    fn from(line: &MeterLine) -> Spent {
        Spent {
            calls: line.calls,
            usage: line.usage,
            usd: usd(line),
            unpriced_calls: line.unpriced,
            uncertain_calls: line.uncertain,
            uncertain_tokens: line.uncertain_tokens,
        }
    }
}

/// Cost of a line in US dollars, when all prices are known.
pub fn usd(line: &MeterLine) -> Option<f64> {
    (line.unpriced == 0).then_some(line.micro_usd as f64 / 1e6)
}

/// What each agent used in each phase with each model, in the order of the phases; what belongs to
/// no phase comes last.
pub fn lines(engagement: &Engagement) -> Vec<(&str, &str, &str, &MeterLine)> {
    let state = &engagement.state;
    let place = |phase: &str| {
        let entries = &state.plan().entries;
        entries.iter().position(|(name, _)| name == phase).unwrap_or(entries.len())
    };
    let mut lines: Vec<_> = state.meter.lines().collect();
    lines.sort_by_key(|(phase, ..)| place(phase));
    lines
}

impl Cost {
    /// The cost of an engagement.
    pub fn new(engagement: &Engagement) -> Cost {
        let meter = &engagement.state.meter;
        let line = |(phase, agent, model, line): (&str, &str, &str, &MeterLine)| CostLine {
            phase: phase.to_owned(),
            agent: agent.to_owned(),
            model: model.to_owned(),
            spent: line.into(),
        };
        Cost {
            version: VERSION,
            estimated: engagement.state.started.voice.is_rehearsal(),
            lines: lines(engagement).into_iter().map(line).collect(),
            total: Spent::from(&meter.total()),
            contexts: meter.contexts().to_vec(),
        }
    }
}
