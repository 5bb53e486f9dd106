//! `scan_dependencies`: what the code depends on, how firmly, and known vulnerabilities of it.

use std::collections::HashSet;

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use cloudcrew_ports::program::{Limits, ProgramEnd};
use schemars::JsonSchema;
use serde::Deserialize;

use super::manifests::{MANIFESTS, Manifest, read};
use super::outcome::{Outcome, ToolError};
use super::programs::{folder, ran};
use super::report::{counted, listed};
use super::tool::TypedTool;
use super::weaknesses::weakness;
use super::workplace::{Task, Workplace};

pub(super) struct ScanDependencies;

/// Maximum size of a manifest, in bytes.
const LARGEST: u64 = 1024 * 1024;
/// Maximum number of manifests.
const FILES: usize = 200;
/// Maximum number of findings to list.
const MOST: usize = 100;
/// CWE-1104, use of unmaintained third-party components; CWE-829, inclusion of functionality from
/// an untrusted source; CWE-1395, dependency on a vulnerable component.
const LOOSE: u32 = 1104;
const FOREIGN: u32 = 829;
const VULNERABLE: u32 = 1395;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Folder to scan, from the repository's root. Defaults to the whole repository
    #[serde(default)]
    #[schemars(length(max = 4096))]
    folder: String,
}

/// What `trivy --format json` prints.
#[derive(Deserialize)]
struct Report {
    #[serde(default, rename = "Results")]
    results: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(rename = "Target")]
    target: String,
    #[serde(default, rename = "Vulnerabilities")]
    vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    pkg_name: String,
    installed_version: String,
    #[serde(default)]
    fixed_version: String,
    severity: String,
}

#[async_trait]
impl TypedTool for ScanDependencies {
    type Arguments = Arguments;
    const NAME: &'static str = "scan_dependencies";
    const DESCRIPTION: &'static str = "Lists dependencies that are not pinned, have no lock file \
                                       or come from elsewhere than a registry, with CWE and OWASP; \
                                       and known vulnerabilities where Trivy and its database are \
                                       installed.";
    const CAPABILITY: Capability = Capability::Run;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let below = folder(&a.folder)?;
        let files = at.files(&below).await?;
        let paths: HashSet<&str> = files.iter().map(|found| found.file.path.as_str()).collect();
        let (mut findings, mut dependencies, mut manifests, mut unread) =
            (Findings::default(), 0, 0, 0);
        for found in &files {
            let path = &found.file.path;
            let (within, name) = path.rsplit_once('/').unwrap_or(("", path));
            let Some(kind) = Manifest::of(name) else { continue };
            if manifests == FILES || found.file.size > LARGEST {
                unread += 1;
                continue;
            }
            manifests += 1;
            let Some(content) = at.file(path).await? else { continue };
            let Some(all) = read(kind, &String::from_utf8_lossy(&content)) else {
                findings.add(format!("{}: does not parse, so nothing is known of it", row(path)));
                continue;
            };
            dependencies += all.len();
            // The lock file of a workspace is in a folder above.
            let has = |lock: &&str| {
                let folders = std::iter::successors(Some(within), |folder| {
                    (!folder.is_empty())
                        .then(|| folder.rsplit_once('/').map_or("", |(above, _)| above))
                });
                folders.into_iter().any(|folder| {
                    let path = match folder {
                        "" => (*lock).to_owned(),
                        folder => format!("{folder}/{lock}"),
                    };
                    paths.contains(path.as_str())
                })
            };
            let locks = kind.locks();
            let has_lock = locks.iter().any(has);
            if !locks.is_empty() && !has_lock && !all.is_empty() {
                let lock = locks.join(" or ");
                let weakness = weakness(LOOSE);
                findings.add(format!(
                    "{}: there is no {lock} beside or above it ({weakness})",
                    row(path)
                ));
            }
            for dependency in all {
                let place = format!("{}:{}", row(path), dependency.line);
                let name = row(&dependency.name).into_owned();
                if dependency.foreign {
                    let weakness = weakness(FOREIGN);
                    findings
                        .add(format!("{place}: {name} does not come from a registry ({weakness})"));
                } else if !dependency.pinned && !has_lock {
                    let weakness = weakness(LOOSE);
                    findings
                        .add(format!("{place}: {name} is not pinned to a version ({weakness})"));
                }
            }
        }
        let known = vulnerabilities(at, &below).await?;
        let mut text = format!(
            "{} in {} of {}.\n{}",
            counted(findings.count, "finding"),
            match dependencies {
                1 => "1 dependency".to_owned(),
                many => format!("{many} dependencies"),
            },
            counted(manifests, "file"),
            findings.text()
        );
        if manifests == 0 {
            text.push_str(&format!("No file that names dependencies: {}\n", MANIFESTS.join(", ")));
        }
        if unread > 0 {
            text.push_str(&format!("Not read: {}\n", counted(unread, "large or further file")));
        }
        text.push_str(&known);
        Outcome::text(text)
    }
}

/// Findings, of which the first are kept.
#[derive(Default)]
struct Findings {
    lines: Vec<String>,
    count: usize,
}

impl Findings {
    fn add(&mut self, line: String) {
        self.count += 1;
        if self.lines.len() < MOST {
            self.lines.push(line);
        }
    }

    fn text(&self) -> String {
        let more = self.count - self.lines.len();
        let more = if more > 0 { format!("- and {more} more\n") } else { String::new() };
        format!("{}{more}", listed(&self.lines, MOST))
    }
}

/// The vulnerabilities that Trivy knows, or why they were not checked.
async fn vulnerabilities(at: &dyn Workplace, folder: &str) -> Result<String, ToolError> {
    let arguments = [
        "fs",
        "--scanners",
        "vuln",
        "--format",
        "json",
        "--quiet",
        "--skip-db-update",
        "--skip-java-db-update",
        "--offline-scan",
        ".",
    ];
    let task = Task {
        program: "trivy".to_owned(),
        arguments: arguments.map(str::to_owned).to_vec(),
        folder: folder.to_owned(),
        environment: Vec::new(),
        limits: Limits::default(),
    };
    let not = |why: &str| {
        format!(
            "Known vulnerabilities: not checked, {why}. Say so; do not claim that there are none.\n"
        )
    };
    let ran = match ran(at, task).await {
        Ok(ran) => ran,
        Err(ToolError::Refused(_)) => return Ok(not("because Trivy cannot run here")),
        Err(failed) => return Err(failed),
    };
    let report = serde_json::from_slice::<Report>(&ran.output).ok();
    let Some(report) = report.filter(|_| ran.end == ProgramEnd::Exited(0)) else {
        return Ok(not("because Trivy failed, perhaps without its database"));
    };
    let mut lines = Vec::new();
    for target in &report.results {
        for found in &target.vulnerabilities {
            let fixed = match found.fixed_version.as_str() {
                "" => "not fixed yet".to_owned(),
                version => format!("fixed in {version}"),
            };
            lines.push(
                row(&format!(
                    "{}: {} {} {}: {}, {fixed} ({})",
                    target.target,
                    found.pkg_name,
                    found.installed_version,
                    found.severity.to_lowercase(),
                    found.id,
                    weakness(VULNERABLE)
                ))
                .into_owned(),
            );
        }
    }
    Ok(format!("Known vulnerabilities: {}.\n{}", lines.len(), listed(&lines, MOST)))
}
