//! Validates a document against its schema. Each fault becomes a finding at the word that causes
//! it.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;
use std::sync::OnceLock;

use super::elsewhere::instead_of;
use super::generate::plain;
use super::holds::holds;
use crate::diagnostic::Report;
use crate::document::{Document, Kind, NodeId};
use crate::source::{Sources, Span};
use crate::syntax::{FileKind, INPUT_PATTERN, SERVER_TOOL_PATTERN, is_name, meant};

pub(super) fn validator(kind: FileKind) -> Option<&'static Validator> {
    const KINDS: usize = FileKind::ALL.len();
    static ALL: [OnceLock<Option<Validator>>; KINDS] = [const { OnceLock::new() }; KINDS];
    ALL[kind as usize]
        .get_or_init(|| jsonschema::draft7::options().build(plain(kind)).ok())
        .as_ref()
}

/// Validates a document against the schema of its kind.
pub(crate) fn check(kind: FileKind, sources: &Sources, document: &Document, report: &mut Report) {
    if holds(plain(kind), document, document.root()) {
        return;
    }
    let (schema, Some(validator)) = (plain(kind), validator(kind)) else { return };
    let instance = document.json(document.root());
    for error in validator.iter_errors(&instance) {
        Fault { sources, schema, document, error: &error, place: locate(document, &error) }
            .report(report);
    }
}

/// The node that an error is about, and its key.
struct Place {
    node: NodeId,
    key: Option<NodeId>,
}

fn locate(document: &Document, error: &ValidationError<'_>) -> Place {
    let mut place = Place { node: document.root(), key: None };
    for segment in error.instance_path().iter() {
        let next = match (&document.node(place.node).kind, segment) {
            (Kind::List(items), LocationSegment::Index(i)) => items.get(i).map(|n| (None, *n)),
            (Kind::Map(_), LocationSegment::Property(p)) => {
                document.entry(place.node, &p).map(|(k, v)| (Some(k), v))
            }
            _ => None,
        };
        let Some((key, node)) = next else { break };
        place = Place { node, key: key.or(place.key) };
    }
    place
}

struct Fault<'a> {
    sources: &'a Sources,
    schema: &'a Value,
    document: &'a Document,
    error: &'a ValidationError<'a>,
    place: Place,
}

