//! JSON as models and servers really write it: raw line ends in strings, half an emoji, a fence
//! around it, written twice, a tag behind it. What a person would read without doubt is read;
//! everything else stays what it was.

use serde_json::Value;

/// Reads JSON, put right where that takes no guess.
///
/// # Errors
/// What the reader said of the text as it came.
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

/// An object, also where it was written as a text of JSON in JSON.
///
/// # Errors
/// Why the text is no object, with line and column.
pub fn object(text: &str) -> Result<Value, String> {
    let mut value = value(text).map_err(|error| format!("it is no JSON: {error}"))?;
    if let Value::String(inner) = &value {
        value = self::value(inner)
            .map_err(|error| format!("it is a JSON string and no object: {error}"))?;
    }
    if value.is_object() { Ok(value) } else { Err("it is no JSON object".to_owned()) }
}

/// Without a fence of Markdown around it.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let Some(inside) = text.strip_prefix("```") else { return text };
    let inside = inside.split_once('\n').map_or(inside, |(_, inside)| inside);
    inside.strip_suffix("```").unwrap_or(inside).trim()
}

/// One tag that a template left behind, such as `</tool_call>`.
fn is_tag(rest: &str) -> bool {
    rest.len() < 40 && rest.starts_with('<') && rest.ends_with('>') && !rest[1..].contains('<')
}

/// Control characters inside strings written as escapes, and halves of a pair of surrogates as
/// U+FFFD.
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
    fn what_is_plain_to_a_person_is_read() {
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
    fn what_is_no_object_says_why_and_where() {
        for (text, why) in [
            ("{\"a\": ", "it is no JSON: EOF while parsing a value at line 1 column 6"),
            ("[1]", "it is no JSON object"),
            ("{} and more", "it is no JSON: trailing characters at line 1 column 4"),
        ] {
            assert_eq!(object(text).unwrap_err(), why);
        }
    }
}
