//! JSON that is written once and read for ever: how deep it may be, and reading it to that depth.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Levels of a model's tool arguments at most.
pub const MAX_ARGUMENTS: usize = 64;
/// Levels of anything that is written at most.
pub const MAX_WRITTEN: usize = 120;
/// Levels that are read: more than was ever written, by any version.
pub const MAX_READ: usize = 300;

/// Levels at which the library gives up by itself.
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

/// Reads a JSON text that was written by a CloudCrew.
///
/// # Errors
/// When it is no JSON, is not a `T`, or is deeper than [`MAX_READ`].
pub fn read<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    // Nearly everything is within the library's own limit.
    let shallow = serde_json::from_slice(text);
    if !matches!(&shallow, Err(error) if error.is_syntax() && depth(text) >= LIBRARY) {
        return shallow;
    }
    let found = depth(text);
    if found > MAX_READ {
        return Err(serde::de::Error::custom(format!(
            "it is nested {found} levels deep; at most {MAX_READ} are read"
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
    fn what_an_older_version_wrote_too_deep_is_read() {
        for levels in [1, 127, 128, 129, MAX_READ] {
            let text = "[".repeat(levels) + &"]".repeat(levels);
            assert_eq!(depth(text.as_bytes()), levels);
            assert_eq!(depth_of(&read::<Value>(text.as_bytes()).expect("readable")), levels);
        }
        let deep = "[".repeat(MAX_READ + 1) + &"]".repeat(MAX_READ + 1);
        assert!(read::<Value>(deep.as_bytes()).unwrap_err().to_string().contains("301 levels"));
    }

    #[test]
    fn brackets_in_words_are_no_levels() {
        assert_eq!(depth(br#"{"a": "[[[\"[[[", "b": "\\"}"#), 1);
    }
}
