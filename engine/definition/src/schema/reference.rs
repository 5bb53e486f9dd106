//! A schema as a page to read: every key with what it means, its default, its limits and an
//! example.

use serde_json::Value;

use super::generate::schema;
use crate::syntax::FileKind;

/// The reference page of a kind of files, in Markdown.
pub fn page(kind: FileKind) -> String {
    let schema = &schema(kind);
    let mut page = Page { out: String::new() };
    page.line(format!("# {}", place(kind)));
    page.line(words(schema));
    page.line(
        "Written by `cloudcrew schema --write` out of the types that read the files; edit \
        `engine/definition/src/syntax`.",
    );
    page.keys(schema, "", 2);
    page.out
}

/// Where files of the kind stand.
fn place(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Agents => "agents.yaml",
        FileKind::Phase => "phases/NAME.yaml",
        FileKind::Workflow => "workflows/NAME.yaml",
        FileKind::Rehearsal => "rehearsals/NAME.yaml",
    }
}

struct Page {
    out: String,
}

impl Page {
    /// A paragraph.
    fn line(&mut self, text: impl AsRef<str>) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out.push_str(text.as_ref());
        self.out.push('\n');
    }

    fn keys(&mut self, rule: &Value, way: &str, depth: usize) {
        let needed: Vec<&str> =
            rule["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, rule) in rule["properties"].as_object().into_iter().flatten() {
            self.key(key, rule, way, depth, needed.contains(&key.as_str()));
        }
    }

    fn key(&mut self, key: &str, rule: &Value, way: &str, depth: usize, needed: bool) {
        let way = if way.is_empty() { key.to_owned() } else { format!("{way}.{key}") };
        self.line(format!("{} `{way}`", "#".repeat(depth.min(6))));
        self.line(format!("{}{}.", form(rule), if needed { ", required" } else { "" }));
        self.line(words(rule));
        self.values(rule);
        self.values(&rule["items"]);
        for example in rule["examples"].as_array().into_iter().flatten().take(1) {
            self.line(format!("```yaml\n{key}: {}\n```", flow(example)));
        }
        self.keys(rule, &way, depth + 1);
        self.keys(&rule["items"], &format!("{way}[]"), depth + 1);
        self.keys(&rule["additionalProperties"], &format!("{way}.NAME"), depth + 1);
    }

    /// The values of an `enum`, each explained.
    fn values(&mut self, rule: &Value) {
        let Some(values) = rule["enum"].as_array() else { return };
        let explain = |(at, value): (usize, &Value)| {
            format!(
                "- `{}`: {}",
                value.as_str().unwrap_or_default(),
                rule["markdownEnumDescriptions"][at].as_str().unwrap_or_default()
            )
        };
        self.line(values.iter().enumerate().map(explain).collect::<Vec<_>>().join("\n"));
    }
}

fn words(rule: &Value) -> &str {
    rule["markdownDescription"].as_str().unwrap_or_default()
}

/// What a value looks like: its type, its limits, what it names.
fn form(rule: &Value) -> String {
    let names = |rule: &Value| {
        rule["x-cloudcrew-names"]
            .as_str()
            .map(|mark| format!("name out of {}", mark.replace('_', " ")))
    };
    let form = match (rule["x-cloudcrew-form"].as_str(), rule["type"].as_str()) {
        (Some("duration"), _) => "Duration".to_owned(),
        (_, Some("integer")) => "Whole number".to_owned(),
        (_, Some("number")) => "Number".to_owned(),
        (_, Some("array")) => match (names(&rule["items"]), rule["items"]["type"].as_str()) {
            (Some(name), _) => format!("List, each a {name}"),
            (None, Some("object")) => "List of maps".to_owned(),
            _ => "List of texts".to_owned(),
        },
        (_, Some("object")) if rule["additionalProperties"].is_object() => {
            "Map by names of your choice".to_owned()
        }
        (_, Some("object")) => "Map".to_owned(),
        _ if rule["enum"].is_array() => "One of the words below".to_owned(),
        _ => names(rule).map_or_else(|| "Text".to_owned(), |name| format!("Text, a {name}")),
    };
    let number = |key: &str| rule[key].as_f64();
    let limits = match (number("minimum"), number("maximum")) {
        (Some(least), Some(most)) if least == most => format!(", always {least}"),
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        (None, Some(most)) => format!(", at most {most}"),
        (None, None) => String::new(),
    };
    let most_entries =
        rule["minItems"].as_u64().map(|n| format!(", at least {n} entry")).unwrap_or_default();
    form + &limits + &most_entries
}

/// A value as a person writes it on one line.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) => {
            format!(
                "{{ {} }}",
                map.iter().map(|(k, v)| format!("{k}: {}", flow(v))).collect::<Vec<_>>().join(", ")
            )
        }
        Value::String(text)
            if text.contains(['?', ',', ':', '!', '{', '[', '#'])
                || text.starts_with(['*', '&']) =>
        {
            Value::from(text.as_str()).to_string()
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
