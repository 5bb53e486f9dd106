//! Customers often send a phase back.
//!
//! In at least 10 engagements, a person decided about the phase, and with 95% confidence the share
//! approved without changes is below 60%. A review that reads each deliverable against the
//! statement of work, or one more rework before the customer sees it, costs tokens and may spare the
//! customer a round.
//!
//! ```yaml
//! review: { agent: pm, depth: full, max_reworks: 2 }
//! ```

use cloudcrew_definition::syntax::Depth;
use cloudcrew_runtime::metrics::stats::wilson;

use super::{Advice, Grounds};

pub(super) const CODE: &str = "phase-often-sent-back";

/// A share below which a phase needs a closer review.
const SHARE: f64 = 0.6;

pub(super) fn find(grounds: &mut Grounds<'_>) -> Vec<Advice> {
    let mut found = Vec::new();
    for name in &grounds.workflow.phases {
        let Some(phase) = grounds.definition.phase(name) else { continue };
        let Some(review) = &phase.review else { continue };
        let total = grounds.phases.get(name).cloned().unwrap_or_default();
        if !grounds.enough(total.decided, || format!("how often {name} is sent back")) {
            continue;
        }
        let (_, high) = wilson(total.first_time, total.decided);
        if high >= SHARE {
            continue;
        }
        let (key, before, after) = match review.depth {
            Depth::Light => ("review.depth", "light".to_owned(), "full".to_owned()),
            Depth::Full => {
                let reworks = review.max_reworks;
                ("review.max_reworks", reworks.to_string(), (reworks + 1).to_string())
            }
        };
        let deeper = review.depth == Depth::Light;
        found.push(Advice {
            code: CODE.to_owned(),
            text: format!(
                "{name}: {} of {} were approved without a change, at most {:.0}% with 95% \
                 confidence; customers asked for changes {} times",
                total.first_time,
                total.decided,
                high * 100.0,
                total.revisions
            ),
            file: format!("phases/{name}.yaml"),
            key: key.to_owned(),
            before: Some(before),
            after,
            forecast_before: grounds.forecast(),
            forecast_after: grounds.forecast_with(|changed| {
                let phase = changed.phases.iter_mut().find(|phase| phase.name == *name);
                if let Some(review) = phase.and_then(|phase| phase.review.as_mut()) {
                    if deeper {
                        review.depth = Depth::Full;
                    } else {
                        review.max_reworks += 1;
                    }
                }
            }),
        });
    }
    found
}
