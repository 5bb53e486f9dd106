//! A budget below the minimum that the work requires.
//!
//! The minimum assumes agents that are visited as rarely as possible, write little, and are never
//! sent back. A lower budget stops the engagement midway, when most of it is already spent.
//! `cloudcrew plan` shows the forecast and its assumptions.
//!
//! Wrong:
//!
//! ```yaml
//! pm: { budget: { tokens: 1000 } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! pm: { budget: { tokens: 400000 } }
//! ```

use cloudcrew_definition::diagnostic::{Report, Severity};
use cloudcrew_definition::syntax::Written;

use super::{Context, part};
use crate::forecast::{Estimate, Forecast, dollars, forecast};

pub(super) const CODE: &str = "budget-below-forecast";

pub(super) fn run(context: &Context<'_>, report: &mut Report) {
    let definition = context.definition;
    let forecasts: Vec<_> =
        definition.workflows.iter().map(|w| (w.name.as_str(), forecast(definition, w))).collect();
    agents(context, &forecasts, report);
    pots(context, &forecasts, report);
    for phase in &definition.phases {
        let of_phase =
            forecasts.iter().flat_map(|(_, f)| &f.phases).find(|f| f.phase == phase.name);
        let (Some(least), Some(written)) = (of_phase, context.phase(&phase.name)) else { continue };
        let swarm = written.swarm.get().and_then(|s| s.token_budget.as_ref());
        low(
            swarm,
            None,
            &format!("one swarm of `{}`", phase.name),
            Needs { phases: &least.estimate, reply: 0 },
            "needs",
            report,
        );
        let Some(budget) = part(&written.budget) else { continue };
        let needs = Needs { phases: &least.estimate, reply: 0 };
        low(
            budget.tokens.as_ref(),
            budget.usd.as_ref(),
            &format!("`{}`", phase.name),
            needs,
            "needs",
            report,
        );
    }
    for (name, of_workflow) in &forecasts {
        let Some(budget) = context.workflow(name).and_then(|w| part(&w.budget)) else { continue };
        let needs = Needs { phases: &of_workflow.total, reply: 0 };
        low(
            budget.tokens.as_ref(),
            budget.usd.as_ref(),
            &format!("`{name}`"),
            needs,
            "needs",
            report,
        );
    }
}

/// Minimum needs.
struct Needs<'a> {
    phases: &'a Estimate,
    /// Tokens reserved for one reply: a reply starts only if its maximum still fits.
    reply: u64,
}

fn agents(context: &Context<'_>, forecasts: &[(&str, Forecast)], report: &mut Report) {
    let definition = context.definition;
    let written = context.workspace.agents.as_ref().and_then(|(_, file)| file.agents.get());
    for (name, _, agent) in written.into_iter().flat_map(|agents| agents.iter()) {
        let Some(budget) = part(&agent.budget) else { continue };
        let casts = definition.agent(name).into_iter().flat_map(|agent| {
            let phases = definition.phases.iter().filter(|phase| phase.involves(name));
            phases.map(|phase| phase.cast(agent).model)
        });
        let replies = casts.filter_map(|model| definition.model(&model));
        let reply = replies.map(|m| u64::from(m.max_tokens)).max().unwrap_or(0);
        let most = forecasts
            .iter()
            .map(|(workflow, f)| (f.agent(name), *workflow))
            .max_by_key(|(e, _)| e.tokens().low);
        let Some((least, workflow)) = most.filter(|(e, _)| e.tokens().low > 0) else { continue };
        let takes = format!("its part in `{workflow}` takes");
        low(
            budget.tokens.as_ref(),
            budget.usd.as_ref(),
            &format!("`{name}`"),
            Needs { phases: &least, reply },
            &takes,
            report,
        );
    }
}

fn pots(context: &Context<'_>, forecasts: &[(&str, Forecast)], report: &mut Report) {
    let written = context.workspace.agents.as_ref().and_then(|(_, file)| part(&file.budgets));
    for (name, _, pot) in written.into_iter().flat_map(|pots| pots.iter()) {
        let sharing: Vec<&str> = context
            .definition
            .agents
            .iter()
            .filter(|a| a.pot.as_deref() == Some(name))
            .map(|a| a.name.as_str())
            .collect();
        let sum = |f: &Forecast| {
            sharing.iter().fold(Estimate::default(), |sum, agent| sum.plus(&f.agent(agent)))
        };
        let most = forecasts
            .iter()
            .map(|(workflow, f)| (sum(f), *workflow))
            .max_by_key(|(e, _)| e.tokens().low);
        let Some((least, workflow)) = most.filter(|(e, _)| e.tokens().low > 0) else { continue };
        let takes = format!("their part in `{workflow}` takes");
        let who = format!("the agents of `{name}`");
        low(
            pot.tokens.as_ref(),
            pot.usd.as_ref(),
            &who,
            Needs { phases: &least, reply: 0 },
            &takes,
            report,
        );
    }
}

fn low(
    tokens: Option<&Written<u64>>,
    usd: Option<&Written<f64>>,
    who: &str,
    needs: Needs<'_>,
    takes: &str,
    report: &mut Report,
) {
    let mut say = |at, has: String, needed: String| {
        let message = format!("{who} may use {has}, but {takes} at least {needed}");
        let help =
            format!("raise the budget above {needed}; `cloudcrew plan` shows the assumptions");
        report.add(CODE, Severity::Warning, message).at(at, "").help(help);
    };
    if let Some((budget, at)) = tokens.and_then(|t| Some((*t.get()?, t.span))) {
        let needed = needs.phases.tokens().low + needs.reply;
        if budget < needed {
            say(at, format!("{budget} tokens"), needed.to_string());
        }
    }
    if let (Some((budget, at)), Some(cost)) =
        (usd.and_then(|u| Some((*u.get()?, u.span))), needs.phases.micro_usd)
        && ((budget * 1e6) as u64) < cost.low
    {
        say(at, format!("${budget}"), dollars(cost.low));
    }
}
