//! What an engagement used. A cost is reserved before a call and settled after it, so the total is
//! never too low.

use std::collections::BTreeMap;

use cloudcrew_definition::crew::Price;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use cloudcrew_ports::model::{Billing, Usage};

/// The tokens of a call and their cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Charge {
    /// The tokens.
    pub usage: Usage,
    /// Millionths of a US dollar; absent when the price is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micro_usd: Option<u64>,
}

impl Charge {
    /// The cost of `usage`, rounded up.
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

    /// The maximum cost of a call with this usage: writing to a prompt cache may cost more than
    /// reading.
    pub fn at_most(usage: Usage, price: Option<Price>) -> Charge {
        Charge::of(
            usage,
            price.map(|p| Price { input: p.input.max(p.cache_write).max(p.cache_read), ..p }),
        )
    }
}

/// Totals of one agent in one phase with one model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeterLine {
    /// Number of calls.
    pub calls: u32,
    /// Tokens that the provider reported.
    pub usage: Usage,
    /// Cost of the calls whose price is known, in millionths of a US dollar.
    pub micro_usd: u64,
    /// Number of calls whose price is unknown.
    pub unpriced: u32,
    /// Number of calls with no recorded outcome. Their reservations count in `micro_usd`.
    pub uncertain: u32,
    /// Upper bound of the tokens of calls with no recorded outcome.
    pub uncertain_tokens: u64,
}

impl MeterLine {
    /// A call whose usage was reported.
    fn reported(charge: Charge) -> MeterLine {
        let unpriced = u32::from(charge.micro_usd.is_none());
        MeterLine {
            calls: 1,
            usage: charge.usage,
            micro_usd: charge.micro_usd.unwrap_or(0),
            unpriced,
            ..MeterLine::default()
        }
    }

    /// A call with no recorded outcome.
    fn lost(reserved: Charge) -> MeterLine {
        MeterLine {
            calls: 1,
            usage: Usage::default(),
            micro_usd: reserved.micro_usd.unwrap_or(0),
            unpriced: u32::from(reserved.micro_usd.is_none()),
            uncertain: 1,
            uncertain_tokens: reserved.usage.counted(),
        }
    }

    /// Adds another line to this one.
    fn add(&mut self, other: &MeterLine) {
        self.calls = self.calls.saturating_add(other.calls);
        self.usage += other.usage;
        self.micro_usd = self.micro_usd.saturating_add(other.micro_usd);
        self.unpriced = self.unpriced.saturating_add(other.unpriced);
        self.uncertain = self.uncertain.saturating_add(other.uncertain);
        self.uncertain_tokens = self.uncertain_tokens.saturating_add(other.uncertain_tokens);
    }

    /// Tokens read, from a prompt cache or not.
    pub fn read(&self) -> u64 {
        self.usage.read()
    }
}

/// A call in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Reservation {
    pub step: String,
    pub key: (String, String, String),
    /// What is charged if no outcome is ever recorded; `None` for a free call.
    pub lost: Option<MeterLine>,
    pub reserved: Charge,
}

/// The length of a visit's conversation, in tokens read by the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VisitContext {
    /// Id of the swarm: `discovery.1`.
    pub swarm: String,
    /// Number of the visit, from 1.
    pub visit: u32,
    /// Name of the agent.
    pub agent: String,
    /// Number of calls that got a reply.
    pub calls: u32,
    /// Tokens read by the first call.
    pub first: u64,
    /// Tokens read by the last call.
    pub last: u64,
    /// Most tokens read by any call.
    pub most: u64,
}

/// The phase under which conversations with the customer are counted. No phase has such a name.
pub const CONVERSATION: &str = "(conversation)";

/// What an engagement used, by phase, agent and model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Meter {
    lines: BTreeMap<(String, String, String), MeterLine>,
    open: Option<Reservation>,
    /// The call of a conversation, which goes on beside the swarm.
    #[serde(default)]
    conversing: Option<Reservation>,
    contexts: Vec<VisitContext>,
}

