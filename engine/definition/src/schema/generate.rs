//! Generates the schemas from the types, in the form that editors handle best.

use std::sync::OnceLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::syntax::{
    AgentsFile, FileKind, KnowledgeFile, PatternFile, PhaseFile, RehearsalFile, WorkflowFile,
};

/// The schema of a kind of file: draft-07, without `$ref`.
///
/// `x-cloudcrew-names` marks a reference to something in the workspace, and `x-cloudcrew-defines`
/// its definition. `x-cloudcrew-mentions` is like `x-cloudcrew-names`, but other values are allowed
/// too. `x-cloudcrew-left-out: defaults` marks a map that takes the defaults of its keys when it is
/// absent; other absent maps mean that the feature is off.
pub fn schema(kind: FileKind) -> Value {
    match kind {
        FileKind::Agents => generate::<AgentsFile>(),
        FileKind::Phase => generate::<PhaseFile>(),
        FileKind::Workflow => generate::<WorkflowFile>(),
        FileKind::Rehearsal => generate::<RehearsalFile>(),
        FileKind::Knowledge => generate::<KnowledgeFile>(),
        FileKind::Pattern => generate::<PatternFile>(),
    }
}

/// The schema that `schema --write` stored next to this source. Reading it takes a tenth of the
/// time of generating it.
pub fn plain(kind: FileKind) -> &'static Value {
    const KINDS: usize = FileKind::ALL.len();
    static ALL: [OnceLock<Value>; KINDS] = [const { OnceLock::new() }; KINDS];
    ALL[kind as usize].get_or_init(|| {
        let text = match kind {
            FileKind::Agents => include_str!("../../schemas/agents.json"),
            FileKind::Phase => include_str!("../../schemas/phase.json"),
            FileKind::Workflow => include_str!("../../schemas/workflow.json"),
            FileKind::Rehearsal => include_str!("../../schemas/rehearsal.json"),
            FileKind::Knowledge => include_str!("../../schemas/knowledge.json"),
            FileKind::Pattern => include_str!("../../schemas/pattern.json"),
        };
        // While the types are being changed, the stored schema may be broken; generate it instead.
        serde_json::from_str(text).unwrap_or_else(|_| schema(kind))
    })
}

fn generate<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|s| s.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().into();
    tidy(&mut schema);
    schema
}

fn tidy(schema: &mut Value) {
    if let Value::Object(map) = schema {
        unwrapped(map);
        never_null(map);
        names_of_constants(map);
        mark_of_items(map);
        words(map);
        for (key, part) in map.iter_mut().filter(|(key, _)| !is_data(key)) {
            match (key.as_str(), part) {
                // Its keys are names, such as that of the key `default`.
                ("properties", Value::Object(named)) => named.values_mut().for_each(tidy),
                (_, part) => tidy(part),
            }
        }
    } else if let Value::Array(items) = schema {
        items.iter_mut().for_each(tidy);
    }
}

/// Keywords whose values are plain data, not schemas.
fn is_data(keyword: &str) -> bool {
    matches!(keyword, "default" | "examples" | "enum" | "const")
}

/// Joins the wrapped lines of a doc comment: each paragraph becomes one line.
fn unwrapped(map: &mut Map<String, Value>) {
    let Some(Value::String(description)) = map.get_mut("description") else { return };
    let paragraphs: Vec<String> =
        description.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
    *description = paragraphs.join("\n\n");
}

/// Disallows null: an optional key is left out, not left empty. Otherwise, an empty `gate:` would
/// silently mean "no gate".
fn never_null(map: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = types.as_slice() {
            map["type"] = only.clone();
        }
    }
    if let Some(Value::Array(branches)) = map.get("anyOf") {
        let others: Vec<Value> = branches.iter().filter(|b| b["type"] != "null").cloned().collect();
        if let [Value::Object(only)] = others.as_slice() {
            let only = only.clone();
            map.remove("anyOf");
            for (key, value) in only {
                map.entry(key).or_insert(value);
            }
        }
    }
}

/// Turns a `oneOf` of constants into an `enum` with descriptions, which editors can complete and
/// check.
fn names_of_constants(map: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = map.get_mut("oneOf") else { return };
    if !branches.iter().all(|b| b.get("const").is_some()) {
        return;
    }
    let names: Vec<Value> = branches.iter().map(|b| b["const"].clone()).collect();
    let words: Vec<Value> = branches
        .iter_mut()
        .map(|b| {
            if let Some(map) = b.as_object_mut() {
                unwrapped(map);
            }
            b["description"].clone()
        })
        .collect();
    map.remove("oneOf");
    map.insert("type".into(), "string".into());
    map.insert("enum".into(), names.into());
    map.insert("markdownEnumDescriptions".into(), words.into());
}

/// Moves the annotation of a list of names to its items.
fn mark_of_items(map: &mut Map<String, Value>) {
    let Some(mark) = map.get("x-cloudcrew-names").cloned() else { return };
    if let Some(Value::Object(items)) = map.get_mut("items") {
        items.insert("x-cloudcrew-names".into(), mark);
        map.remove("x-cloudcrew-names");
    }
}

/// Adds the default to the description, since few editors show it, and copies the description to
/// `markdownDescription`, which editors render as Markdown.
fn words(map: &mut Map<String, Value>) {
    let Some(Value::String(description)) = map.get("description") else { return };
    let mut words = description.clone();
    if let Some(default) = map.get("default") {
        let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
        words.push_str(&format!(" Default `{default}`."));
    }
    map.insert("description".into(), words.as_str().into());
    map.insert("markdownDescription".into(), words.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_schemas_match_the_types() {
        for kind in FileKind::ALL {
            assert!(
                *plain(kind) == schema(kind),
                "{}: run `cargo run -- schema --write`",
                kind.name()
            );
        }
    }
}
