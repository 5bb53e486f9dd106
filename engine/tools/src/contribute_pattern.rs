//! `contribute_pattern`: adds files of the repository to the pattern library.

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
    /// Search keywords
    #[serde(default)]
    #[schemars(length(max = 20))]
    tags: Vec<String>,
    /// When to use it, when not, and what to decide
    #[schemars(length(min = 1, max = 8000))]
    description: String,
    /// Folder of the repository whose files to include, with subfolders
    #[schemars(length(min = 1, max = 1000))]
    folder: String,
}

#[async_trait]
impl TypedTool for ContributePattern {
    type Arguments = Arguments;
    const NAME: &'static str = "contribute_pattern";
    const DESCRIPTION: &'static str = "Adds the text files of a folder to the pattern library, as a \
                                       draft for later engagements. First remove what is specific \
                                       to this customer: names, accounts, addresses.";
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
                "a pattern can have at most {MAX_FILES} files and {most} KiB; `{folder}` has {} \
                 files and {} KiB",
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
                return refused(format!("{path} appears to contain a secret"));
            }
            unmarked(&content)?;
            if let Err(why) = RepoPath::parse(&below) {
                return refused(format!("`{below}` is not a valid path for a pattern: {why}"));
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
        Ok(Outcome::Done(format!("Added {name} to the library as a draft."), done))
    }
}
