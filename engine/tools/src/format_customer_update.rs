//! `format_customer_update`: writes a short update for the customer, whose claims are checked.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;
use super::write_adr::slug;

pub(super) struct FormatCustomerUpdate;

/// Where updates are kept.
const FOLDER: &str = "docs/customer-updates";

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// The state of the work in one sentence: bad news first
    #[schemars(length(min = 1, max = 400))]
    headline: String,
    /// What is done since the last update
    #[serde(default)]
    #[schemars(length(max = 20))]
    done: Vec<Done>,
    /// What comes next, one line each
    #[serde(default)]
    #[schemars(length(max = 10), inner(length(min = 1, max = 400)))]
    next: Vec<String>,
    /// What the customer has to decide or provide, one line each, with the date it is needed by
    #[serde(default)]
    #[schemars(length(max = 10), inner(length(min = 1, max = 400)))]
    needed: Vec<String>,
    /// Risks, one line each, with what is done about them
    #[serde(default)]
    #[schemars(length(max = 10), inner(length(min = 1, max = 400)))]
    risks: Vec<String>,
}

/// Something that is done.
#[derive(Deserialize, JsonSchema)]
struct Done {
    /// What it is, in the customer's words
    #[schemars(length(min = 1, max = 400))]
    what: String,
    /// Path of the file that shows it, which must exist
    #[schemars(length(min = 1, max = 4096))]
    path: String,
}

#[async_trait]
impl TypedTool for FormatCustomerUpdate {
    type Arguments = Arguments;
    const NAME: &'static str = "format_customer_update";
    const DESCRIPTION: &'static str = "Writes an update for the customer to \
                                       docs/customer-updates/, in a fixed order: what is needed of \
                                       them, what is done, what comes next, risks. Files that it \
                                       names must exist.";
    const CAPABILITY: Capability = Capability::WriteFixed;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let mut text = format!("# Update: {}\n\n{}\n", at.phase(), row(&a.headline));
        let lines = |lines: &[String]| -> Vec<String> {
            lines.iter().map(|line| row(line).into_owned()).collect()
        };
        let nothing = ["Nothing at the moment.".to_owned()];
        let needed = if a.needed.is_empty() { nothing.to_vec() } else { lines(&a.needed) };
        section(&mut text, "What we need from you", &needed);
        let (mut done, files) = (Vec::new(), at.files("").await?);
        for Done { what, path } in &a.done {
            let Some(file) = files.iter().find(|found| found.file.path == *path) else {
                let why = format!("{} does not exist: name what is there", row(path));
                return Err(ToolError::Refused(why));
            };
            let by = file.origin.as_ref().map(|origin| format!(", {}", origin.agent));
            let by = by.unwrap_or_default();
            done.push(format!("{} (`{}`{by})", row(what), row(path)));
        }
        section(&mut text, "What is done", &done);
        section(&mut text, "What comes next", &lines(&a.next));
        section(&mut text, "Risks", &lines(&a.risks));
        let path = at.fixed(&format!("{FOLDER}/{}-{}.md", at.phase(), slug(&a.headline)))?;
        at.write(&path, text.clone(), &format!("Update the customer on {}", at.phase())).await?;
        Outcome::text(format!("Wrote {path}:\n\n{text}"))
    }
}

fn section(text: &mut String, heading: &str, lines: &[String]) {
    if !lines.is_empty() {
        let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
        text.push_str(&format!("\n## {heading}\n\n{lines}"));
    }
}
