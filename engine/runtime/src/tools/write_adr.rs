//! Writes an architecture decision record by the workspace's template, and notes the decision in
//! the ledger.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Call, Said, Tool, ToolError, arguments, info};
use crate::prompt::render;
use cloudcrew_ports::ledger::LedgerKind;

pub(super) struct WriteAdr;

/// Where the records stand.
const FOLDER: &str = "docs/architecture/adr";

#[derive(Deserialize)]
struct Arguments {
    title: String,
    status: String,
    context: String,
    decision: String,
    consequences: String,
}

#[async_trait]
impl Tool for WriteAdr {
    fn info(&self) -> ToolInfo {
        let part = |what: &str| json!({ "type": "string", "minLength": 1, "maxLength": 20000, "description": what });
        let schema = json!({ "type": "object", "required": ["title", "status", "context", "decision", "consequences"], "properties": {
            "title": { "type": "string", "minLength": 1, "maxLength": 120, "description": "Short \
             noun phrase" },
            "status": { "type": "string", "enum": ["proposed", "accepted", "superseded"] },
            "context": part("The forces at play, as facts"), "decision": part("What we will do, in \
             full sentences"),
            "consequences": part("What follows, good and bad"),
        } });
        info(
            "write_adr",
            "Writes docs/architecture/adr/NNNN-title.md and notes the decision in the ledger.",
            Capability::WriteRepo,
            Effect::CompareAndSwap,
            schema,
        )
    }

    async fn call(&self, call: &Call<'_>, input: Value) -> Result<Said, ToolError> {
        let a: Arguments = arguments(input)?;
        let slug = slug(&a.title);
        let names: Vec<String> = call
            .driver
            .files(FOLDER)
            .await?
            .into_iter()
            .filter_map(|f| f.path.strip_prefix(FOLDER)?.strip_prefix('/').map(str::to_owned))
            .collect();
        // The same decision again is another version of its record, not another record.
        let same =
            names.iter().find(|n| n.get(5..).is_some_and(|n| n == format!("{slug}.md"))).cloned();
        let last = names.iter().filter_map(|n| n.get(..4)?.parse::<u32>().ok()).max().unwrap_or(0);
        let name = same.unwrap_or_else(|| format!("{:04}-{slug}.md", last + 1));
        let path = call.admit(&format!("{FOLDER}/{name}"))?;
        let number = name.get(..4).unwrap_or("0001");
        let adr = json!({ "number": number, "title": a.title, "status": a.status, "context": a.context, "decision": a.decision, "consequences": a.consequences });
        let template = call
            .driver
            .template("adr")
            .await
            .ok_or_else(|| ToolError::Refused("the workspace has no template `adr`".into()))?;
        let mut variables = call.driver.variables(call.phase).await;
        variables["adr"] = adr;
        let text = render(&template, &variables)
            .map_err(|e| ToolError::Refused(format!("the template `adr` cannot be filled: {e}")))?;
        call.commit(path.as_str(), text, &format!("Record the decision: {}", a.title)).await?;
        let done = call
            .record(vec![call.row(LedgerKind::Decision, &a.title, &a.decision, path.as_str())])
            .await?;
        Ok(Said::Done(format!("Wrote {path}"), done))
    }
}

fn slug(title: &str) -> String {
    let words: Vec<String> = title
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .take(8)
        .map(str::to_owned)
        .collect();
    if words.is_empty() { "decision".to_owned() } else { words.join("-") }
}
