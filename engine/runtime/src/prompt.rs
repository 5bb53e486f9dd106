//! Renders prompts, tasks and templates: strictly, within bounds, and without reading files.

use std::cell::Cell;
use std::sync::LazyLock;

use cloudcrew_definition::text::excess;
use minijinja::value::{Serde, ValueKind};
use minijinja::{
    Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, escape_formatter,
};

/// Maximum number of template instructions for one text; far more than a real prompt needs.
const FUEL: u64 = 500_000;
/// Maximum number of bytes that the variables of one text may print.
const MAX_OUTPUT: usize = 8 * 1024 * 1024;
/// Maximum nesting of a printed value.
const MAX_DEPTH: usize = 32;
/// Maximum width of an indent, in columns.
const MAX_INDENT: usize = 200;

/// Renders a text with its variables.
///
/// # Errors
/// Returns a sentence that says what cannot be rendered. In a checked definition, names never cause
/// an error.
pub fn render(text: &str, variables: &serde_json::Value) -> Result<String, String> {
    static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        // A namespace can contain itself; printing it would never end.
        env.remove_global("namespace");
        env.set_formatter(bounded);
        env.add_filter("join", join);
        env.add_filter("replace", replace);
        env.add_filter("indent", indent);
        env.remove_filter("format");
        env
    });
    if let Some((range, why)) = excess(text) {
        let line = text[..range.start].lines().count().max(1);
        return Err(format!("a tag in line {line} is too much: {why}"));
    }
    PRINTED.set(0);
    ENVIRONMENT.render_str(text, Serde(variables)).map_err(|e| {
        let line = e.line().map(|l| format!(" in line {l}")).unwrap_or_default();
        let detail = e.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("{}{line}{detail}", e.kind())
    })
}

thread_local! {
    /// Bytes printed so far by the current text.
    static PRINTED: Cell<usize> = const { Cell::new(0) };
}

/// Prints a value unless the text's total output would exceed [`MAX_OUTPUT`].
fn bounded(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let left = MAX_OUTPUT.saturating_sub(PRINTED.get());
    let size = size(value, left, 0)?;
    PRINTED.set(PRINTED.get() + size);
    escape_formatter(out, state, value)
}

/// Estimates the printed size of a value in bytes; fails when it exceeds `most` or the value is
/// nested too deeply.
fn size(value: &Value, most: usize, depth: usize) -> Result<usize, Error> {
    let large = || {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("more than {} KiB would be written", MAX_OUTPUT / 1024),
        )
    };
    if depth > MAX_DEPTH {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("a value is nested more than {MAX_DEPTH} levels deep"),
        ));
    }
    let mut total = value.as_str().map_or(8, str::len);
    if matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable) {
        for key in value.try_iter()? {
            total += size(&key, most.saturating_sub(total), depth + 1)? + 2;
            if value.kind() == ValueKind::Map {
                total += size(&value.get_item(&key)?, most.saturating_sub(total), depth + 1)?;
            }
            if total > most {
                return Err(large());
            }
        }
    }
    if total > most { Err(large()) } else { Ok(total) }
}

/// The `join` filter, with bounded output.
fn join(value: &Value, separator: Option<String>) -> Result<String, Error> {
    let separator = separator.unwrap_or_default();
    let mut text = String::new();
    for (number, item) in value.try_iter()?.enumerate() {
        if number > 0 {
            text.push_str(&separator);
        }
        size(&item, MAX_OUTPUT.saturating_sub(text.len()), 0)?;
        text.push_str(&item.to_string());
        if text.len() > MAX_OUTPUT {
            size(&Value::from(text.as_str()), MAX_OUTPUT, 0)?;
        }
    }
    Ok(text)
}

/// The `replace` filter, with bounded output.
fn replace(text: &str, from: &str, to: &str) -> Result<String, Error> {
    let grown = text.matches(from).count().saturating_mul(to.len());
    if grown.saturating_add(text.len()) > MAX_OUTPUT {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("more than {} KiB would be written", MAX_OUTPUT / 1024),
        ));
    }
    Ok(text.replace(from, to))
}

/// The `indent` filter, with a bounded width.
fn indent(
    text: &str,
    width: usize,
    first: Option<bool>,
    blank: Option<bool>,
) -> Result<String, Error> {
    if width > MAX_INDENT {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("an indent is at most {MAX_INDENT}"),
        ));
    }
    let lines = text.lines().enumerate().map(|(number, line)| {
        let indented =
            (number > 0 || first == Some(true)) && (!line.is_empty() || blank == Some(true));
        if indented { format!("{}{line}", " ".repeat(width)) } else { line.to_owned() }
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// One part of a system prompt.
pub struct Part {
    /// Where it comes from: `prompt`, `phase`, `ledger`, ...
    pub source: &'static str,
    /// Its text; empty parts are omitted.
    pub text: String,
}

/// Joins the parts into one text.
pub fn joined(parts: &[Part]) -> String {
    let texts: Vec<&str> =
        parts.iter().map(|p| p.text.trim_end()).filter(|t| !t.is_empty()).collect();
    texts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(text: &str) -> String {
        let variables = json!({ "words": "x".repeat(1_000_000), "list": [1, 2, 3] });
        match render(text, &variables) {
            Ok(text) => format!("{} bytes", text.len()),
            Err(why) => why,
        }
    }

    #[test]
    fn hostile_templates_fail_within_bounds() {
        for (text, why) in [
            ("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}", "unknown function"),
            (
                "{{ words }}{{ words }}{{ words }}{{ words }}{{ words }}{{ words }}{{ words }}{{ \
                 words }}{{ words }}",
                "8192 KiB",
            ),
            ("{{ range(9000)|join(words) }}", "8192 KiB"),
            ("{{ words|replace('x', words) }}", "8192 KiB"),
            ("{{ 'a'|indent(1000000000, true) }}", "at most 200"),
            ("{{ 'a' * 1000000000 }}", "does not multiply"),
            (
                "{% set a = [1] %}{% set a = a + a %}{% set a = a + a %}{% set a = a + a %}{% set \
                 a = a + a %}{{ a == a }}",
                "in a row",
            ),
        ] {
            assert!(outcome(text).contains(why), "{text}: {}", outcome(text));
        }
    }

    #[test]
    fn ordinary_templates_render() {
        for (text, expected) in [
            ("{{ list }}", "[1, 2, 3]"),
            ("{{ list|join(', ') }}", "1, 2, 3"),
            ("{{ 'a.b'|replace('.', '-') }}", "a-b"),
            ("{{ 'a\nb'|indent(2) }}", "a\n  b"),
            ("{% for n in list %}{{ n + 1 }}{% endfor %}", "234"),
            ("{{ list[1:] }}", "[2, 3]"),
        ] {
            let rendered = render(text, &json!({ "list": [1, 2, 3] }));
            assert_eq!(rendered.as_deref(), Ok(expected), "{text}");
        }
    }
}
