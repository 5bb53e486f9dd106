//! `cost`: what was used and what it costs.

use cloudcrew_ports::model::Usage;
use cloudcrew_runtime::engagement::{Engagement, MeterLine, VisitContext};
use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;

/// `cost`: what was used and what it costs.
#[derive(Serialize, JsonSchema)]
pub struct Cost {
    /// Always 1.
    pub version: u32,
    /// Whether tokens are estimates: no live model was called.
    pub estimated: bool,
    /// By phase, agent and model.
    pub lines: Vec<CostLine>,
    /// All of them together.
    pub total: Spent,
    /// How long conversations got, visit by visit.
    pub contexts: Vec<VisitContext>,
}

/// What an agent used in a phase.
#[derive(Serialize, JsonSchema)]
pub struct CostLine {
    /// The phase.
    pub phase: String,
    /// The agent.
    pub agent: String,
    /// The model.
    pub model: String,
    /// How much.
    #[serde(flatten)]
    pub spent: Spent,
}

/// What was used.
#[derive(Serialize, JsonSchema)]
pub struct Spent {
    /// Calls that were made.
    pub calls: u32,
    /// Tokens that were reported.
    pub usage: Usage,
    /// US dollars; absent when a price is unknown.
    pub usd: Option<f64>,
    /// Calls whose price is unknown.
    pub unpriced_calls: u32,
    /// Calls of which nothing was reported; their upper bound counts.
    pub uncertain_calls: u32,
    /// Upper bound of their tokens.
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

/// US dollars of a line, when all prices are known.
pub fn usd(line: &MeterLine) -> Option<f64> {
    (line.unpriced == 0).then_some(line.micro_usd as f64 / 1e6)
}

impl Cost {
    /// Of an engagement.
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
            lines: meter.lines().map(line).collect(),
            total: Spent::from(&meter.total()),
            contexts: meter.contexts().to_vec(),
        }
    }
}
