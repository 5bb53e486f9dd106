//! A budget has no effect.
//!
//! A budget without `tokens`, `usd` or `pot` has no limit. A budget in US dollars needs the price
//! of every model it covers: calls to a model with an unknown price would count as free.
//!
//! Wrong:
//!
//! ```yaml
//! models: { llama: { max_tokens: 4000 } }                  # no price
//! agents: { dev: { model: llama, budget: { usd: 20 } } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! models: { llama: { max_tokens: 4000, price: { input: 0.1, output: 0.4 } } }
//! agents: { dev: { model: llama, budget: { usd: 20 } } }
//! ```

use super::context::{agents_in_phase, text};
use super::unknown_budget::part;
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::known;
use crate::source::Span;
use crate::syntax::{Agent, Budget, Model, PhaseFile, Provider};

pub(super) const CHECK: Check = Check { code: "budget-without-effect", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(crew) = context.crew() else { return };
    for (name, _, agent) in context.agents() {
        let Some(own) = &agent.budget else { continue };
        let Some(budget) = own.get() else { continue };
        if budget.tokens.is_none() && budget.usd.is_none() && budget.pot.is_none() {
            empty(own.span, report);
        }
        if let Some(usd) = &budget.usd {
            needs_prices(context, usd.span, [name].into_iter(), report);
        }
    }
    for (name, at, pot) in part(&crew.budgets).into_iter().flat_map(|pots| pots.iter()) {
        let sharing = context.agents().filter(|(_, _, a)| {
            part(&a.budget).and_then(|b| part(&b.pot)).is_some_and(|p| p == name)
        });
        whole(context, pot, at, sharing.map(|(name, ..)| name), report);
    }
    for phase in context.phases() {
        let Some(written) = &phase.budget else { continue };
        let Some(budget) = written.get() else { continue };
        whole(context, budget, written.span, workers(phase).into_iter(), report);
    }
    for (_, workflow) in &context.workspace.workflows {
        let Some(written) = &workflow.budget else { continue };
        let Some(budget) = written.get() else { continue };
        let phases: Vec<&str> = workflow
            .phases
            .get()
            .into_iter()
            .flatten()
            .filter_map(|p| p.get())
            .map(String::as_str)
            .collect();
        let mine = context
            .phases()
            .filter(|p| text(&p.phase).is_some_and(|(name, _)| phases.contains(&name)));
        let workers: Vec<&str> = mine.flat_map(workers).collect();
        whole(context, budget, written.span, workers.into_iter(), report);
    }
}

fn workers(phase: &PhaseFile) -> Vec<&str> {
    agents_in_phase(phase).into_iter().map(|(name, _)| name).collect()
}

fn whole<'a>(
    context: &Context<'a>,
    budget: &Budget,
    at: Span,
    agents: impl Iterator<Item = &'a str>,
    report: &mut Report,
) {
    if budget.tokens.is_none() && budget.usd.is_none() {
        empty(at, report);
    }
    if let Some(usd) = &budget.usd {
        needs_prices(context, usd.span, agents, report);
    }
}

fn empty(at: Span, report: &mut Report) {
    report
        .error(CHECK.code, "this budget has no limit")
        .at(at, "")
        .help("set `tokens` or `usd`, or remove the budget");
}

/// Reports each model once.
fn needs_prices<'a>(
    context: &Context<'a>,
    at: Span,
    agents: impl Iterator<Item = &'a str>,
    report: &mut Report,
) {
    let Some(models) = context.crew().and_then(|c| c.models.get()) else { return };
    let mut reported = Vec::new();
    for agent in agents {
        let Some((name, place, model)) =
            context.agent(agent).and_then(|(_, a)| model_of(a, models))
        else {
            continue;
        };
        if reported.contains(&name) || has_price(model) {
            continue;
        }
        reported.push(name);
        report
            .error(
                CHECK.code,
                format!(
                    "the price of `{name}` is unknown, so a limit in dollars has no effect on \
                     `{agent}`"
                ),
            )
            .at(at, "")
            .also(place, "has no price")
            .help(format!("add a `price` to `{name}`, or limit `tokens` instead"));
    }
}

fn model_of<'a>(
    agent: &Agent,
    models: &'a crate::syntax::Entries<Model>,
) -> Option<(&'a str, Span, &'a Model)> {
    let (wanted, _) = text(&agent.model)?;
    models.iter().find(|(name, ..)| *name == wanted)
}

fn has_price(model: &Model) -> bool {
    let on_bedrock = part(&model.provider) == Some(&Provider::Bedrock);
    let known = part(&model.id).filter(|_| on_bedrock).and_then(|id| known::model(id));
    model.price.is_some() || known.is_some_and(|k| k.price.is_some())
}
