//! A verdict: typed, so that no text in an artifact can be taken for one.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Said, Tool, ToolError, arguments, info};
use crate::engagement::{Finding, VerdictRecord};
use cloudcrew_ports::ledger::LedgerKind;

pub(super) struct ReviewVerdict;

#[derive(Deserialize)]
struct Arguments {
    path: Option<String>,
    verdict: Verdict,
    #[serde(default)]
    findings: Vec<Found>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Pass,
    Fail,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    path: String,
    text: String,
}

#[async_trait]
impl Tool for ReviewVerdict {
    fn info(&self) -> ToolInfo {
        let schema = json!({ "type": "object", "required": ["verdict"], "properties": {
            "path": { "type": "string", "minLength": 1, "description": "The deliverable; left out: \
             the phase as a whole, in its review" },
            "verdict": { "type": "string", "enum": ["pass", "fail"] },
            "findings": { "type": "array", "maxItems": 100, "items": { "type": "object", "required": ["text"], "properties": {
                "path": { "type": "string" }, "text": { "type": "string", "minLength": 1, "maxLength": 2000 },
            } } },
        } });
        info(
            "review_verdict",
            "Gives your verdict on a deliverable you review, or on the phase in its review. A fail \
             needs findings.",
            Capability::Judge,
            Effect::Keyed,
            schema,
        )
    }

    async fn call(&self, call: &Call<'_>, input: Value) -> Result<Said, ToolError> {
        let a: Arguments = arguments(input)?;
        let passed = a.verdict == Verdict::Pass;
        if !passed && a.findings.is_empty() {
            return Err(ToolError::Refused("a fail needs findings: say what is wrong".into()));
        }
        let oid = call
            .driver
            .may_judge(call.phase, &call.agent.name, a.path.as_deref())
            .await
            .map_err(ToolError::Refused)?;
        let findings: Vec<Finding> = a
            .findings
            .into_iter()
            .map(|f| Finding {
                path: if f.path.is_empty() { a.path.clone().unwrap_or_default() } else { f.path },
                text: f.text,
                key: String::new(),
            })
            .collect();
        let what = a.path.as_deref().unwrap_or(call.phase);
        let word = if passed { "passed" } else { "found fault with" };
        let body = findings.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join("; ");
        let mut done = call
            .record(vec![call.row(
                LedgerKind::Review,
                &format!("{} {word} {what}", call.agent.name),
                &body,
                "",
            )])
            .await?;
        done.verdict = Some(VerdictRecord {
            reviewer: call.agent.name.clone(),
            path: a.path,
            oid,
            passed,
            findings,
        });
        Ok(Said::Done(format!("Verdict recorded: {}", if passed { "pass" } else { "fail" }), done))
    }
}
