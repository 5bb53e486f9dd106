//! The schemas as the types say, in the form that editors understand best.

use std::sync::OnceLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::syntax::{AgentsFile, FileKind, PhaseFile, RehearsalFile, WorkflowFile};

/// The schema of a kind of files, draft-07, without references.
///
/// `x-cloudcrew-names` marks texts that name something of the workspace, `x-cloudcrew-defines` what
/// gives a name to something. `x-cloudcrew-mentions` is as `x-cloudcrew-names` where something else
/// may stand too. `x-cloudcrew-left-out: defaults` says that a map means its keys' defaults when it
/// is left out; others then are not there at all.
pub fn schema(kind: FileKind) -> Value {
    match kind {
        FileKind::Agents => generate::<AgentsFile>(),
        FileKind::Phase => generate::<PhaseFile>(),
        FileKind::Workflow => generate::<WorkflowFile>(),
        FileKind::Rehearsal => generate::<RehearsalFile>(),
    }
}

/// The schema as `schema --write` put it beside this source: reading it costs a tenth of making it.
pub fn plain(kind: FileKind) -> &'static Value {
    static ALL: [OnceLock<Value>; 4] = [const { OnceLock::new() }; 4];
    ALL[kind as usize].get_or_init(|| {
        let text = match kind {
            FileKind::Agents => include_str!("../../schemas/agents.json"),
            FileKind::Phase => include_str!("../../schemas/phase.json"),
            FileKind::Workflow => include_str!("../../schemas/workflow.json"),
            FileKind::Rehearsal => include_str!("../../schemas/rehearsal.json"),
        };
        // What cannot be read, in the middle of a change of the types, is made instead.
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
        map.iter_mut().filter(|(key, _)| !is_data(key)).for_each(|(_, part)| tidy(part));
    } else if let Value::Array(items) = schema {
        items.iter_mut().for_each(tidy);
    }
}

/// Keywords whose values are values of the author's, not schemas.
fn is_data(keyword: &str) -> bool {
    matches!(keyword, "default" | "examples" | "enum" | "const")
}

/// A doc comment is wrapped for its source file; each paragraph becomes one line.
fn unwrapped(map: &mut Map<String, Value>) {
    let Some(Value::String(description)) = map.get_mut("description") else { return };
    let paragraphs: Vec<String> =
        description.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect();
    *description = paragraphs.join("\n\n");
}

/// An optional key is left out, never written as nothing: `gate:` with no value would else quietly
/// mean "no gate".
fn never_null(map: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = types.as_slice() {
            map["type"] = only.clone();
        }
    }
    if let Some(Value::Array(branches)) = map.get("anyOf") {
        let kept: Vec<Value> = branches.iter().filter(|b| b["type"] != "null").cloned().collect();
        if let [Value::Object(only)] = kept.as_slice() {
            let only = only.clone();
            map.remove("anyOf");
            for (key, value) in only {
                map.entry(key).or_insert(value);
            }
        }
    }
}

/// `oneOf` of described constants becomes an `enum` with a description each, which editors show and
/// check word by word.
fn names_of_constants(map: &mut Map<String, Value>) {
    let Some(Value::Array(branches)) = map.get("oneOf") else { return };
    if !branches.iter().all(|b| b.get("const").is_some()) {
        return;
    }
    let names: Vec<Value> = branches.iter().map(|b| b["const"].clone()).collect();
    let words: Vec<Value> = branches.iter().map(|b| b["description"].clone()).collect();
    map.remove("oneOf");
    map.insert("type".into(), "string".into());
    map.insert("enum".into(), names.into());
    map.insert("markdownEnumDescriptions".into(), words.into());
}

/// A list of names: each of its entries is one.
fn mark_of_items(map: &mut Map<String, Value>) {
    let Some(mark) = map.get("x-cloudcrew-names").cloned() else { return };
    if let Some(Value::Object(items)) = map.get_mut("items") {
        items.insert("x-cloudcrew-names".into(), mark);
        map.remove("x-cloudcrew-names");
    }
}

/// Editors show a description as plain text and `markdownDescription` as written; few show a
/// default by themselves.
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
    fn the_written_schemas_are_what_the_types_say() {
        for kind in FileKind::ALL {
            assert!(
                *plain(kind) == schema(kind),
                "{}: run `cargo run -- schema --write`",
                kind.name()
            );
        }
    }
}
