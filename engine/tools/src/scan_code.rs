//! `scan_code`: Bandit's findings in Python code.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use cloudcrew_ports::program::{Limits, ProgramEnd};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::programs::{below, folder, ran, settings};
use super::report::counted;
use super::tool::TypedTool;
use super::weaknesses::weakness;
use super::workplace::{Task, Workplace};

pub(super) struct ScanCode;

/// Maximum number of findings to list.
const MOST: usize = 100;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Folder to scan, from the repository's root; folders below it are included
    #[schemars(length(min = 1, max = 4096))]
    folder: String,
}

/// What `bandit --format json` prints.
#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    errors: Vec<Unread>,
    #[serde(default)]
    results: Vec<Found>,
    metrics: std::collections::BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Unread {
    filename: String,
    reason: String,
}

#[derive(Deserialize)]
struct Found {
    filename: String,
    line_number: u64,
    test_id: String,
    issue_text: String,
    issue_severity: String,
    issue_confidence: String,
    issue_cwe: Option<Cwe>,
}

#[derive(Deserialize)]
struct Cwe {
    id: Option<u32>,
}

#[async_trait]
impl TypedTool for ScanCode {
    type Arguments = Arguments;
    const NAME: &'static str = "scan_code";
    const DESCRIPTION: &'static str = "Scans the Python code of a folder with Bandit, and lists \
                                       each finding with its file, line, severity, CWE number and \
                                       OWASP category.";
    const CAPABILITY: Capability = Capability::Run;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;
    const PROGRAMS: &'static [&'static str] = &["bandit"];

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let below_root = folder(&a.folder)?;
        let arguments = ["--recursive", ".", "--format", "json", "--quiet"];
        let task = Task {
            program: "bandit".to_owned(),
            arguments: arguments.map(str::to_owned).to_vec(),
            folder: below_root.clone(),
            environment: Vec::new(),
            limits: Limits::default(),
        };
        let ran = ran(at, task).await?;
        let is_done = matches!(ran.end, ProgramEnd::Exited(0 | 1));
        let report = serde_json::from_slice::<Report>(&ran.output).ok().filter(|_| is_done);
        let Some(report) = report else {
            // Not as it is: it quotes what it takes for passwords.
            let text = format!(
                "bandit {}, and its report of {} bytes cannot be read. Try a smaller folder.",
                ran.end,
                ran.output.len()
            );
            return Outcome::text(text);
        };
        let settings = settings(at, &below_root, &[".bandit", "bandit.yaml"]).await?;
        Outcome::text(format!("{}{settings}", summary(&below_root, report)))
    }
}

fn summary(folder: &str, mut report: Report) -> String {
    let files = report.metrics.keys().filter(|name| *name != "_totals").count();
    let named = if folder.is_empty() { "the repository" } else { folder };
    let found = counted(report.results.len(), "finding");
    let mut text = format!("Bandit in {named}: {found} in {}.\n", counted(files, "Python file"));
    if files == 0 {
        text.push_str("It found no Python code: that is not a clean result.\n");
    }
    let rank = |severity: &str| match severity {
        "HIGH" => 0,
        "MEDIUM" => 1,
        _ => 2,
    };
    report.results.sort_by_key(|found| rank(&found.issue_severity));
    let more = report.results.len().saturating_sub(MOST);
    for found in report.results.iter().take(MOST) {
        // What it takes for a password is quoted, and must not travel on.
        let issue = match found.test_id.as_str() {
            "B105" | "B106" | "B107" => found.issue_text.split(':').next().unwrap_or_default(),
            _ => &found.issue_text,
        };
        let cwe = found.issue_cwe.as_ref().and_then(|cwe| cwe.id).map(weakness);
        let said = format!(
            "{}:{}: {} severity, {} confidence: {} {} ({})",
            below(folder, &found.filename),
            found.line_number,
            found.issue_severity.to_lowercase(),
            found.issue_confidence.to_lowercase(),
            found.test_id,
            issue,
            cwe.unwrap_or_else(|| "no CWE".to_owned()),
        );
        text.push_str(&format!("{}\n", row(&said)));
    }
    if more > 0 {
        text.push_str(&format!("and {more} more\n"));
    }
    for Unread { filename, reason } in report.errors.iter().take(MOST) {
        text.push_str(&format!("not scanned: {}\n", row(&format!("{filename}: {reason}"))));
    }
    text
}
