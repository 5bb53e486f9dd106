//! Findings as data, and their output formats.

mod github;
mod human;
pub mod json;
mod sarif;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::shown::{self, row, without_passwords};
use crate::source::{Sources, Span};

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Must be fixed before anything runs.
    Error,
    /// Does not prevent a run, but probably not intended.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A place and a note about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A note about the place; may be empty.
    pub text: String,
}

/// A replacement of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The bytes to replace.
    pub span: Span,
    /// The new text.
    pub replacement: String,
    /// Whether the fix is unambiguous, so that `check --fix` applies it without asking.
    pub safe: bool,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code of the check.
    pub code: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// What is wrong: a lowercase fragment in the present tense.
    pub message: String,
    /// Where it is; `None` if the finding concerns the whole workspace.
    pub at: Option<Label>,
    /// Other places that contribute to it.
    pub related: Vec<Label>,
    /// Ways to fix it.
    pub help: Vec<String>,
    /// The most likely fix.
    pub suggestion: Option<Suggestion>,
    /// Beyond the limit for its check: it is counted but not reported, so no help is computed.
    spare: bool,
}

impl Diagnostic {
    /// Sets the place of the finding, with a note about it.
    pub fn at(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.at = Some(Label { span, text: row(&text.into()).into_owned() });
        self
    }

    /// Adds another place that contributes to the finding.
    pub fn also(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.related.push(Label { span, text: row(&text.into()).into_owned() });
        self
    }

    /// Adds a way to fix it.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help.push(row(&text.into()).into_owned());
        self
    }

    /// Suggests a replacement. `safe` means that the fix is unambiguous.
    pub fn instead(&mut self, replacement: impl Into<String>, safe: bool) -> &mut Self {
        let replacement = replacement.into();
        let help = format!("write `{replacement}`");
        if let Some(at) = &self.at {
            self.suggestion = Some(Suggestion { span: at.span, replacement, safe });
        }
        self.help(help)
    }

    /// Suggests the closest name, or lists the available names.
    pub fn help_closest<'n>(
        &mut self,
        written: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> &mut Self {
        if self.spare {
            return self;
        }
        let names: Vec<&str> = names.into_iter().collect();
        match closest(written, &names) {
            Some(name) => {
                if let Some(at) = &self.at {
                    let certain =
                        CERTAIN.contains(&self.code) && written.chars().count() >= SAFE_LENGTH;
                    let safe = certain && alone(written, name, &names);
                    self.suggestion =
                        Some(Suggestion { span: at.span, replacement: quoted(name), safe });
                }
                self.help(format!("did you mean `{name}`?"))
            }
            None if names.is_empty() => self,
            None => {
                let shown: Vec<String> = names.iter().take(12).map(|n| format!("`{n}`")).collect();
                let more = if names.len() > 12 { ", ..." } else { "" };
                self.help(format!("available: {}{more}", shown.join(", ")))
            }
        }
    }
}

/// Checks against names that the engine or `agents.yaml` defines. Elsewhere, either side may be
/// wrong: a test must not be fixed to expect a typo in a phase.
const CERTAIN: [&str; 7] = [
    "unknown-key",
    "bad-value",
    "unknown-agent",
    "unknown-model",
    "unknown-tool",
    "unknown-finalize-step",
    "prompt-variable",
];

/// A word for use anywhere in YAML, with quotes if it needs them.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ');
    let edges = |c: char| c.is_ascii_alphanumeric();
    let ends = word.starts_with(edges) && word.ends_with(edges);
    if ends && word.chars().all(plain) {
        word.to_owned()
    } else {
        serde_json::Value::from(word).to_string()
    }
}

/// In a shorter word, a single typo can turn one name into another.
const SAFE_LENGTH: usize = 4;

/// Maximum length in bytes of the words that are compared. The time grows with the square of the
/// length.
const LONGEST: usize = 256;
/// A distance greater than any typo.
const FAR: usize = 1_000_000;

/// The edit distance between two words, ignoring case.
pub(crate) fn distance(written: &str, name: &str) -> usize {
    if written.len().max(name.len()) > LONGEST {
        return if written == name { 0 } else { FAR };
    }
    strsim::damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase())
}

/// Whether the closest name is at most two edits away, and every other name is at least two edits
/// further.
fn alone(written: &str, closest: &str, names: &[&str]) -> bool {
    let best = distance(written, closest);
    best <= 2 && names.iter().all(|n| *n == closest || distance(written, n) >= best + 2)
}

