//! A schema that contains the names of one workspace, so any editor with schema support can
//! complete and check references.

use serde_json::{Map, Value};

use super::generate::schema;
use crate::catalogue::Catalogue;
use crate::names::{NameKind, Names};
use crate::source::Sources;
use crate::syntax::{FileKind, Workspace};

/// The schema of a kind of file, with each reference restricted to existing names. A kind without
/// known names stays unrestricted, so a broken `agents.yaml` causes no errors in phases.
pub fn named(
    kind: FileKind,
    names: &Names,
    workspace: &Workspace,
    sources: &Sources,
    catalogue: &Catalogue,
) -> Value {
    let mut schema = schema(kind);
    inline(&mut schema, &|kind| names.known(kind, workspace, sources, catalogue));
    schema
}

fn inline(schema: &mut Value, known: &dyn Fn(NameKind) -> Vec<(String, String)>) {
    match schema {
        Value::Object(map) => {
            let kind =
                map.get("x-cloudcrew-names").and_then(Value::as_str).and_then(NameKind::of_mark);
            if let Some(kind) = kind {
                names(map, known(kind));
            }
            map.values_mut().for_each(|part| inline(part, known));
        }
        Value::Array(items) => items.iter_mut().for_each(|part| inline(part, known)),
        _ => {}
    }
}

fn names(map: &mut Map<String, Value>, known: Vec<(String, String)>) {
    if known.is_empty() {
        return;
    }
    let (names, words): (Vec<Value>, Vec<Value>) =
        known.into_iter().map(|(n, w)| (Value::from(n), Value::from(w))).unzip();
    map.insert("enum".into(), names.into());
    map.insert("markdownEnumDescriptions".into(), words.into());
    // Examples with names of other workspaces would be misleading.
    map.remove("examples");
}
