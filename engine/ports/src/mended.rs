//! Parses JSON as models and servers really write it: raw line breaks in strings, half an emoji, a
//! fence around it, encoded twice, a tag after it. Unambiguous mistakes are fixed; everything else
//! stays as it was.

use serde_json::Value;

/// Parses JSON, fixing unambiguous mistakes.
///
/// # Errors
/// Fails with the parser's error for the original text.
pub fn value(text: &str) -> Result<Value, serde_json::Error> {
    let first = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let inside = unfenced(text);
    let plain = escaped(inside);
    for candidate in [inside, plain.as_str()] {
        let mut values = serde_json::Deserializer::from_str(candidate).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            let rest = candidate[values.byte_offset()..].trim();
            if rest.is_empty() || is_tag(rest) {
                return Ok(value);
            }
        }
    }
    Err(first)
}

/// Parses an object, including one encoded as a JSON string.
///
/// # Errors
/// Explains why the text is not an object, with line and column.
pub fn object(text: &str) -> Result<Value, String> {
    let mut value = value(text).map_err(|error| format!("it is no JSON: {error}"))?;
    if let Value::String(inner) = &value {
        value = self::value(inner)
            .map_err(|error| format!("it is a JSON string and no object: {error}"))?;
    }
    if value.is_object() { Ok(value) } else { Err("it is no JSON object".to_owned()) }
}

/// The text without a Markdown fence around it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let Some(inside) = text.strip_prefix("```") else { return text };
    let inside = inside.split_once('\n').map_or(inside, |(_, inside)| inside);
    inside.strip_suffix("```").unwrap_or(inside).trim()
}

/// Whether this is one tag left by a template, such as `</tool_call>`.
fn is_tag(rest: &str) -> bool {
    rest.len() < 40 && rest.starts_with('<') && rest.ends_with('>') && !rest[1..].contains('<')
}

/// Escapes control characters inside strings, and replaces lone surrogates with U+FFFD.
fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 16);
    let (mut quoted, mut chars) = (false, text.char_indices().peekable());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                plain.push(c);
            }
            '\\' if quoted => {
                let unit = |from: usize| {
                    text.get(from..from + 6)
                        .filter(|e| e.starts_with("\\u"))
                        .and_then(|e| u32::from_str_radix(&e[2..], 16).ok())
                };
                let skip = |chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>,
                            many: usize| {
                    for _ in 0..many {
                        chars.next();
                    }
                };
                match unit(at) {
                    Some(0xd800..0xdc00) if matches!(unit(at + 6), Some(0xdc00..0xe000)) => {
                        plain.push_str(&text[at..at + 12]);
                        skip(&mut chars, 11);
                    }
                    Some(0xd800..0xe000) => {
                        plain.push('\u{fffd}');
                        skip(&mut chars, 5);
                    }
                    _ => {
                        plain.push(c);
                        if let Some((_, next)) = chars.next() {
                            plain.push(next);
                        }
                    }
                }
            }
            c if quoted && c.is_control() && (c as u32) < 0x20 => {
                plain.push_str(&format!("\\u{:04x}", c as u32))
            }
            c => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unambiguous_mistakes_are_fixed() {
        for (text, read) in [
            (r#"{"a": 1}"#, json!({ "a": 1 })),
            ("{\"a\": \"b\nc\td\"}", json!({ "a": "b\nc\td" })),
            ("```json\n{\"a\": 1}\n```", json!({ "a": 1 })),
            (r#""{\"a\": 1}""#, json!({ "a": 1 })),
            ("{\"a\": 1}</tool_call>", json!({ "a": 1 })),
            (r#"{"a": "x\ud83d y"}"#, json!({ "a": "x\u{fffd} y" })),
            (r#"{"a": "\ud83d\ude00 \\ud83d"}"#, json!({ "a": "\u{1f600} \\ud83d" })),
        ] {
            assert_eq!(object(text), Ok(read), "{text}");
        }
    }

    #[test]
    fn an_error_says_what_is_wrong_and_where() {
        for (text, why) in [
            ("{\"a\": ", "it is no JSON: EOF while parsing a value at line 1 column 6"),
            ("[1]", "it is no JSON object"),
            ("{} and more", "it is no JSON: trailing characters at line 1 column 4"),
        ] {
            assert_eq!(object(text).unwrap_err(), why);
        }
    }
}
