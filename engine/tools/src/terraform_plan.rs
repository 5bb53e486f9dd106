//! `terraform_plan`: what Terraform would create, where nothing outside is needed to say so.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::digest::sha256;
use cloudcrew_definition::shown::row;
use cloudcrew_ports::ledger::LedgerKind;
use cloudcrew_ports::program::ProgramEnd;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::outcome::{Outcome, ToolError};
use super::programs::{folder, printed};
use super::report::{counted, listed};
use super::terraform::{ran, unplannable};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct TerraformPlan;

/// Maximum number of changes to list.
const MOST: usize = 100;
/// What it runs; the plan is not kept.
const SCRIPT: &str = "terraform init -backend=false -input=false -no-color >&2 && \
                      terraform plan -input=false -lock=false -no-color -out=/tmp/plan >&2 && \
                      exec terraform show -json /tmp/plan";

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Folder with the root module, from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    folder: String,
}

#[async_trait]
impl TypedTool for TerraformPlan {
    type Arguments = Arguments;
    const NAME: &'static str = "terraform_plan";
    const DESCRIPTION: &'static str = "Plans the Terraform of a folder for an empty account and \
                                       lists what would be created, if its providers need no \
                                       network and no secrets. Notes the digest of the plan in the \
                                       ledger. Nothing is ever applied.";
    const CAPABILITY: Capability = Capability::Run;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = false;
    const PROGRAMS: &'static [&'static str] = &["terraform"];

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let below = folder(&a.folder)?;
        let mut reasons = Vec::new();
        for found in at.files(&below).await? {
            let path = &found.file.path;
            if path.ends_with(".tf.json") {
                reasons.push(format!("{}: write it as .tf", row(path)));
            }
            if path.ends_with(".tf") {
                let content = at.file(path).await?.unwrap_or_default();
                let why = unplannable(&String::from_utf8_lossy(&content));
                reasons.extend(why.into_iter().map(|why| format!("{}: {why}", row(path))));
            }
        }
        if !reasons.is_empty() {
            let why = format!("Not planned:\n{}", listed(&reasons, MOST));
            return Err(ToolError::Refused(why));
        }
        let ran = ran(at, &below, SCRIPT).await?;
        let plan = serde_json::from_slice::<Value>(&ran.output).ok();
        let Some(plan) = plan.filter(|_| ran.end == ProgramEnd::Exited(0)) else {
            let text = format!("terraform {}.\n{}", ran.end, printed(&ran));
            return Outcome::text(text);
        };
        let (lines, summary) = changes(&plan);
        let digest = digest(&plan);
        let title = format!("Terraform plan of {}: {summary}", a.folder);
        let body = format!("sha256:{digest}");
        let done = at.note(LedgerKind::Fact, &title, &body, &a.folder).await?;
        let lines = listed(&lines, MOST);
        let text = format!("{summary}.\n{lines}Digest sha256:{digest}, noted in the ledger.");
        Ok(Outcome::Done(text, done))
    }
}

/// The changes of a plan, one a line, and their number.
fn changes(plan: &Value) -> (Vec<String>, String) {
    let (mut lines, mut created, mut other) = (Vec::new(), 0, 0);
    for change in plan["resource_changes"].as_array().into_iter().flatten() {
        let actions = change["change"]["actions"].as_array().into_iter().flatten();
        let actions: Vec<&str> = actions.filter_map(Value::as_str).collect();
        match actions.as_slice() {
            ["no-op" | "read"] | [] => continue,
            ["create"] => created += 1,
            _ => other += 1,
        }
        let address = change["address"].as_str().unwrap_or_default();
        lines.push(row(&format!("{}: {address}", actions.join(", "))).into_owned());
    }
    let more = if other > 0 { format!(", {other} changed or removed") } else { String::new() };
    (lines, format!("{} created{more}", counted(created, "resource")))
}

/// Hex SHA-256 of what a plan changes: of `resource_changes` and `output_changes` as
/// `jq -cS '{resource_changes, output_changes}'` prints them, so that whoever applies a plan can
/// compare it.
fn digest(plan: &Value) -> String {
    let mut parts = json!({ "resource_changes": plan["resource_changes"],
        "output_changes": plan["output_changes"] });
    parts.sort_all_objects();
    sha256(format!("{parts}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_summed_up_and_its_digest_ignores_the_order_of_keys() {
        let plan = |address: &str| {
            json!({ "timestamp": address, "resource_changes": [
                { "address": "terraform_data.a", "change": { "actions": ["create"] } },
                { "address": "terraform_data.b", "change": { "actions": ["no-op"] } } ] })
        };
        assert_eq!(changes(&plan("x")).1, "1 resource created");
        assert_eq!(digest(&plan("x")), digest(&plan("y")), "the time does not count");
        let other = json!({ "output_changes": null, "resource_changes": [
            { "change": { "actions": ["create"] }, "address": "terraform_data.a" },
            { "change": { "actions": ["no-op"] }, "address": "terraform_data.b" } ] });
        assert_eq!(digest(&plan("x")), digest(&other));
    }
}