impl Meter {
    /// All totals: phase, agent, model. A paid call in progress is a separate line with its upper
    /// bound.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str, &str, &MeterLine)> {
        let open = self.open.iter().chain(&self.conversing);
        let open = open.filter_map(|open| Some((&open.key, open.lost.as_ref()?)));
        self.lines.iter().chain(open).map(|((phase, agent, model), line)| {
            (phase.as_str(), agent.as_str(), model.as_str(), line)
        })
    }

    /// The length of each visit's conversation.
    pub fn contexts(&self) -> &[VisitContext] {
        &self.contexts
    }

    /// What counts against a budget: tokens and millionths of a US dollar of the phases and agents
    /// that `counts` accepts, including calls with no recorded outcome. `unrecorded` is the cost of
    /// the current call when it is known but not recorded yet.
    pub(super) fn against(
        &self,
        unrecorded: Option<Charge>,
        counts: impl Fn(&str, &str) -> bool,
    ) -> (u64, u64) {
        let under_way = self.open.iter().filter_map(|open| {
            let line = unrecorded.map(MeterLine::reported).or_else(|| open.lost.clone())?;
            counts(&open.key.0, &open.key.1).then_some(line)
        });
        let beside = self
            .conversing
            .iter()
            .filter_map(|open| open.lost.clone().filter(|_| counts(&open.key.0, &open.key.1)));
        let under_way = under_way.chain(beside);
        let settled = self.lines.iter().filter(|((phase, agent, _), _)| counts(phase, agent));
        let mut total = MeterLine::default();
        settled.for_each(|(_, line)| total.add(line));
        under_way.for_each(|line| total.add(&line));
        (total.usage.counted().saturating_add(total.uncertain_tokens), total.micro_usd)
    }

    /// Number of finished calls of an agent in a phase.
    pub fn calls(&self, phase: &str, agent: &str) -> u32 {
        self.lines
            .iter()
            .filter(|((p, a, _), _)| p == phase && a == agent)
            .map(|(_, l)| l.calls)
            .sum()
    }

    /// The total.
    pub fn total(&self) -> MeterLine {
        self.sum(|_| true)
    }

    /// The total without the call in progress.
    pub fn settled(&self) -> MeterLine {
        let mut total = MeterLine::default();
        self.lines.values().for_each(|line| total.add(line));
        total
    }

    /// The total of one phase.
    pub fn of_phase(&self, phase: &str) -> MeterLine {
        self.sum(|of| of == phase)
    }

    fn sum(&self, counts: impl Fn(&str) -> bool) -> MeterLine {
        let mut total = MeterLine::default();
        self.lines().filter(|(phase, ..)| counts(phase)).for_each(|(.., line)| total.add(line));
        total
    }

    /// Notes the length of the conversation after a reply to the last visit.
    pub(super) fn note_context(&mut self, swarm: &str, visits: &[String], usage: Usage) {
        let read = usage.read();
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
                self.contexts.push(VisitContext {
                    swarm,
                    visit,
                    agent,
                    calls: 1,
                    first: read,
                    last: read,
                    most: read,
                });
            }
        }
    }

    /// Step key of the call in progress.
    pub(super) fn open_step(&self) -> Option<&str> {
        self.open.as_ref().map(|r| r.step.as_str())
    }

    pub(super) fn reserve(
        &mut self,
        key: [&str; 3],
        step: &str,
        reserved: Charge,
        billing: Billing,
    ) {
        self.lose();
        let [phase, agent, model] = key.map(str::to_owned);
        let lost = (billing == Billing::Paid).then(|| MeterLine::lost(reserved));
        self.open =
            Some(Reservation { step: step.to_owned(), key: (phase, agent, model), lost, reserved });
    }

    /// Reserves a call of a conversation.
    pub(super) fn converse(
        &mut self,
        [agent, model]: [&str; 2],
        step: &str,
        reserved: Charge,
        billing: Billing,
    ) {
        let swarm = self.open.take();
        std::mem::swap(&mut self.open, &mut self.conversing);
        if self.open_step() != Some(step) || billing == Billing::Paid {
            self.reserve([CONVERSATION, agent, model], step, reserved, billing);
        }
        self.conversing = std::mem::replace(&mut self.open, swarm);
    }

    /// Settles the call of a conversation. Without a charge, it is lost.
    pub(super) fn conversed(&mut self, charge: Option<Charge>) {
        let swarm = self.open.take();
        self.open = self.conversing.take();
        self.settle(charge);
        self.open = swarm;
    }

    /// Whether a call of a conversation is in progress.
    pub(super) fn converses(&self) -> bool {
        self.conversing.is_some()
    }

    /// The call in progress is lost: its reservation stays charged.
    pub(super) fn lose(&mut self) {
        let Some(lost) = self.open.take() else { return };
        self.lines.entry(lost.key).or_default().add(&MeterLine::lost(lost.reserved));
    }

    /// Settles the call in progress. Without a charge, it is lost.
    pub(super) fn settle(&mut self, charge: Option<Charge>) {
        let Some(charge) = charge else { return self.lose() };
        let Some(reservation) = self.open.take() else { return };
        self.lines.entry(reservation.key).or_default().add(&MeterLine::reported(charge));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [&str; 3] = ["poc", "dev", "opus"];

    fn charge(tokens: u64, micro_usd: u64) -> Charge {
        Charge {
            usage: Usage { input_tokens: tokens, ..Usage::default() },
            micro_usd: Some(micro_usd),
        }
    }

    fn of_dev(meter: &Meter, unrecorded: Option<Charge>) -> (u64, u64) {
        meter.against(unrecorded, |phase, agent| (phase, agent) == ("poc", "dev"))
    }

    #[test]
    fn a_call_in_progress_counts_with_its_upper_bound_until_its_cost_is_known() {
        let mut meter = Meter::default();
        meter.reserve(KEY, "s1", charge(1000, 90), Billing::Paid);
        assert_eq!(of_dev(&meter, None), (1000, 90));
        // A known cost counts the same before it is recorded as after.
        assert_eq!(of_dev(&meter, Some(charge(40, 3))), (40, 3));
        assert_eq!(meter.against(Some(charge(40, 3)), |phase, _| phase == "production"), (0, 0));
        meter.settle(Some(charge(40, 3)));
        assert_eq!(of_dev(&meter, None), (40, 3));
        meter.reserve(KEY, "s2", charge(1000, 90), Billing::Paid);
        meter.settle(None);
        assert_eq!(of_dev(&meter, None), (1040, 93), "a lost call keeps its reservation");
        meter.reserve(KEY, "s3", charge(1000, 90), Billing::Free);
        assert_eq!(of_dev(&meter, None), (1040, 93), "a free call reserves nothing");
        assert_eq!(of_dev(&meter, Some(charge(5, 0))), (1045, 93));
    }
}