/// The name that was probably intended. If several are equally close, the first.
pub fn closest<'n>(written: &str, names: &[&'n str]) -> Option<&'n str> {
    let near = |name: &&'n str| distance(written, name);
    let limit = (written.chars().count() / 3).max(1) + usize::from(written.chars().count() > 2);
    // Each edit changes the length by at most one.
    let like = names
        .iter()
        .copied()
        .filter(|n| n.chars().count().abs_diff(written.chars().count()) <= limit);
    like.min_by_key(|n| near(n)).filter(|n| near(n) <= limit && *n != written)
}

/// Maximum number of findings of one check in one file, and again in the checks that compare files.
/// No one reads more, and it bounds the memory for a file with a million faults.
pub(crate) const MOST: usize = 100;

/// All findings of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Report {
    found: Vec<Diagnostic>,
    /// The number of findings of each check.
    counts: BTreeMap<&'static str, usize>,
    /// The last finding beyond the limit.
    spare: Option<Diagnostic>,
}

impl Report {
    /// An empty report.
    pub fn new() -> Report {
        Report::default()
    }

    /// Adds an error. Use the result to set its place and help.
    pub fn error(&mut self, code: &'static str, message: impl Into<String>) -> &mut Diagnostic {
        self.add(code, Severity::Error, message.into())
    }

    /// Adds a finding.
    pub fn add(
        &mut self,
        code: &'static str,
        severity: Severity,
        message: String,
    ) -> &mut Diagnostic {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        let spare = *count > MOST;
        // Messages contain text from the files, which may contain anything.
        let message = without_passwords(&row(&message)).into_owned();
        let new = Diagnostic {
            code,
            severity,
            message,
            at: None,
            related: Vec::new(),
            help: Vec::new(),
            suggestion: None,
            spare,
        };
        if spare {
            return self.spare.insert(new);
        }
        self.found.push(new);
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    /// Adds the number of further findings to the last reported finding of each check beyond the
    /// limit.
    pub(crate) fn close(&mut self) {
        for (code, count) in
            std::mem::take(&mut self.counts).into_iter().filter(|(_, count)| *count > MOST)
        {
            if let Some(last) = self.found.iter_mut().rfind(|d| d.code == code) {
                last.help.push(format!("and {} more like this", count - MOST));
            }
        }
        self.spare = None;
    }

    /// Adds findings from another report.
    pub fn extend(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        self.found.extend(found);
    }

    /// Consumes the report and returns its findings.
    pub fn into_found(mut self) -> Vec<Diagnostic> {
        self.close();
        self.found
    }

    /// Keeps only some findings.
    pub fn retain(&mut self, is_kept: impl FnMut(&Diagnostic) -> bool) {
        self.found.retain(is_kept);
    }

    /// Removes findings, and returns them.
    pub fn take(&mut self, is_taken: impl FnMut(&mut Diagnostic) -> bool) -> Vec<Diagnostic> {
        self.found.extract_if(.., is_taken).collect()
    }

    /// The findings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.found
    }

    /// Whether anything must be fixed before a run.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }

    /// Sorts the findings by file and position, and removes duplicates.
    pub fn sort(&mut self, sources: &Sources) {
        let key = |d: &Diagnostic| {
            d.at.as_ref().map(|l| (sources.path(l.span.file).to_owned(), l.span.start, l.span.end))
        };
        self.found.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.code.cmp(b.code)));
        // What several phases inherit is wrong once.
        let place = |d: &Diagnostic| d.at.as_ref().map(|l| l.span);
        self.found.dedup_by(|one, other| {
            (one.code, &one.message, place(one)) == (other.code, &other.message, place(other))
        });
    }
}

/// Output formats for findings.
#[derive(Debug, Clone, Copy)]
pub enum Format {
    /// Excerpts and labels, for people.
    Human {
        /// Whether to use colours.
        colour: bool,
    },
    /// One JSON document, version 1.
    Json,
    /// SARIF 2.1.0.
    Sarif {
        /// The page that explains a rule.
        page: fn(&str) -> Option<String>,
    },
    /// GitHub Actions workflow commands.
    Github,
}

/// Renders the findings as text that is empty or ends in a line feed.
pub fn render(sources: &Sources, found: &[Diagnostic], format: Format) -> String {
    match format {
        Format::Human { colour } => {
            shown::coloured(&human::render(sources, found, colour)).into_owned()
        }
        Format::Json => json::render(sources, found),
        Format::Sarif { page } => sarif::render(sources, found, page),
        Format::Github => github::render(sources, found),
    }
}
