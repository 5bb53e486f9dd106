//! `terraform_validate`: checks Terraform files against the schemas of their providers.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::programs::{below, folder, printed};
use super::terraform::ran;
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct TerraformValidate;

/// Maximum number of mistakes to list.
const MOST: usize = 100;
/// What it runs.
const SCRIPT: &str = "terraform init -backend=false -input=false -no-color >&2 && \
                      exec terraform validate -json";

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Folder with the root module, from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    folder: String,
}

/// What `terraform validate -json` prints.
#[derive(Deserialize)]
struct Report {
    valid: bool,
    #[serde(default)]
    diagnostics: Vec<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    severity: String,
    summary: String,
    #[serde(default)]
    detail: String,
    range: Option<Range>,
}

#[derive(Deserialize)]
struct Range {
    filename: String,
    start: Start,
}

#[derive(Deserialize)]
struct Start {
    line: u64,
}

#[async_trait]
impl TypedTool for TerraformValidate {
    type Arguments = Arguments;
    const NAME: &'static str = "terraform_validate";
    const DESCRIPTION: &'static str = "Checks the Terraform of a folder with `terraform \
                                       validate`: syntax, references and the arguments of \
                                       resources. Providers come from this machine's mirror; \
                                       nothing is planned or applied.";
    const CAPABILITY: Capability = Capability::Run;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;
    const PROGRAMS: &'static [&'static str] = &["terraform"];

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let below_root = folder(&a.folder)?;
        let ran = ran(at, &below_root, SCRIPT).await?;
        let Ok(report) = serde_json::from_slice::<Report>(&ran.output) else {
            let text = format!("terraform {}.\n{}", ran.end, printed(&ran));
            return Outcome::text(text);
        };
        let lines = report.diagnostics.iter().map(|found| line(&below_root, found));
        let mut lines: Vec<String> = lines.collect();
        let more = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        let verdict = if report.valid { "is valid" } else { "is not valid" };
        let lines = lines.join("\n");
        Outcome::text(format!("The Terraform in {} {verdict}.\n{lines}", a.folder))
    }
}

fn line(folder: &str, found: &Diagnostic) -> String {
    let place = found.range.as_ref().map(|at| {
        let path = below(folder, &at.filename);
        format!("{path}:{}: ", at.start.line)
    });
    let Diagnostic { severity, summary, detail, .. } = found;
    let said = format!("{}{severity}: {summary} {detail}", place.unwrap_or_default());
    row(&said).trim_end().to_owned()
}
