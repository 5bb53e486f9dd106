//! What to change, where there is enough to say so.

mod cheaper_model_as_good;
mod gate_waits_long;
mod phase_often_sent_back;

use std::collections::BTreeMap;

use cloudcrew_definition::crew::{Definition, Workflow};
use cloudcrew_plan::forecast::{Estimate, forecast};
use cloudcrew_runtime::metrics::{LineTotal, Month, PhaseTotal};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;

use crate::VERSION;

/// Engagements that each side of a piece of advice needs.
pub const MINIMUM: u64 = 10;

/// The codes of all advice, each with the source of its page.
pub const CODES: [(&str, &str); 3] = [
    (cheaper_model_as_good::CODE, include_str!("advise/cheaper_model_as_good.rs")),
    (phase_often_sent_back::CODE, include_str!("advise/phase_often_sent_back.rs")),
    (gate_waits_long::CODE, include_str!("advise/gate_waits_long.rs")),
];

/// The page of a code, in Markdown.
pub fn page(code: &str) -> Option<String> {
    let (_, source) = CODES.iter().find(|(name, _)| *name == code)?;
    Some(cloudcrew_definition::checks::page(source))
}

/// `metrics advise`: what to change in the definitions.
#[derive(Debug, Serialize, JsonSchema, ToSchema)]
pub struct AdviceDocument {
    /// Always 1.
    pub version: u32,
    /// The workflow.
    pub workflow: String,
    /// Engagements of it that ended, with live models.
    pub engagements: u64,
    /// Engagements that each side needs.
    pub minimum: u64,
    /// What to change.
    pub advice: Vec<Advice>,
    /// What there is not enough of yet, to say anything.
    pub too_few: Vec<TooFew>,
}

/// A change to the definitions.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, ToSchema)]
pub struct Advice {
    /// Stable; `cloudcrew explain CODE` describes it.
    pub code: String,
    /// What was found, with the numbers.
    pub text: String,
    /// The file to change.
    pub file: String,
    /// The key to change.
    pub key: String,
    /// Its value now; absent when it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The value to set.
    pub after: String,
    /// What the plan forecasts for an engagement now, in words.
    pub forecast_before: String,
    /// What it forecasts with the change.
    pub forecast_after: String,
}

/// A question that has too few engagements to be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, ToSchema)]
pub struct TooFew {
    /// The question, in words.
    pub what: String,
    /// Engagements that there are.
    pub there: u64,
}

/// What the rules see.
pub(super) struct Grounds<'a> {
    definition: &'a Definition,
    workflow: &'a Workflow,
    phases: BTreeMap<String, PhaseTotal>,
    /// By phase, agent and model.
    lines: BTreeMap<(String, String, String), LineTotal>,
    too_few: Vec<TooFew>,
}

impl Grounds<'_> {
    /// The forecast for an engagement with a change.
    fn forecast_with(&self, change: impl FnOnce(&mut Definition)) -> String {
        let mut changed = self.definition.clone();
        change(&mut changed);
        total(&changed, self.workflow).to_string()
    }

    fn forecast(&self) -> String {
        total(self.definition, self.workflow).to_string()
    }

    /// Whether there are enough; if not, that is noted.
    fn enough(&mut self, there: u64, what: impl FnOnce() -> String) -> bool {
        if there < MINIMUM {
            self.too_few.push(TooFew { what: what(), there });
        }
        there >= MINIMUM
    }
}

fn total(definition: &Definition, workflow: &Workflow) -> Estimate {
    forecast(definition, workflow).total
}

/// What to change in a workflow; `None` when the definition has no such workflow.
pub fn advise(
    months: &BTreeMap<String, Month>,
    definition: &Definition,
    workflow: &str,
) -> Option<AdviceDocument> {
    let found = definition.workflow(workflow)?;
    let (mut phases, mut lines, mut engagements) = (BTreeMap::new(), BTreeMap::new(), 0);
    for month in months.values() {
        let own = month.workflows.get(&(true, workflow.to_owned()));
        engagements += own.map_or(0, |total| total.engagements);
        for ((live, of, phase), total) in &month.phases {
            if *live && of == workflow {
                let sum: &mut PhaseTotal = phases.entry(phase.clone()).or_default();
                sum.add(total);
            }
        }
        for ((live, of, phase, agent, model), line) in &month.lines {
            if *live && of == workflow {
                let key = (phase.clone(), agent.clone(), model.clone());
                let sum: &mut LineTotal = lines.entry(key).or_default();
                sum.add(line);
            }
        }
    }
    let mut grounds = Grounds { definition, workflow: found, phases, lines, too_few: Vec::new() };
    let mut advice = cheaper_model_as_good::find(&mut grounds);
    advice.extend(phase_often_sent_back::find(&mut grounds));
    advice.extend(gate_waits_long::find(&mut grounds));
    let mut too_few = grounds.too_few;
    too_few.dedup();
    let (workflow, version) = (workflow.to_owned(), VERSION);
    Some(AdviceDocument { version, workflow, engagements, minimum: MINIMUM, advice, too_few })
}
