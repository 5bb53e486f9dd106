//! Nesting limits of stored JSON, and reading it up to them.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Maximum levels of a model's tool arguments.
pub const MAX_ARGUMENTS: usize = 64;
/// Maximum levels of anything that is written.
pub const MAX_WRITTEN: usize = 120;
/// Maximum levels to read: more than any version ever wrote.
pub const MAX_READ: usize = 300;

/// Levels at which the library gives up.
const LIBRARY: usize = 127;

/// Levels of objects and lists in a JSON text.
pub fn depth(text: &[u8]) -> usize {
    let (mut deep, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                deep += 1;
                deepest = deepest.max(deep);
            }
            b'}' | b']' => deep = deep.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Levels of objects and lists in a value.
pub fn depth_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth_of).max().unwrap_or(0),
        _ => 0,
    }
}

/// Parses JSON written by CloudCrew.
///
/// # Errors
/// Fails when the text is not JSON, is not a `T`, or is nested deeper than [`MAX_READ`].
pub fn read<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    // Nearly everything is within the library's own limit.
    let shallow = serde_json::from_slice(text);
    if !matches!(&shallow, Err(error) if error.is_syntax() && depth(text) >= LIBRARY) {
        return shallow;
    }
    let found = depth(text);
    if found > MAX_READ {
        return Err(serde::de::Error::custom(format!(
            "it is nested {found} levels deep; the limit is {MAX_READ}"
        )));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_json_of_older_versions_is_read() {
        for levels in [1, 127, 128, 129, MAX_READ] {
            let text = "[".repeat(levels) + &"]".repeat(levels);
            assert_eq!(depth(text.as_bytes()), levels);
            assert_eq!(depth_of(&read::<Value>(text.as_bytes()).expect("readable")), levels);
        }
        let deep = "[".repeat(MAX_READ + 1) + &"]".repeat(MAX_READ + 1);
        assert!(read::<Value>(deep.as_bytes()).unwrap_err().to_string().contains("301 levels"));
    }

    #[test]
    fn brackets_in_strings_are_not_levels() {
        assert_eq!(depth(br#"{"a": "[[[\"[[[", "b": "\\"}"#), 1);
    }
}
