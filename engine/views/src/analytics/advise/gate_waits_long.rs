//! A gate waits for days, and nobody is reminded.
//!
//! In at least 10 engagements, the phase waited more than two days for a person on average, and its
//! gate sends no reminders.
//!
//! ```yaml
//! gate: { kind: approval, remind_after: 24h }
//! ```

use super::{Advice, Grounds};

pub(super) const CODE: &str = "gate-waits-long";

/// Hours of waiting that call for a reminder.
const HOURS: f64 = 48.0;

pub(super) fn find(grounds: &mut Grounds<'_>) -> Vec<Advice> {
    let mut found = Vec::new();
    for name in &grounds.workflow.phases {
        let Some(phase) = grounds.definition.phase(name) else { continue };
        if phase.gate.as_ref().is_none_or(|gate| gate.remind_after.is_some()) {
            continue;
        }
        let total = grounds.phases.get(name).cloned().unwrap_or_default();
        if !grounds.enough(total.engagements, || format!("how long {name} waits for people")) {
            continue;
        }
        let hours = total.waiting_ms as f64 / 3_600_000.0 / total.engagements as f64;
        if hours <= HOURS {
            continue;
        }
        let forecast = grounds.forecast();
        found.push(Advice {
            code: CODE.to_owned(),
            text: format!(
                "{name} waited {hours:.0} hours for people on average, in {} engagements",
                total.engagements
            ),
            file: format!("phases/{name}.yaml"),
            key: "gate.remind_after".to_owned(),
            before: None,
            after: "24h".to_owned(),
            forecast_before: forecast.clone(),
            forecast_after: forecast,
        });
    }
    found
}
