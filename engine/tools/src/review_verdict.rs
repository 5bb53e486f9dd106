//! `review_verdict`: gives a verdict on a deliverable or on the phase.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{self, Finding, Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct ReviewVerdict;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// The deliverable; left out: the phase as a whole, in its review
    #[schemars(length(min = 1))]
    path: Option<String>,
    verdict: Verdict,
    #[serde(default)]
    #[schemars(length(max = 100))]
    findings: Vec<Found>,
}

#[derive(Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Pass,
    Fail,
}

#[derive(Deserialize, JsonSchema)]
struct Found {
    #[serde(default)]
    path: String,
    #[schemars(length(min = 1, max = 2000))]
    text: String,
}

#[async_trait]
impl TypedTool for ReviewVerdict {
    type Arguments = Arguments;
    const NAME: &'static str = "review_verdict";
    const DESCRIPTION: &'static str = "Gives your verdict on a deliverable you review, or on the \
                                       phase in its review. A fail needs findings.";
    const CAPABILITY: Capability = Capability::Judge;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let passed = a.verdict == Verdict::Pass;
        if !passed && a.findings.is_empty() {
            return Err(ToolError::Refused("a fail needs findings: say what is wrong".into()));
        }
        let oid = at.may_judge(a.path.as_deref()).await?.map_err(ToolError::Refused)?;
        let about = a.path.clone().unwrap_or_default();
        let finding = |f: Found| Finding {
            path: if f.path.is_empty() { about.clone() } else { f.path },
            text: f.text,
            key: String::new(),
        };
        let findings: Vec<Finding> = a.findings.into_iter().map(finding).collect();
        let reviewer = at.agent().name.clone();
        let what = a.path.as_deref().unwrap_or(at.phase());
        let word = if passed { "passed" } else { "found fault with" };
        let body = findings.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join("; ");
        let title = format!("{reviewer} {word} {what}");
        let mut done = at.note(LedgerKind::Review, &title, &body, "").await?;
        done.verdict = Some(outcome::Verdict { reviewer, path: a.path, oid, passed, findings });
        let word = if passed { "pass" } else { "fail" };
        Ok(Outcome::Done(format!("Verdict recorded: {word}"), done))
    }
}
