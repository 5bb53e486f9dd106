//! Findings as data, and the ways they are shown.

mod github;
mod human;
pub mod json;
mod sarif;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::shown::{self, row, without_passwords};
use crate::source::{Sources, Span};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing runs until it is mended.
    Error,
    /// It runs, and surprises somebody.
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

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What about it; may be empty.
    pub text: String,
}

/// Bytes to replace and what to put there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What to replace.
    pub span: Span,
    /// By what.
    pub replacement: String,
    /// Nothing else can have been meant: `check --fix` does it unasked.
    pub safe: bool,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that found it; stable.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: a lowercase fragment in the present tense.
    pub message: String,
    /// Where; `None` when the workspace as a whole is meant.
    pub at: Option<Label>,
    /// Other places that make it wrong.
    pub related: Vec<Label>,
    /// Ways out.
    pub help: Vec<String>,
    /// The most likely mending.
    pub suggestion: Option<Suggestion>,
    /// It is one too many: it is counted and not told, so nothing is looked for to help.
    spare: bool,
}

impl Diagnostic {
    /// Where it is, and what about that place.
    pub fn at(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.at = Some(Label { span, text: row(&text.into()).into_owned() });
        self
    }

    /// Another place that makes it wrong.
    pub fn also(&mut self, span: Span, text: impl Into<String>) -> &mut Self {
        self.related.push(Label { span, text: row(&text.into()).into_owned() });
        self
    }

    /// A way out.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.help.push(row(&text.into()).into_owned());
        self
    }

    /// Suggests to write something else in its place. `safe` when nothing else can have been meant.
    pub fn instead(&mut self, replacement: impl Into<String>, safe: bool) -> &mut Self {
        let replacement = replacement.into();
        let help = format!("write `{replacement}`");
        if let Some(at) = &self.at {
            self.suggestion = Some(Suggestion { span: at.span, replacement, safe });
        }
        self.help(help)
    }

    /// Suggests the name closest to what was written, or lists what there is.
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
                self.help(format!("there is {}{more}", shown.join(", ")))
            }
        }
    }
}

/// Rules about words that the engine or `agents.yaml` fixes. Elsewhere either side may be wrong: a
/// test is not mended to expect what somebody misspelt in a phase.
const CERTAIN: [&str; 7] = [
    "unknown-key",
    "bad-value",
    "unknown-agent",
    "unknown-model",
    "unknown-tool",
    "unknown-finalize-step",
    "prompt-variable",
];

/// A word as it may stand anywhere in YAML: with quotes where it needs some.
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

/// In a shorter word one slip can make any name of another.
const SAFE_LENGTH: usize = 4;

/// Bytes of the longest word that is held against others: nobody misspells more, and the time grows
/// with the square.
const LONGEST: usize = 256;
/// Further than any slip.
const FAR: usize = 1_000_000;

/// Edits between two words, whatever their case.
pub(crate) fn distance(written: &str, name: &str) -> usize {
    if written.len().max(name.len()) > LONGEST {
        return if written == name { 0 } else { FAR };
    }
    strsim::damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase())
}

/// Whether no other name is nearly as close: two edits further at least, and the closest is two
/// edits away at most.
fn alone(written: &str, closest: &str, names: &[&str]) -> bool {
    let best = distance(written, closest);
    best <= 2 && names.iter().all(|n| *n == closest || distance(written, n) >= best + 2)
}

/// The name that was probably meant; of several that are as close, the first.
pub fn closest<'n>(written: &str, names: &[&'n str]) -> Option<&'n str> {
    let near = |name: &&'n str| distance(written, name);
    let limit = (written.chars().count() / 3).max(1) + usize::from(written.chars().count() > 2);
    // Each edit changes the length by one at most.
    let like = names
        .iter()
        .copied()
        .filter(|n| n.chars().count().abs_diff(written.chars().count()) <= limit);
    like.min_by_key(|n| near(n)).filter(|n| near(n) <= limit && *n != written)
}

/// Findings of one rule at most, in one file and once more where files are held against each other:
/// nobody reads on, and a file of a million faults takes no more memory than its text.
pub(crate) const MOST: usize = 100;

/// All findings of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Report {
    found: Vec<Diagnostic>,
    /// How many each rule has found.
    counts: BTreeMap<&'static str, usize>,
    /// The last finding of a rule that found too much.
    spare: Option<Diagnostic>,
}

impl Report {
    /// Nothing found yet.
    pub fn new() -> Report {
        Report::default()
    }

    /// Adds an error; say where and what to do about it on the result.
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
        // Names of the files are in it, whatever they hold.
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

    /// Says of each rule that found too much how much more there is, at the last that is told.
    pub(crate) fn close(&mut self) {
        for (code, count) in
            std::mem::take(&mut self.counts).into_iter().filter(|(_, count)| *count > MOST)
        {
            if let Some(last) = self.found.iter_mut().rfind(|d| d.code == code) {
                last.help.push(format!("and {} more of this kind", count - MOST));
            }
        }
        self.spare = None;
    }

    /// Takes findings in that were made elsewhere.
    pub(crate) fn extend(&mut self, found: impl IntoIterator<Item = Diagnostic>) {
        self.found.extend(found);
    }

    /// The findings, to be kept elsewhere.
    pub(crate) fn into_found(mut self) -> Vec<Diagnostic> {
        self.close();
        self.found
    }

    /// The findings by place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.found
    }

    /// Whether anything must be mended before a run.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }

    /// Puts the findings in the order of files and places.
    pub fn sort(&mut self, sources: &Sources) {
        let key = |d: &Diagnostic| {
            d.at.as_ref().map(|l| (sources.path(l.span.file).to_owned(), l.span.start, l.span.end))
        };
        self.found.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.code.cmp(b.code)));
        self.found.dedup();
    }
}

/// How findings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Excerpts and labels, for people. The flag says whether with colours.
    Human {
        /// Whether with colours.
        colour: bool,
    },
    /// One JSON document, version 1.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
}

/// The findings as text that ends in a line feed, or nothing.
pub fn render(sources: &Sources, found: &[Diagnostic], format: Format) -> String {
    match format {
        Format::Human { colour } => {
            shown::coloured(&human::render(sources, found, colour)).into_owned()
        }
        Format::Json => json::render(sources, found),
        Format::Sarif => sarif::render(sources, found),
        Format::Github => github::render(sources, found),
    }
}
