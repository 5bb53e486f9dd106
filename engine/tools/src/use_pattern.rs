//! `use_pattern`: writes the files of a pattern.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::ledger::LedgerKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, PatternAct, ToolError};
use super::tool::TypedTool;
use super::workplace::{Workplace, unmarked};

pub(super) struct UsePattern;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Name of the pattern, as search_patterns shows it
    #[schemars(length(min = 1, max = 64))]
    pattern: String,
    /// Folder in your scope to write to. Defaults to the repository root
    #[serde(default)]
    #[schemars(length(max = 1000))]
    folder: String,
}

#[async_trait]
impl TypedTool for UsePattern {
    type Arguments = Arguments;
    const NAME: &'static str = "use_pattern";
    const DESCRIPTION: &'static str = "Writes all files of a pattern to a folder in your scope, in \
                                       one commit, replacing files of the same name. Adapt them \
                                       afterwards. Reviewers are told where the files came from.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let all = at.patterns("").await?;
        let Some(found) = all.into_iter().find(|offered| offered.pattern.name == a.pattern) else {
            return Err(ToolError::Refused(format!("no pattern is named `{}`", a.pattern)));
        };
        let pattern = found.pattern;
        let folder = a.folder.trim_matches('/');
        let mut files = Vec::new();
        for (path, content) in &pattern.files {
            let path = match folder {
                "" | "." => path.clone(),
                folder => format!("{folder}/{path}"),
            };
            unmarked(content)?;
            files.push((at.admit(&path)?, content.clone().into_bytes()));
        }
        let paths: Vec<String> = files.iter().map(|(path, _)| path.to_string()).collect();
        let digest = pattern.digest();
        let short = digest.get(..12).unwrap_or(&digest).to_owned();
        let message = format!("Use the pattern {} ({short})", pattern.name);
        at.put(files, &message).await?.map_err(ToolError::Refused)?;
        let title = format!("{} uses the pattern {} ({short})", at.agent().name, pattern.name);
        let body = format!("It wrote {}.", paths.join(", "));
        let mut done = at.note(LedgerKind::Fact, &title, &body, "").await?;
        let text = format!("Wrote {}. Adapt them to the requirements.", paths.join(", "));
        done.pattern = Some(Box::new(PatternAct::Used { name: pattern.name, digest, paths }));
        Ok(Outcome::Done(text, done))
    }
}
