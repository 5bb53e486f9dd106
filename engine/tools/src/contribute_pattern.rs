//! `contribute_pattern`: adds files of the repository to the library of patterns.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::crew::Pattern;
use cloudcrew_definition::path::RepoPath;
use cloudcrew_ports::ledger::LedgerKind;
use cloudcrew_ports::pattern::{MAX_BYTES, MAX_FILES};
use cloudcrew_ports::secret::redacted;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, PatternAct, ToolError};
use super::tool::TypedTool;
use super::workplace::{Workplace, unmarked};

pub(super) struct ContributePattern;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// A new name, such as `queue-with-dead-letters`
    #[schemars(regex(pattern = r"^[a-z][a-z0-9_-]{0,62}$"))]
    name: String,
    /// What it is, in one line
    #[schemars(length(min = 1, max = 120))]
    title: String,
    /// What kind of files it holds, such as `infrastructure`
    #[schemars(length(min = 1, max = 40))]
    category: String,
    /// Words under which it is found
    #[serde(default)]
    #[schemars(length(max = 20))]
    tags: Vec<String>,
    /// When to use it, when not, and what to decide
    #[schemars(length(min = 1, max = 8000))]
    description: String,
    /// Folder of the repository whose files it holds, with all folders below
    #[schemars(length(min = 1, max = 1000))]
    folder: String,
}

#[async_trait]
impl TypedTool for ContributePattern {
    type Arguments = Arguments;
    const NAME: &'static str = "contribute_pattern";
    const DESCRIPTION: &'static str = "Adds the text files of a folder to the library of patterns, \
                                       as a draft that later engagements may use. Take out first \
                                       what is only true here: names, accounts, addresses.";
    const CAPABILITY: Capability = Capability::Library;
    const EFFECT: Effect = Effect::Keyed;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let refused = |why: String| Err(ToolError::Refused(why));
        let folder = a.folder.trim_matches('/').to_owned();
        let listed = at.files(&folder).await?;
        if listed.is_empty() {
            return refused(format!("`{folder}` has no files"));
        }
        let bytes = listed.iter().fold(0_u64, |sum, file| sum.saturating_add(file.file.size));
        if listed.len() > MAX_FILES || bytes > MAX_BYTES as u64 {
            let most = MAX_BYTES >> 10;
            return refused(format!(
                "a pattern has at most {MAX_FILES} files with {most} KiB; `{folder}` has {} with \
                 {} KiB",
                listed.len(),
                bytes >> 10
            ));
        }
        let mut files = Vec::new();
        for file in listed {
            let path = file.file.path;
            let below = path.strip_prefix(&format!("{folder}/")).unwrap_or(&path).to_owned();
            let content = String::from_utf8(at.file(&path).await?.unwrap_or_default());
            let Ok(content) = content else { return refused(format!("{path} is not text")) };
            if redacted(&content) != content {
                return refused(format!("{path} holds what looks like a secret"));
            }
            unmarked(&content)?;
            if let Err(why) = RepoPath::parse(&below) {
                return refused(format!("`{below}` cannot be written elsewhere: {why}"));
            }
            files.push((below, content));
        }
        files.sort();
        let pattern = Pattern {
            name: a.name,
            title: redacted(&a.title).into_owned(),
            category: a.category,
            tags: a.tags,
            description: redacted(&a.description).into_owned(),
            files,
        };
        let (name, digest) = (pattern.name.clone(), pattern.digest());
        at.offer(pattern).await?.map_err(ToolError::Refused)?;
        let title = format!("{} contributes the pattern {name}", at.agent().name);
        let mut done = at.note(LedgerKind::Fact, &title, &format!("From {folder}."), "").await?;
        done.pattern = Some(Box::new(PatternAct::Contributed { name: name.clone(), digest }));
        Ok(Outcome::Done(format!("{name} is a draft of the library now."), done))
    }
}
