//! Tokens and money by agent, phase and model.

use cloudcrew_ports::model::Usage;
use cloudcrew_runtime::engagement::{Engagement, MeterLine};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cost::lines;

/// What an engagement has cost.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProjectCost {
    /// Whether tokens are estimates, because no live model was called.
    pub estimated: bool,
    /// By phase, agent and model.
    pub lines: Vec<SpendingLine>,
    /// In total.
    pub total: Spending,
    /// Number of the journal entry that this shows.
    pub as_of: u64,
}

/// What an agent has cost in a phase.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpendingLine {
    /// The phase.
    pub phase: String,
    /// The agent.
    pub agent: String,
    /// The model.
    pub model: String,
    /// Tokens and money.
    #[serde(flatten)]
    pub spending: Spending,
}

/// Tokens and money.
#[derive(Debug, Serialize, ToSchema)]
pub struct Spending {
    /// Number of calls.
    pub calls: u32,
    /// Tokens read, without those from a cache.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens written to a cache.
    pub cache_write_tokens: u64,
    /// Millionths of a US dollar; absent when a price is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
    /// Number of calls whose price is unknown.
    pub unpriced_calls: u32,
    /// Number of calls with no recorded outcome; their upper bound counts.
    pub uncertain_calls: u32,
}

impl From<&MeterLine> for Spending {
    fn from(line: &MeterLine) -> Spending {
        let Usage { input_tokens, output_tokens, cache_read_tokens, cache_write_tokens } =
            line.usage;
        Spending {
            calls: line.calls,
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            micro_usd: (line.unpriced == 0).then_some(line.micro_usd),
            unpriced_calls: line.unpriced,
            uncertain_calls: line.uncertain,
        }
    }
}

impl ProjectCost {
    /// The cost of an engagement.
    pub fn new(e: &Engagement) -> ProjectCost {
        let line = |(phase, agent, model, line): (&str, &str, &str, &MeterLine)| SpendingLine {
            phase: phase.to_owned(),
            agent: agent.to_owned(),
            model: model.to_owned(),
            spending: line.into(),
        };
        ProjectCost {
            estimated: e.state.started.voice.is_rehearsal(),
            lines: lines(e).into_iter().map(line).collect(),
            total: Spending::from(&e.state.meter.total()),
            as_of: e.head.seq,
        }
    }
}
