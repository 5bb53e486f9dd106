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

/// What an engagement used, by phase, agent and model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Meter {
    lines: BTreeMap<(String, String, String), MeterLine>,
    open: Option<Reservation>,
}

impl Meter {
    /// All sums: phase, agent, model.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str, &str, &MeterLine)> {
        self.lines.iter().map(|((phase, agent, model), line)| (phase.as_str(), agent.as_str(), model.as_str(), line))
    }

    /// Input and output tokens of an agent, in all phases, uncertain ones included.
    pub fn tokens_of(&self, agent: &str) -> u64 {
        self.lines().filter(|(_, a, _, _)| *a == agent).map(|(_, _, _, l)| l.usage.counted() + l.uncertain_tokens).sum()
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
