//! A cheaper model is as good as the one an agent uses.
//!
//! In one phase, an agent has worked with two models, each in at least 10 engagements that a person
//! decided about. The cheaper model costs less per engagement on average, and with 95% confidence
//! its share of phases approved without changes is at most 10 percentage points lower.
//!
//! The engagements were not assigned at random: customers and statements of work may differ. Change
//! the model, and compare again with `cloudcrew metrics compare`.
//!
//! ```yaml
//! qa: { model: sonnet } # instead of opus
//! ```

use cloudcrew_runtime::metrics::LineTotal;
use cloudcrew_runtime::metrics::stats::{difference, mean};

use super::{Advice, Grounds};

pub(super) const CODE: &str = "cheaper-model-as-good";

/// How much lower the share of the cheaper model may be.
const MARGIN: f64 = 0.10;

pub(super) fn find(grounds: &mut Grounds<'_>) -> Vec<Advice> {
    let mut found = Vec::new();
    let definition = grounds.definition;
    for agent in &definition.agents {
        for phase in &grounds.workflow.phases {
            // A phase that sets the model itself is not advised on.
            if definition.phase(phase).is_some_and(|p| p.models.contains_key(&agent.name)) {
                continue;
            }
            let key = |model: &str| (phase.clone(), agent.name.clone(), model.to_owned());
            let Some(now) = grounds.lines.get(&key(&agent.model)).cloned() else { continue };
            let others = definition.models.iter().filter(|model| model.name != agent.model);
            for model in others {
                let Some(other) = grounds.lines.get(&key(&model.name)).cloned() else { continue };
                let there = now.decided.min(other.decided);
                let (name, old) = (&agent.name, &agent.model);
                let what = || format!("{name} in {phase} with {} or {old}", model.name);
                if !grounds.enough(there, what) {
                    continue;
                }
                let (cost, cost_half) = per_engagement(&other);
                let (before, before_half) = per_engagement(&now);
                let low =
                    difference((other.first_time, other.decided), (now.first_time, now.decided)).0;
                if cost + cost_half >= before - before_half || low < -MARGIN {
                    continue;
                }
                let text = format!(
                    "{name} in {phase}: with {}, {} of {} were approved without a change, for \
                     ${cost:.2} ± {cost_half:.2} each; with {old}, {} of {}, for ${before:.2} ± \
                     {before_half:.2}",
                    model.name, other.first_time, other.decided, now.first_time, now.decided
                );
                let after = model.name.clone();
                found.push(Advice {
                    code: CODE.to_owned(),
                    text,
                    file: "agents.yaml".to_owned(),
                    key: format!("agents.{name}.model"),
                    before: Some(old.clone()),
                    forecast_before: grounds.forecast(),
                    forecast_after: grounds.forecast_with(|changed| {
                        for agent in changed.agents.iter_mut().filter(|agent| agent.name == *name) {
                            agent.model.clone_from(&after);
                        }
                    }),
                    after,
                });
            }
        }
    }
    // A model for an agent applies to all its phases: one piece of advice is enough.
    found.dedup_by(|a, b| a.key == b.key && a.after == b.after);
    found
}

/// US dollars for an engagement, and half of their interval.
fn per_engagement(line: &LineTotal) -> (f64, f64) {
    let (sum, squares) = (line.spent.micro_usd as f64 / 1e6, line.squares as f64 / 1e6);
    let (mean, half) = mean(line.engagements, sum, squares);
    (mean, half.unwrap_or(f64::INFINITY))
}
