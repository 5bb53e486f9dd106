//! What the engagement used: reserved before a call, settled after it; never below what was really spent.

use std::collections::BTreeMap;

use cloudcrew_definition::crew::Price;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ports::model::Usage;

/// Tokens of a call and what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Charge {
    /// Tokens.
    pub usage: Usage,
    /// Millionths of a US dollar; absent when the price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
}

impl Charge {
    /// What `usage` costs, rounded up.
    pub fn of(usage: Usage, price: Option<Price>) -> Charge {
        let micro = |p: Price| {
            let dollars = usage.input_tokens as f64 * p.input
                + usage.output_tokens as f64 * p.output
                + usage.cache_read_tokens as f64 * p.cache_read
                + usage.cache_write_tokens as f64 * p.cache_write;
            dollars.ceil() as u64
        };
        Charge { usage, micro_usd: price.map(micro) }
    }

    /// What a call that reads and writes so many tokens costs at most: what is written to a prompt cache costs more than what is
    /// only read.
    pub fn at_most(usage: Usage, price: Option<Price>) -> Charge {
        Charge::of(usage, price.map(|p| Price { input: p.input.max(p.cache_write).max(p.cache_read), ..p }))
    }
}

/// Sums of one agent in one phase with one model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeterLine {
    /// Calls that were made.
    pub calls: u32,
    /// What the provider reported.
    pub usage: Usage,
    /// Millionths of a US dollar where the price is known.
    pub micro_usd: u64,
    /// Calls whose price is unknown.
    pub unpriced: u32,
    /// Calls of which nothing was reported; their reservations are counted here and in `micro_usd`.
    pub uncertain: u32,
    /// Upper bound of the tokens of those calls.
    pub uncertain_tokens: u64,
}

/// A call that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reservation {
    pub step: String,
    pub key: (String, String, String),
    pub reserved: Charge,
}

/// How long the conversation of a visit got, in tokens read by the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VisitContext {
    /// Which swarm: `discovery.1`.
    pub swarm: String,
    /// The visit, from 1.
    pub visit: u32,
    /// Who.
    pub agent: String,
    /// Calls that were answered.
    pub calls: u32,
    /// Tokens of the first.
    pub first: u64,
    /// Tokens of the last.
    pub last: u64,
    /// Most tokens of any.
    pub most: u64,
}

/// What an engagement used, by phase, agent and model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Meter {
    lines: BTreeMap<(String, String, String), MeterLine>,
    open: Option<Reservation>,
    contexts: Vec<VisitContext>,
}

impl Meter {
    /// All sums: phase, agent, model.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str, &str, &MeterLine)> {
        self.lines.iter().map(|((phase, agent, model), line)| (phase.as_str(), agent.as_str(), model.as_str(), line))
    }

    /// How long conversations got, visit by visit.
    pub fn contexts(&self) -> &[VisitContext] {
        &self.contexts
    }

    /// What counts against a budget: tokens and millionths of a US dollar of the phases and agents that `counts` takes, uncertain
    /// ones included.
    pub fn against(&self, counts: impl Fn(&str, &str) -> bool) -> (u64, u64) {
        let lines = self.lines().filter(|(phase, agent, ..)| counts(phase, agent));
        lines.fold((0, 0), |(tokens, money): (u64, u64), (_, _, _, line)| {
            let counted = line.usage.counted().saturating_add(line.uncertain_tokens);
            (tokens.saturating_add(counted), money.saturating_add(line.micro_usd))
        })
    }

    /// Calls of an agent in a phase.
    pub fn calls(&self, phase: &str, agent: &str) -> u32 {
        self.lines().filter(|(p, a, _, _)| *p == phase && *a == agent).map(|(_, _, _, l)| l.calls).sum()
    }

    /// Everything together.
    pub fn total(&self) -> MeterLine {
        self.sum(|_| true)
    }

    /// Everything of one phase.
    pub fn of_phase(&self, phase: &str) -> MeterLine {
        self.sum(|of| of == phase)
    }

    fn sum(&self, counts: impl Fn(&str) -> bool) -> MeterLine {
        let mut total = MeterLine::default();
        for (_, _, _, line) in self.lines().filter(|(phase, ..)| counts(phase)) {
            total.calls = total.calls.saturating_add(line.calls);
            total.usage += line.usage;
            total.micro_usd = total.micro_usd.saturating_add(line.micro_usd);
            total.unpriced = total.unpriced.saturating_add(line.unpriced);
            total.uncertain = total.uncertain.saturating_add(line.uncertain);
            total.uncertain_tokens = total.uncertain_tokens.saturating_add(line.uncertain_tokens);
        }
        total
    }

    /// A call of the swarm's last visit was answered.
    pub(super) fn note_context(&mut self, swarm: &str, visits: &[String], usage: Usage) {
        let read = usage.input_tokens.saturating_add(usage.cache_read_tokens).saturating_add(usage.cache_write_tokens);
        let (Some(agent), visit) = (visits.last(), visits.len() as u32) else { return };
        if read == 0 {
            return;
        }
        match self.contexts.last_mut().filter(|c| c.swarm == swarm && c.visit == visit) {
            Some(context) => {
                context.calls += 1;
                context.last = read;
                context.most = context.most.max(read);
            }
            None => {
                let (swarm, agent) = (swarm.to_owned(), agent.clone());
                self.contexts.push(VisitContext { swarm, visit, agent, calls: 1, first: read, last: read, most: read });
            }
        }
    }

    /// Step of the call that is under way.
    pub(super) fn open_step(&self) -> Option<&str> {
        self.open.as_ref().map(|r| r.step.as_str())
    }

    pub(super) fn reserve(&mut self, phase: &str, agent: &str, model: &str, step: &str, reserved: Charge) {
        let key = (phase.to_owned(), agent.to_owned(), model.to_owned());
        self.lose();
        self.open = Some(Reservation { step: step.to_owned(), key, reserved });
    }

    /// The call that was under way will never be heard of: its reservation stays charged.
    pub(super) fn lose(&mut self) {
        let Some(lost) = self.open.take() else { return };
        let line = self.lines.entry(lost.key).or_default();
        line.calls += 1;
        line.uncertain += 1;
        line.uncertain_tokens = line.uncertain_tokens.saturating_add(lost.reserved.usage.counted());
        line.micro_usd = line.micro_usd.saturating_add(lost.reserved.micro_usd.unwrap_or(0));
        line.unpriced = line.unpriced.saturating_add(u32::from(lost.reserved.micro_usd.is_none()));
    }

    /// The call that was under way cost this.
    pub(super) fn settle(&mut self, charge: Option<Charge>) {
        let Some(charge) = charge else { return self.lose() };
        let Some(reservation) = self.open.take() else { return };
        let line = self.lines.entry(reservation.key).or_default();
        line.calls += 1;
        line.usage += charge.usage;
        line.micro_usd = line.micro_usd.saturating_add(charge.micro_usd.unwrap_or(0));
        line.unpriced = line.unpriced.saturating_add(u32::from(charge.micro_usd.is_none()));
    }
}
