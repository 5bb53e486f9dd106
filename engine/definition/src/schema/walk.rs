//! From a rule of a schema to the rule of what stands below it.

use serde_json::Value;

/// The rule of the value under `key`; null where there is none.
pub fn for_key<'s>(rule: &'s Value, key: &str) -> &'s Value {
    match &rule["properties"][key] {
        Value::Null => &rule["additionalProperties"],
        found => found,
    }
}

/// The rule of the entries of a list.
pub fn for_item(rule: &Value) -> &Value {
    &rule["items"]
}

/// The rule at the end of a way of keys, `None` being an entry of a list.
pub fn below<'s, 'k>(rule: &'s Value, way: impl IntoIterator<Item = Option<&'k str>>) -> &'s Value {
    way.into_iter().fold(rule, |rule, step| match step {
        Some(key) => for_key(rule, key),
        None => for_item(rule),
    })
}
