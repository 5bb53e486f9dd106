//! `scan_infrastructure`: Checkov's findings in infrastructure code.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use cloudcrew_ports::program::{Limits, ProgramEnd};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::outcome::{Outcome, ToolError};
use super::programs::{below, folder, ran, settings};
use super::tool::TypedTool;
use super::workplace::{Task, Workplace};

pub(super) struct ScanInfrastructure;

/// Maximum number of findings to list.
const MOST: usize = 100;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Folder to scan, from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    folder: String,
}

#[async_trait]
impl TypedTool for ScanInfrastructure {
    type Arguments = Arguments;
    const NAME: &'static str = "scan_infrastructure";
    const DESCRIPTION: &'static str = "Scans Terraform, Dockerfiles, Kubernetes and other \
                                       infrastructure code of a folder with Checkov, and lists \
                                       each failed check with its file, line and resource.";
    const CAPABILITY: Capability = Capability::Run;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;
    const PROGRAMS: &'static [&'static str] = &["checkov"];

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let below_root = folder(&a.folder)?;
        let arguments = ["--directory", ".", "--output", "json", "--compact", "--quiet"];
        let task = Task {
            program: "checkov".to_owned(),
            arguments: arguments.map(str::to_owned).to_vec(),
            folder: below_root.clone(),
            environment: vec![("LOG_LEVEL".to_owned(), "ERROR".to_owned())],
            limits: Limits { processes: 512, ..Limits::default() },
        };
        let ran = ran(at, task).await?;
        let is_done = matches!(ran.end, ProgramEnd::Exited(0 | 1));
        let report = serde_json::from_slice::<Value>(&ran.output).ok().filter(|_| is_done);
        let Some(report) = report else {
            // Not as it is: it quotes what it takes for passwords.
            let text = format!(
                "checkov {}, and its report of {} bytes cannot be read. Try a smaller folder.",
                ran.end,
                ran.output.len()
            );
            return Outcome::text(text);
        };
        let settings = settings(at, &below_root, &[".checkov.yaml", ".checkov.yml"]).await?;
        Outcome::text(format!("{}{settings}", summary(&below_root, &report)))
    }
}

/// The report in words. With several kinds of files, it is a list.
fn summary(folder: &str, report: &Value) -> String {
    let one = std::slice::from_ref(report);
    let parts: &[Value] = report.as_array().map_or(one, Vec::as_slice);
    let count = |part: &Value, name: &str| match part.get("summary") {
        Some(summary) => summary[name].as_u64().unwrap_or_default(),
        // Without files that it knows, the report is the summary.
        None => part[name].as_u64().unwrap_or_default(),
    };
    let total = |name: &str| parts.iter().map(|part| count(part, name)).sum::<u64>();
    let version = parts.iter().find_map(|part| {
        let named = part["summary"]["checkov_version"].as_str();
        named.or_else(|| part["checkov_version"].as_str())
    });
    let named = if folder.is_empty() { "the repository" } else { folder };
    let mut text = format!(
        "Checkov {} in {named}: {} checks passed, {} failed, {} skipped, {} files not parsed.\n",
        row(version.unwrap_or("(version unknown)")),
        total("passed"),
        total("failed"),
        total("skipped"),
        total("parsing_errors"),
    );
    if total("passed") + total("failed") + total("parsing_errors") == 0 {
        text.push_str("It found nothing to check: that is not a clean result.\n");
    }
    let failed = parts.iter().filter_map(|part| part["results"]["failed_checks"].as_array());
    let mut lines: Vec<String> = failed.flatten().map(|found| line(folder, found)).collect();
    lines.sort();
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    text.push_str(&lines.join("\n"));
    if more > 0 {
        text.push_str(&format!("\nand {more} more"));
    }
    text.push('\n');
    text
}

fn line(folder: &str, found: &Value) -> String {
    let word = |key: &str| found[key].as_str().unwrap_or_default();
    let at = found["file_line_range"][0].as_u64().unwrap_or_default();
    let said = format!(
        "{}:{at}: {} {} ({})",
        below(folder, word("file_path")),
        word("check_id"),
        word("check_name"),
        word("resource")
    );
    row(&said).into_owned()
}
