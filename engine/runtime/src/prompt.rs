//! Prompts, tasks and templates rendered: strict, bounded, without files.

use std::sync::LazyLock;

use cloudcrew_definition::text::excess;
use minijinja::{Environment, UndefinedBehavior};
use serde_json::Value;

/// Instructions that one text may take; far above what a real prompt needs.
const FUEL: u64 = 500_000;

/// Renders a text with its variables.
///
/// # Errors
/// A sentence that says what in the text cannot be rendered; a checked definition has none that depends on names.
pub fn render(text: &str, variables: &Value) -> Result<String, String> {
    static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        env
    });
    if let Some((range, why)) = excess(text) {
        let line = text[..range.start].lines().count().max(1);
        return Err(format!("a tag in line {line} is too much: {why}"));
    }
    ENVIRONMENT.render_str(text, minijinja::value::Serde(variables)).map_err(|e| {
        let line = e.line().map(|l| format!(" in line {l}")).unwrap_or_default();
        let detail = e.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        format!("{}{line}{detail}", e.kind())
    })
}

/// One part of a system prompt.
pub struct Part {
    /// Which: `prompt`, `phase`, `ledger`, ...
    pub source: &'static str,
    /// Its text; empty parts are left out.
    pub text: String,
}

/// The parts as one text.
pub fn joined(parts: &[Part]) -> String {
    let texts: Vec<&str> = parts.iter().map(|p| p.text.trim_end()).filter(|t| !t.is_empty()).collect();
    texts.join("\n\n")
}
