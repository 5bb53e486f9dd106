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

use super::context::{agents_in_phase, cast, text};
use super::unknown_budget::part;
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::known;
use crate::source::Span;
use crate::syntax::{Budget, Model, PhaseFile, Provider};

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
            needs_prices(context, usd.span, &everywhere(context, name), report);
        }
    }
    for (name, at, pot) in part(&crew.budgets).into_iter().flat_map(|pots| pots.iter()) {
        let sharing = context.agents().filter(|(_, _, a)| {
            part(&a.budget).and_then(|b| part(&b.pot)).is_some_and(|p| p == name)
        });
        let uses: Vec<Use<'_>> = sharing.flat_map(|(name, ..)| everywhere(context, name)).collect();
        whole(context, pot, at, &uses, report);
    }
    for phase in context.phases() {
        let Some(written) = &phase.budget else { continue };
        let Some(budget) = written.get() else { continue };
        whole(context, budget, written.span, &within(context, phase), report);
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
        let uses: Vec<Use<'_>> = mine.flat_map(|phase| within(context, phase)).collect();
        whole(context, budget, written.span, &uses, report);
    }
}

/// An agent, and the name of a model that it uses.
type Use<'a> = (&'a str, &'a str);

/// What the agents of a phase use in it.
fn within<'a>(context: &Context<'a>, phase: &'a PhaseFile) -> Vec<Use<'a>> {
    let agents = agents_in_phase(phase).into_iter().map(|(name, _)| name);
    agents.filter_map(|agent| Some((agent, in_phase(context, phase, agent)?))).collect()
}

/// The model of an agent in a phase.
fn in_phase<'a>(context: &Context<'a>, phase: &'a PhaseFile, agent: &str) -> Option<&'a str> {
    let own = cast(phase).find(|((name, _), _)| *name == agent).map(|(_, (model, _))| model);
    own.or_else(|| Some(text(phase.model.as_ref()?)?.0))
        .or_else(|| Some(text(&context.agent(agent)?.1.model)?.0))
}

/// What an agent uses in all phases that it takes part in.
fn everywhere<'a>(context: &Context<'a>, agent: &'a str) -> Vec<Use<'a>> {
    let takes_part = |phase: &&PhaseFile| agents_in_phase(phase).iter().any(|(n, _)| *n == agent);
    let phases = context.phases().filter(takes_part);
    let mut uses: Vec<Use<'a>> =
        phases.filter_map(|phase| Some((agent, in_phase(context, phase, agent)?))).collect();
    if uses.is_empty() {
        let own = context.agent(agent).and_then(|(_, a)| text(&a.model));
        uses.extend(own.map(|(model, _)| (agent, model)));
    }
    uses
}

fn whole(context: &Context<'_>, budget: &Budget, at: Span, uses: &[Use<'_>], report: &mut Report) {
    if budget.tokens.is_none() && budget.usd.is_none() {
        empty(at, report);
    }
    if let Some(usd) = &budget.usd {
        needs_prices(context, usd.span, uses, report);
    }
}

fn empty(at: Span, report: &mut Report) {
    report
        .error(CHECK.code, "this budget has no limit")
        .at(at, "")
        .help("set `tokens` or `usd`, or remove the budget");
}

/// Reports each model once.
fn needs_prices(context: &Context<'_>, at: Span, uses: &[Use<'_>], report: &mut Report) {
    let Some(models) = context.crew().and_then(|c| c.models.get()) else { return };
    let mut reported = Vec::new();
    for (agent, wanted) in uses {
        let Some((name, place, model)) = models.iter().find(|(name, ..)| name == wanted) else {
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

fn has_price(model: &Model) -> bool {
    let on_bedrock = part(&model.provider) == Some(&Provider::Bedrock);
    let known = part(&model.id).filter(|_| on_bedrock).and_then(|id| known::model(id));
    model.price.is_some() || known.is_some_and(|k| k.price.is_some())
}
