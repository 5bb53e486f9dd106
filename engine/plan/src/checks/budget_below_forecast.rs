//! A budget that is smaller than the least the work takes.
//!
//! The least is an agent that comes as often as it must, says little, and is never sent back. A budget below it stops the engagement
//! in the middle, when most of it is spent. `cloudcrew plan` shows the forecast and what it assumes.
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

use super::{Context, part};
use crate::forecast::forecast;

pub(super) const CODE: &str = "budget-below-forecast";

pub(super) fn run(context: &Context<'_>, report: &mut Report) {
    let definition = context.definition;
    let forecasts: Vec<_> = definition.workflows.iter().map(|w| (w.name.as_str(), forecast(definition, w))).collect();
    let written = context.workspace.agents.as_ref().and_then(|(_, file)| file.agents.get());
    for (name, _, agent) in written.into_iter().flat_map(|agents| agents.iter()) {
        let Some(tokens) = part(&agent.budget).map(|b| &b.tokens) else { continue };
        // A reply is begun only when all it may write still fits.
        let reply = definition.agent(name).and_then(|a| definition.model(&a.model)).map_or(0, |m| u64::from(m.max_tokens));
        let most = forecasts.iter().map(|(workflow, f)| (f.agent(name).tokens().low, *workflow)).max();
        let (Some(budget), Some((least, workflow))) = (tokens.get(), most) else { continue };
        let needed = least + reply;
        if *budget < needed && least > 0 {
            report
                .add(
                    CODE,
                    Severity::Warning,
                    format!("`{name}` may use {budget} tokens, and `{workflow}` takes it {needed} at least"),
                )
                .at(tokens.span, "")
                .help(format!("give it more than {needed}; `cloudcrew plan {workflow}` shows what is assumed"));
        }
    }
    for phase in &definition.phases {
        let budget = context.phase(&phase.name).and_then(|p| p.swarm.get()).and_then(|s| s.token_budget.as_ref());
        let Some((budget, at)) = budget.and_then(|b| Some((*b.get()?, b.span))) else { continue };
        let of_phase = forecasts.iter().flat_map(|(_, f)| &f.phases).find(|f| f.phase == phase.name);
        let Some(least) = of_phase.map(|f| f.estimate.tokens().low) else { continue };
        if budget < least {
            let message = format!("one swarm of `{}` may use {budget} tokens, and takes {least} at least", phase.name);
            report.add(CODE, Severity::Warning, message).at(at, "").help(format!("give it more than {least}"));
        }
    }
}
