//! `write_adr`: writes an architecture decision record.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct WriteAdr;

const FOLDER: &str = "docs/architecture/adr";

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Short noun phrase
    #[schemars(length(min = 1, max = 120))]
    title: String,
    status: Status,
    /// The forces at play, as facts
    #[schemars(length(min = 1, max = 20000))]
    context: String,
    /// What we will do, in full sentences
    #[schemars(length(min = 1, max = 20000))]
    decision: String,
    /// What follows, good and bad
    #[schemars(length(min = 1, max = 20000))]
    consequences: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Proposed,
    Accepted,
    Superseded,
}

#[async_trait]
impl TypedTool for WriteAdr {
    type Arguments = Arguments;
    const NAME: &'static str = "write_adr";
    const DESCRIPTION: &'static str =
        "Writes docs/architecture/adr/NNNN-title.md and notes the decision in the ledger.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let slug = slug(&a.title);
        let names: Vec<String> = at
            .files(FOLDER)
            .await?
            .into_iter()
            .filter_map(|f| f.file.path.strip_prefix(FOLDER)?.strip_prefix('/').map(str::to_owned))
            .collect();
        let same =
            names.iter().find(|n| n.get(5..).is_some_and(|n| n == format!("{slug}.md"))).cloned();
        let last = names.iter().filter_map(|n| n.get(..4)?.parse::<u32>().ok()).max().unwrap_or(0);
        let name = same.unwrap_or_else(|| format!("{:04}-{slug}.md", last + 1));
        let path = at.admit(&format!("{FOLDER}/{name}"))?;
        let adr = json!({
            "number": name.get(..4).unwrap_or("0001"),
            "title": a.title,
            "status": a.status,
            "context": a.context,
            "decision": a.decision,
            "consequences": a.consequences,
        });
        let text = at.fill_in("adr", json!({ "adr": adr })).await.map_err(ToolError::Refused)?;
        at.write(&path, text, &format!("Record the decision: {}", a.title)).await?;
        let done = at.note(LedgerKind::Decision, &a.title, &a.decision, path.as_str()).await?;
        Ok(Outcome::Done(format!("Wrote {path}"), done))
    }
}

pub(super) fn slug(title: &str) -> String {
    let words: Vec<String> = title
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .take(8)
        .map(str::to_owned)
        .collect();
    if words.is_empty() { "decision".to_owned() } else { words.join("-") }
}
