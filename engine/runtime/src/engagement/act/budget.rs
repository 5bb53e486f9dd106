//! Budgets: checked before each call, reported when nearly used up, and raised by a person or fatal
//! when used up.

use cloudcrew_definition::crew::{Agent, Budget};
use cloudcrew_definition::syntax::AtLimit;
use cloudcrew_plan::Outcome;

use crate::engagement::asked::asking;
use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Decision, Event, Why};
use crate::engagement::load::Engagement;
use crate::engagement::meter::Charge;
use crate::engagement::request::{Raise, Request, RequestKind, Unit};

/// One limit that bounds a call.
struct Bound {
    /// YAML key: `agents.yaml agents.pm.budget.tokens`.
    key: String,
    unit: Unit,
    limit: u64,
    spent: u64,
    at_limit: AtLimit,
}

/// Whether a call may be made.
pub(in crate::engagement) enum Verdict {
    /// It fits into every budget.
    Fits,
    /// It may exceed a budget: the reason, and the request for a person, if the budget allows one.
    Beyond(Why, Option<Box<RequestKind>>),
}

impl Driver {
    /// Checks that a call with the upper bound `most` fits into every budget that covers it.
    pub(in crate::engagement) async fn within_budgets(
        &self,
        phase: &str,
        agent: &Agent,
        most: Charge,
    ) -> Result<Verdict, EngagementError> {
        let unrecorded = self.unrecorded_charge().await;
        for bound in self.look(|e| bounds(e, unrecorded, phase, agent)).await {
            let needed = match (bound.unit, most.micro_usd) {
                (Unit::Tokens, _) => most.usage.counted(),
                (Unit::MicroUsd, Some(money)) => money,
                (Unit::MicroUsd, None) => {
                    let text = format!(
                        "the price of {}'s model is unknown, so `{}` cannot bound it",
                        agent.name, bound.key
                    );
                    return Ok(Verdict::Beyond(Why { text, key: bound.key }, None));
                }
            };
            let notice = (bound.key.clone(), bound.limit);
            let near = bound.spent.saturating_mul(5) >= bound.limit.saturating_mul(4);
            if near && self.look(|e| !e.state.neared.contains(&notice)).await {
                let event = Event::BudgetNeared {
                    budget: bound.key.clone(),
                    spent: bound.spent,
                    limit: bound.limit,
                };
                self.append(vec![event]).await?;
            }
            if bound.spent.saturating_add(needed) > bound.limit {
                return Ok(self.look(|e| beyond(e, &bound, needed)).await);
            }
        }
        Ok(Verdict::Fits)
    }

    /// Asks a person to raise a budget, unless an open request already does.
    pub(in crate::engagement) async fn ask_to_raise(
        &self,
        asked: RequestKind,
    ) -> Result<Request, EngagementError> {
        if let Some(open) =
            self.look(|e| e.state.open_requests().find(|r| r.kind == asked).cloned()).await
        {
            return Ok(open);
        }
        let request = self.look(|e| new_request(e, asked)).await;
        let request = self.opened_now(request).await;
        self.append(vec![Event::RequestOpened(Box::new(request.clone()))]).await?;
        Ok(request)
    }

    /// Handles a swarm that stopped at a budget: asks a person, or leaves the state.
    pub(in crate::engagement) async fn exhausted(
        &self,
        why: Why,
        asks: Option<Box<RequestKind>>,
    ) -> Result<(), EngagementError> {
        match asks {
            Some(asked) => {
                self.ask_to_raise(*asked).await?;
                self.go(Outcome::Asked).await
            }
            None => self.go_because(Outcome::Exhausted, Some(why)).await,
        }
    }
}

/// The first budget of a call that does not cover `most` more, if there is one.
pub(in crate::engagement) fn uncovered(
    engagement: &Engagement,
    phase: &str,
    agent: &Agent,
    most: Charge,
) -> Option<Why> {
    bounds(engagement, None, phase, agent).into_iter().find_map(|bound| {
        let needed = match bound.unit {
            Unit::Tokens => most.usage.counted(),
            // Without a price, nothing is covered.
            Unit::MicroUsd => most.micro_usd.unwrap_or(u64::MAX),
        };
        let covered = bound.spent.saturating_add(needed) <= bound.limit;
        let Verdict::Beyond(why, _) = beyond(engagement, &bound, needed) else { return None };
        (!covered).then_some(why)
    })
}

