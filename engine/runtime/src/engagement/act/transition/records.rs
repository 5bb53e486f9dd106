//! Writes a decision record for every accepted decision that lacks one.

use cloudcrew_definition::path::RepoPath;
use cloudcrew_ports::ledger::LedgerRow;
use serde_json::json;

use super::ENGINE;
use crate::engagement::context::variables;
use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::Transition;
use crate::prompt::render;

/// Where decision records are.
const FOLDER: &str = "docs/architecture/adr";
/// The template that they are written from.
const TEMPLATE: &str = "adr";

impl Driver {
    /// Writes the records that are missing. Without a template for them, none are written.
    pub(super) async fn write_records(&self, done: &mut Transition) -> Result<(), EngagementError> {
        let Some(template) = self.template(TEMPLATE).await else { return Ok(()) };
        let rows = self.ledger_rows().await?;
        for row in rows.iter().filter(|row| row.phase == done.phase) {
            if !self.look(|e| e.state.memories.is_accepted(&row.id)).await {
                continue;
            }
            let has_one = row.source.starts_with(&format!("{FOLDER}/"));
            let known = self.look(|e| e.state.adrs.contains_key(&row.id)).await;
            if has_one || known {
                continue;
            }
            match self.write_record(row, &template).await? {
                Ok(path) => done.adrs.push((row.id.clone(), path)),
                Err(why) => done.fault = Some(why),
            }
        }
        Ok(())
    }

    /// Writes one record, once. The inner error is a refusal.
    async fn write_record(
        &self,
        row: &LedgerRow,
        template: &str,
    ) -> Result<Result<String, String>, EngagementError> {
        let step = format!("{}.adr", row.id);
        if let Some(path) = self.look(|e| first_path(e.state.commits.get(&step))).await {
            return Ok(Ok(path));
        }
        let number = self.next_number().await?;
        let name = format!("{number:04}-{}", slug(&row.title));
        let Ok(path) = RepoPath::parse(&format!("{FOLDER}/{name}.md")) else {
            return Ok(Err(format!("`{name}` is not a valid file name")));
        };
        let context = match row.source.as_str() {
            "" => format!("Recorded in the ledger by {} in {}.", row.author, row.phase),
            source => {
                format!("Recorded in the ledger by {} in {}, from {source}.", row.author, row.phase)
            }
        };
        let decision = if row.body.is_empty() { &row.title } else { &row.body };
        let adr = json!({
            "number": format!("{number:04}"),
            "title": row.title,
            "status": "accepted",
            "context": context,
            "decision": decision,
            "consequences": "None recorded in the ledger.",
        });
        let values = self.look(|e| {
            let phase = e.definition.phase(&row.phase);
            let mut values = phase.map(|phase| variables(e, phase)).unwrap_or_default();
            values["adr"] = adr;
            values
        });
        let text = match render(template, &values.await) {
            Ok(text) => text,
            Err(why) => return Ok(Err(format!("`templates/{TEMPLATE}.md`: {why}"))),
        };
        let message = format!("Record the decision: {}", row.title);
        let shown = path.as_str().to_owned();
        let made = self.commit(&step, ENGINE, vec![(path, text.into_bytes())], &message).await?;
        Ok(made.map(|_| shown))
    }

    /// The number after the highest that is there.
    async fn next_number(&self) -> Result<u32, EngagementError> {
        let Some(head) = self.look(|e| e.state.head.clone()).await else { return Ok(1) };
        let files = self.ports.repo.list(&head, FOLDER).await?;
        let numbers = files.iter().filter_map(|file| {
            let name = file.path.rsplit('/').next()?;
            name.get(..4)?.parse::<u32>().ok()
        });
        Ok(numbers.max().unwrap_or(0).saturating_add(1))
    }
}

fn first_path(commit: Option<&crate::engagement::event::CommitRecord>) -> Option<String> {
    commit?.paths.first().map(|(path, _)| path.clone())
}

/// A title as part of a file name.
pub(super) fn slug(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = words.take(8).collect::<Vec<_>>().join("-");
    slug.truncate(60);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "decision".to_owned() } else { slug.to_owned() }
}
