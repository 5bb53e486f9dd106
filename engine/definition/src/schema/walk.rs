//! Finds the subschemas for keys and items below a schema.

use serde_json::Value;

/// The subschema of the value under `key`; null if there is none.
pub fn for_key<'s>(rule: &'s Value, key: &str) -> &'s Value {
    match &rule["properties"][key] {
        Value::Null => &rule["additionalProperties"],
        found => found,
    }
}

/// The subschema of the items of a list.
pub fn for_item(rule: &Value) -> &Value {
    &rule["items"]
}

/// The subschema at the end of a path of keys; `None` stands for an item of a list.
pub fn below<'s, 'k>(rule: &'s Value, way: impl IntoIterator<Item = Option<&'k str>>) -> &'s Value {
    way.into_iter().fold(rule, |rule, step| match step {
        Some(key) => for_key(rule, key),
        None => for_item(rule),
    })
}