/// Every limit that bounds a call of `agent` in `phase`.
fn bounds(
    engagement: &Engagement,
    unrecorded: Option<Charge>,
    phase: &str,
    agent: &Agent,
) -> Vec<Bound> {
    let (definition, state) = (&engagement.definition, &engagement.state);
    let meter = &state.meter;
    let workflow = definition.workflow(&state.started.workflow);
    let mut found = Vec::new();
    let mut add = |key: String, budget: Option<&Budget>, spent: &dyn Fn() -> (u64, u64)| {
        let Some(budget) = budget else { return };
        let (tokens, money) = spent();
        let both = [
            ("tokens", Unit::Tokens, budget.tokens, tokens),
            ("usd", Unit::MicroUsd, budget.micro_usd, money),
        ];
        for (part, unit, limit, spent) in both {
            let key = format!("{key}.{part}");
            let limit = state.raised.get(&key).copied().or(limit);
            found.extend(limit.map(|limit| Bound {
                key,
                unit,
                limit,
                spent,
                at_limit: budget.at_limit,
            }));
        }
    };
    add(format!("agents.yaml agents.{}.budget", agent.name), agent.budget.as_ref(), &|| {
        meter.against(unrecorded, |_, a| a == agent.name)
    });
    if let Some(pot) = &agent.pot {
        let shares =
            |name: &str| definition.agent(name).is_some_and(|a| a.pot.as_ref() == Some(pot));
        add(format!("agents.yaml budgets.{pot}"), definition.pot(pot), &|| {
            meter.against(unrecorded, |_, a| shares(a))
        });
    }
    let of_phase = definition.phase(phase).and_then(|p| p.budget.as_ref());
    add(format!("phases/{phase}.yaml budget"), of_phase, &|| {
        meter.against(unrecorded, |p, _| p == phase)
    });
    let name = &state.started.workflow;
    add(format!("workflows/{name}.yaml budget"), workflow.and_then(|w| w.budget.as_ref()), &|| {
        meter.against(unrecorded, |_, _| true)
    });
    found
}

fn beyond(engagement: &Engagement, bound: &Bound, needed: u64) -> Verdict {
    let Bound { key, unit, limit, spent, at_limit } = bound;
    let text = format!(
        "a budget is used up: {} are spent, the next call may take {}, `{key}` is {}",
        unit.show(*spent),
        unit.show(needed),
        unit.show(*limit)
    );
    let asked = RequestKind::Budget {
        budget: key.clone(),
        unit: *unit,
        spent: *spent,
        needed,
        limit: *limit,
    };
    let refused = engagement.state.requests.iter().any(|r| match (&r.kind, &r.answer) {
        (RequestKind::Budget { budget, limit: then, .. }, Some(answer))
            if budget == key && then == limit && !r.superseded =>
        {
            matches!(&answer.decision, Decision::Answer { value } if Raise::of(&r.kind,
                value) == Some(Raise::Stop))
        }
        _ => false,
    });
    let asks = *at_limit == AtLimit::Ask && !refused;
    Verdict::Beyond(Why { text, key: key.clone() }, asks.then(|| Box::new(asked)))
}

fn new_request(engagement: &Engagement, asked: RequestKind) -> Request {
    let phase = engagement.state.phase().unwrap_or_default();
    let earlier = engagement
        .state
        .requests
        .iter()
        .filter(|r| matches!(r.kind, RequestKind::Budget { .. }))
        .count();
    let subject = match &asked {
        RequestKind::Budget { budget, limit, .. } => (budget.clone(), limit.to_string()),
        _ => Default::default(),
    };
    asking(engagement, phase, &format!("budget-{}", earlier + 1), asked, subject)
}
