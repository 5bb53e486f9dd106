//! Where the money went.

use std::collections::BTreeMap;

use cloudcrew_runtime::metrics::{LineTotal, Month, Spent};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Mean, Share, usd};
use crate::VERSION;

/// `metrics cost`: tokens and money by phase, agent and model, over all months.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct CostDocument {
    /// Always 1.
    pub version: u32,
    /// Whether these are engagements with live models, or else rehearsals and replays.
    pub live: bool,
    /// By workflow, phase, agent and model.
    pub lines: Vec<CostOf>,
    /// All of them, in millionths of a US dollar.
    pub micro_usd: u64,
}

/// An agent with a model in a phase.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct CostOf {
    /// The workflow.
    pub workflow: String,
    /// The phase.
    pub phase: String,
    /// The agent.
    pub agent: String,
    /// The model.
    pub model: String,
    /// Model calls.
    pub calls: u64,
    /// Tokens read and written.
    pub tokens: u64,
    /// Millionths of a US dollar, for the calls whose price is known.
    pub micro_usd: u64,
    /// Calls whose price is unknown.
    pub unpriced_calls: u64,
    /// US dollars per engagement.
    pub usd: Option<Mean>,
    /// Engagements in which the phase was approved without a change, of those decided by a person.
    pub first_time: Share,
}

/// Tokens and money over all months.
pub fn costs(months: &BTreeMap<String, Month>, live: bool) -> CostDocument {
    let mut all: BTreeMap<_, LineTotal> = BTreeMap::new();
    for (key, line) in months.values().flat_map(|month| &month.lines) {
        if key.0 == live {
            all.entry(key.clone()).or_default().add(line);
        }
    }
    let micro_usd = all.values().map(|line| line.spent.micro_usd).sum();
    let lines = all.into_iter().map(|((_, workflow, phase, agent, model), line)| {
        let Spent { calls, micro_usd, unpriced_calls, .. } = line.spent;
        CostOf {
            workflow,
            phase,
            agent,
            model,
            calls,
            tokens: line.spent.tokens(),
            micro_usd,
            unpriced_calls,
            usd: Mean::new(usd(micro_usd), line.engagements),
            first_time: Share::new(line.first_time, line.decided),
        }
    });
    CostDocument { version: VERSION, live, lines: lines.collect(), micro_usd }
}
