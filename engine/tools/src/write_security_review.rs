//! `write_security_review`: writes a security review whose findings are complete and located.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::outcome::{Outcome, ToolError};
use super::report::{cell, counted};
use super::tool::TypedTool;
use super::weaknesses::weakness;
use super::workplace::Workplace;

pub(super) struct WriteSecurityReview;

/// Name of the template that it fills in.
const TEMPLATE: &str = "security_review";
/// The heading below which the findings are listed.
const FINDINGS: &str = "Findings";

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path of the review from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// Text below each heading of the template except Findings, keyed by the heading
    sections: BTreeMap<String, String>,
    /// The findings, worst first; empty if there are none
    #[schemars(length(max = 100))]
    findings: Vec<Found>,
    /// What was tried, when there are no findings
    #[serde(default)]
    #[schemars(length(max = 4000))]
    tried: String,
}

/// A finding.
#[derive(Deserialize, JsonSchema)]
struct Found {
    severity: Severity,
    /// Path of the file, with the line as in infra/main.tf:12. The file must exist
    #[schemars(length(min = 1, max = 4200))]
    place: String,
    /// Number of the weakness in CWE
    #[schemars(range(min = 1, max = 2000))]
    cwe: u32,
    /// What is wrong, and how it could be exploited
    #[schemars(length(min = 1, max = 2000))]
    what: String,
    /// The smallest fix
    #[schemars(length(min = 1, max = 1000))]
    fix: String,
    /// The agent who fixes it
    #[schemars(length(min = 1, max = 64))]
    owner: String,
    state: State,
}

#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "snake_case")]
enum Severity {
    Critical,
    High,
    Medium,
    Low,
}

#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum State {
    Open,
    Fixed,
    /// Accepted by the customer
    Accepted,
}

#[async_trait]
impl TypedTool for WriteSecurityReview {
    type Arguments = Arguments;
    const NAME: &'static str = "write_security_review";
    const DESCRIPTION: &'static str = "Writes a security review from the template security_review: \
                                       your text below each heading, and a table of findings with \
                                       severity, place, CWE and OWASP category, fix, owner and \
                                       state. Files that it names must exist.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = at.admit(&a.path)?;
        let form = at.fill_in(TEMPLATE, json!({ "deliverable": { "path": a.path } })).await;
        let form = form.map_err(ToolError::Refused)?;
        let headings: Vec<&str> =
            form.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let mut wrong = Vec::new();
        if !headings.contains(&FINDINGS) {
            wrong.push(format!("the template has no heading `{FINDINGS}`"));
        }
        if a.sections.contains_key(FINDINGS) {
            wrong.push(format!("`{FINDINGS}` is written from `findings`, not from `sections`"));
        }
        for heading in headings.iter().filter(|heading| **heading != FINDINGS) {
            if a.sections.get(*heading).is_none_or(|text| text.trim().is_empty()) {
                wrong.push(format!("the section `{heading}` is empty"));
            }
        }
        let listed = headings.iter().filter(|heading| **heading != FINDINGS);
        let listed = listed.copied().collect::<Vec<_>>().join(", ");
        for heading in a.sections.keys().filter(|heading| !headings.contains(&heading.as_str())) {
            wrong.push(format!("the template has no `{}`; it has {listed}", row(heading)));
        }
        let files = at.files("").await?;
        let (colleagues, mut last) = (at.colleagues().await, Severity::Critical);
        for (n, finding) in a.findings.iter().enumerate() {
            let number = n + 1;
            let file = finding.place.split(':').next().unwrap_or_default();
            if !files.iter().any(|found| found.file.path == file) {
                wrong.push(format!("finding {number}: {} does not exist", row(file)));
            }
            if !colleagues.contains(&finding.owner) {
                wrong.push(format!("finding {number}: no agent `{}` here", row(&finding.owner)));
            }
            if finding.severity < last {
                wrong.push(format!("finding {number} is worse than the one before it"));
            }
            last = finding.severity;
        }
        if a.findings.is_empty() && a.tried.trim().is_empty() {
            wrong.push("without findings, say in `tried` what was tried".to_owned());
        }
        if !wrong.is_empty() {
            return Err(ToolError::Refused(format!("Not written: {}.", wrong.join("; "))));
        }
        let table = table(&a.findings, &a.tried);
        let text = filled(&form, |heading| match heading {
            FINDINGS => Some(table.as_str()),
            heading => a.sections.get(heading).map(String::as_str),
        });
        let severe = |f: &&Found| f.severity <= Severity::High && f.state == State::Open;
        let open = a.findings.iter().filter(severe).count();
        at.write(&path, text, &format!("Review the security of {}", at.phase())).await?;
        Outcome::text(format!(
            "Wrote {path}: {}, {open} open and critical or high",
            counted(a.findings.len(), "finding")
        ))
    }
}

/// The findings as a table, or what was tried.
fn table(findings: &[Found], tried: &str) -> String {
    if findings.is_empty() {
        return format!("None.\n\n{}", tried.trim());
    }
    let mut table = String::from(
        "| Severity | Place | Weakness | What is wrong | Smallest fix | Owner | State |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for finding in findings {
        let severity = match finding.severity {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        };
        let state = match finding.state {
            State::Open => "open",
            State::Fixed => "fixed",
            State::Accepted => "accepted",
        };
        table.push_str(&format!(
            "| {severity} | {} | {} | {} | {} | {} | {state} |\n",
            cell(&finding.place),
            weakness(finding.cwe),
            cell(&finding.what),
            cell(&finding.fix),
            cell(&finding.owner)
        ));
    }
    table
}

/// A template with the text below each heading in place of its comment.
fn filled<'a>(form: &str, text: impl Fn(&str) -> Option<&'a str>) -> String {
    let (mut whole, mut replaced) = (String::new(), false);
    for line in form.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            whole.push_str(line);
            whole.push('\n');
            replaced = false;
            if let Some(text) = text(heading) {
                whole.push_str(&format!("\n{}\n\n", text.trim()));
                replaced = true;
            }
            continue;
        }
        // What the template says below a heading gives way to the text.
        if !replaced {
            whole.push_str(line);
            whole.push('\n');
        }
    }
    format!("{}\n", whole.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_takes_the_place_of_what_the_template_says() {
        let form = "# Review\n\nOf shop.\n\n## Threats\n<!-- fill(a): say -->\n\n## Findings\n<!-- \
                    fill(b): rows -->\n";
        let text = filled(form, |heading| match heading {
            "Threats" => Some("Theft.\n"),
            "Findings" => Some("None. We looked."),
            _ => None,
        });
        let wanted =
            "# Review\n\nOf shop.\n\n## Threats\n\nTheft.\n\n## Findings\n\nNone. We looked.\n";
        assert_eq!(text, wanted);
    }
}