impl Fault<'_> {
    fn report(&self, report: &mut Report) {
        let span = self.document.node(self.place.node).span;
        let what = self.name();
        match self.error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                unexpected.iter().for_each(|key| self.unknown(key, report))
            }
            ValidationErrorKind::Required { property } => {
                let property = property.as_str().unwrap_or_default();
                report
                    .error("missing-key", format!("{what} is missing `{property}`"))
                    .at(self.head(), format!("`{property}` belongs here"));
            }
            ValidationErrorKind::Type { kind } => {
                let (at, meant) = (self.value_or_key(span), self.meant(kind));
                let found = report.error(
                    "wrong-type",
                    format!("{what} must be {}, not {}", wanted(kind), self.found()),
                );
                found.at(at, "");
                match meant {
                    Some(meant) => drop(found.instead(meant, true)),
                    None if self.rule()["x-cloudcrew-form"] == "duration" => {
                        found.help(DURATION);
                    }
                    None => found.help.extend(self.form(kind)),
                }
            }
            ValidationErrorKind::Enum { options } => {
                let names: Vec<&str> =
                    options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                report
                    .error("bad-value", format!("`{}` is not a valid {what}", self.text()))
                    .at(span, "")
                    .help_closest(self.text(), names);
            }
            ValidationErrorKind::Pattern { .. }
                if self.rule()["x-cloudcrew-form"] == "duration" =>
            {
                let found =
                    report.error("bad-value", format!("`{}` is not a duration", self.text()));
                found.at(span, "");
                match meant(self.text()) {
                    Some(meant) => found.instead(meant, true),
                    None => found.help(DURATION),
                };
            }
            ValidationErrorKind::Pattern { .. }
                if self.rule()["x-cloudcrew-form"] == "model-id" =>
            {
                let message = format!("`{}` is not a valid model identifier", self.text());
                report.error("bad-value", message).at(span, "").help(
                    "use the provider's identifier, with letters, digits, `.`, `_`, `:`, `/` and \
                     `-`, such as `us.anthropic.claude-opus-4-6-v1`",
                );
            }
            ValidationErrorKind::Pattern { .. } if self.rule()["x-cloudcrew-form"] == "region" => {
                report
                    .error("bad-value", format!("`{}` is not an AWS region", self.text()))
                    .at(span, "")
                    .help("use a region such as `eu-central-1`");
            }
            ValidationErrorKind::Pattern { .. } if self.rule()["x-cloudcrew-form"] == "url" => {
                let found = report
                    .error("bad-value", format!("`{}` is not a valid service URL", self.text()));
                found.at(span, "").help(
                    "use a URL such as `https://models.example.com/v1`, without a user or a query",
                );
            }
            ValidationErrorKind::Pattern { .. } if self.rule()["x-cloudcrew-form"] == "date" => {
                report
                    .error("bad-value", format!("`{}` is not a date", self.text()))
                    .at(span, "")
                    .help("write YYYY-MM or YYYY-MM-DD, such as 2026-03-01");
            }
            ValidationErrorKind::Pattern { .. }
                if self.rule()["pattern"] == SERVER_TOOL_PATTERN =>
            {
                report
                    .error("bad-value", format!("`{}` is not the name of a tool", self.text()))
                    .at(span, "")
                    .help("use at most 42 letters, digits, `_` and `-`, as the server names it");
            }
            ValidationErrorKind::MinLength { limit: 1 } => {
                report.error("bad-value", format!("{what} must not be empty")).at(span, "");
            }
            ValidationErrorKind::MinLength { limit } => {
                let message = format!("{what} must have at least {limit} characters");
                report.error("bad-value", message).at(span, "");
            }
            ValidationErrorKind::MaxLength { limit } => {
                let message = format!("{what} must have at most {limit} characters");
                report.error("bad-value", message).at(span, "");
            }
            ValidationErrorKind::MaxItems { limit } => {
                report
                    .error("bad-value", format!("{what} must have at most {limit} entries"))
                    .at(self.value_or_key(span), "");
            }
            ValidationErrorKind::Pattern { .. }
                if self.rule()["x-cloudcrew-form"] == "variable" =>
            {
                let found = report
                    .error("bad-value", "this is not a valid name of an environment variable");
                found.at(span, "").help(
                    "name the variable that holds the key, such as `OPENAI_API_KEY`; never write \
                     the key itself here",
                );
            }
            ValidationErrorKind::Pattern { .. } => {
                report
                    .error("bad-value", format!("`{}` is not a valid name", self.text()))
                    .at(span, "")
                    .help(NAME);
            }
            ValidationErrorKind::MinProperties { .. } => {
                report
                    .error("bad-value", format!("{what} must have at least one entry"))
                    .at(self.value_or_key(span), "")
                    .help("add one, or remove the key");
            }
            ValidationErrorKind::PropertyNames { error } => {
                let name = error.instance().as_str().unwrap_or_default().to_owned();
                let key = self
                    .document
                    .entry(self.place.node, &name)
                    .map_or(span, |(k, _)| self.document.node(k).span);
                let found = report.error("bad-value", format!("`{name}` is not a valid name"));
                found.at(key, "");
                if self.rule()["pattern"] == INPUT_PATTERN {
                    let meant = name.replace('-', "_");
                    found.help(INPUT);
                    if is_name(&meant) && meant != name {
                        found.instead(meant, false);
                    }
                } else {
                    found.help(NAME);
                }
            }
            ValidationErrorKind::Minimum { limit } => {
                report.error("bad-value", format!("{what} must be at least {limit}")).at(span, "");
            }
            ValidationErrorKind::Maximum { limit } => {
                report.error("bad-value", format!("{what} must be at most {limit}")).at(span, "");
            }
            ValidationErrorKind::MinItems { limit } => {
                report
                    .error("bad-value", format!("{what} must have at least {limit} entry"))
                    .at(self.value_or_key(span), "");
            }
            other => {
                report
                    .error(
                        "bad-value",
                        format!("{what} does not match its schema ({})", other.keyword()),
                    )
                    .at(span, "");
            }
        }
    }

    fn unknown(&self, key: &str, report: &mut Report) {
        let Some((node, _)) = self.document.entry(self.place.node, key) else { return };
        let parent = self.rule();
        let known: Vec<&str> = parent["properties"]
            .as_object()
            .into_iter()
            .flat_map(|p| p.keys().map(String::as_str))
            .collect();
        let found = report.error("unknown-key", format!("{} has no key `{key}`", self.name()));
        found.at(self.document.node(node).span, "");
        match instead_of(key) {
            Some(instead) => found.help(instead),
            None => found.help_closest(key, known),
        };
    }

    /// The subschema that contains the violated keyword.
    fn rule(&self) -> &Value {
        let path = self.error.schema_path().as_str();
        self.schema.pointer(&path[..path.rfind('/').unwrap_or(0)]).unwrap_or(&Value::Null)
    }

    /// What the error is about, in the author's terms.
    fn name(&self) -> String {
        match self.place.key.and_then(|k| self.document.text(k)) {
            Some(key) if self.in_list() => format!("an entry of `{key}`"),
            Some(key) => format!("`{key}`"),
            None => "this file".to_owned(),
        }
    }

    fn text(&self) -> &str {
        self.document.text(self.place.node).unwrap_or_default()
    }

    /// The span that represents a map: its key, or its first key.
    fn head(&self) -> Span {
        let node = self.document.node(self.place.node);
        let first = match &node.kind {
            Kind::Map(entries) => entries.first().map(|(k, _)| *k),
            _ => None,
        };
        // An entry of a list has no key of its own, and the key of the list may be far away.
        let key = if self.in_list() { first } else { self.place.key.or(first) };
        key.map_or(node.span, |k| self.document.node(k).span)
    }

    /// The span of the value, or of its key if the value is empty.
    fn value_or_key(&self, span: Span) -> Span {
        if span.start == span.end && self.in_list() {
            // For an empty entry, point at its dash.
            let text = self.sources.text(span.file);
            let before = text.get(..span.start).unwrap_or_default().trim_end();
            if before.ends_with('-') {
                return Span { start: before.len() - 1, end: before.len(), ..span };
            }
        }
        match (span.start == span.end, self.place.key) {
            (true, Some(key)) => self.document.node(key).span,
            _ => span,
        }
    }

    fn in_list(&self) -> bool {
        matches!(self.error.instance_path().iter().last(), Some(LocationSegment::Index(_)))
    }

    /// The value in the expected type, if only its notation is wrong: a number in quotes, or text
    /// that reads as a number.
    fn meant(&self, kind: &TypeKind) -> Option<String> {
        let TypeKind::Single(wanted) = kind else { return None };
        let number = |text: &str| Some(text.replace('_', "")).filter(|t| t.parse::<i64>().is_ok());
        let node = self.document.node(self.place.node);
        match (wanted.to_string().as_str(), &node.kind) {
            ("integer" | "number", Kind::Text(text)) => number(text.trim()),
            ("string", Kind::Int(_) | Kind::Float(_) | Kind::Bool(_))
                if self.rule().get("pattern").is_none() =>
            {
                Some(format!("\"{}\"", self.written()?))
            }
            ("array", Kind::Text(text))
                if !text.contains([',', ' ', '#', '"'])
                    || text.split(',').map(str::trim).all(is_plain) =>
            {
                Some(format!("[{}]", self.written()?))
            }
            _ => None,
        }
    }

    /// How a list or a map is written here.
    fn form(&self, kind: &TypeKind) -> Option<String> {
        let TypeKind::Single(wanted) = kind else { return None };
        let key =
            self.place.key.and_then(|key| self.document.text(key)).filter(|_| !self.in_list());
        let before = key.map_or_else(String::new, |key| format!("{key}: "));
        match wanted.to_string().as_str() {
            "array" => Some(format!("write the entries in brackets: `{before}[first, second]`")),
            "object" => {
                let keys = self.rule()["properties"].as_object();
                let keys: Vec<&String> = keys.into_iter().flat_map(|all| all.keys()).collect();
                let all: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                let of = match all.as_slice() {
                    [] => {
                        let form = format!("`{before}{{ NAME: ... }}`");
                        return Some(format!("write each entry under its name: {form}"));
                    }
                    [one] => format!("its key is {one}"),
                    all => format!("its keys are {}", all.join(", ")),
                };
                Some(format!("write its keys in braces: `{before}{{ {}: ... }}`; {of}", keys[0]))
            }
            _ => None,
        }
    }

    /// The value as written in the file.
    fn written(&self) -> Option<&str> {
        let span = self.document.node(self.place.node).span;
        let text = self.sources.text(span.file);
        text.get(span.start..span.end).filter(|t| !t.is_empty() && !t.contains('\n'))
    }

    fn found(&self) -> &'static str {
        match self.document.node(self.place.node).kind {
            Kind::Null => "empty",
            Kind::Bool(_) => "true or false",
            Kind::Int(_) => "a number",
            Kind::Float(_) => "a fraction",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

/// Whether text is one entry of a list that needs no quotes.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|c| c.is_alphanumeric());
    first && text.chars().all(|c| c.is_alphanumeric() || "_-./".contains(c))
}

const DURATION: &str = "write numbers with units, largest unit first: `30s`, `15m`, `1h30m`, `2d`";
const INPUT: &str = "the name of an input starts with a lowercase letter, followed by lowercase \
    letters, digits or `_`, up to 40 characters";
const NAME: &str = "a name starts with a lowercase letter, followed by lowercase letters, digits, \
    `_` or `-`, up to 63 characters";

fn wanted(kind: &TypeKind) -> &'static str {
    match kind {
        TypeKind::Single(t) => match t.to_string().as_str() {
            "integer" => "a whole number",
            "number" => "a number",
            "string" => "text",
            "boolean" => "true or false",
            "array" => "a list",
            "object" => "a map",
            _ => "something else",
        },
        // The only list of types is that of an input's value.
        TypeKind::Multiple(_) => "text, a whole number, `true` or `false`",
    }
}
