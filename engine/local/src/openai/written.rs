//! Tool calls that a model wrote into its text, as Hermes and Qwen do where the server does not read them:
//! `<tool_call>{"name": "repo_read", "arguments": {"path": "a.md"}}</tool_call>`.

use cloudcrew_runtime::ports::model::{ModelFault, ToolSpec};
use cloudcrew_runtime::ports::reply::{Assembly, MAX_REPLY};
use serde_json::Value;

use super::calls::{Ids, arguments};

const OPEN: &str = "<tool_call>";
const CLOSE: &str = "</tool_call>";

/// Words on their way into a reply. From the first mark of a call on they are kept back: nobody is to hear what may become a call,
/// and only the end tells whether it does.
#[derive(Debug)]
pub struct Words<'a> {
    tools: &'a [ToolSpec],
    kept: String,
    block: u32,
}

enum Part<'t> {
    Text(&'t str),
    Call { name: String, arguments: String },
}

impl<'a> Words<'a> {
    /// Nothing was said yet; it becomes this block of a reply.
    pub fn new(tools: &'a [ToolSpec], block: u32) -> Words<'a> {
        Words { tools, kept: String::new(), block }
    }

    /// More words.
    ///
    /// # Errors
    /// When the reply grows too large.
    pub fn say(&mut self, words: &str, reply: &mut Assembly<'_>) -> Result<(), ModelFault> {
        if self.tools.is_empty() {
            return reply.text(self.block, words);
        }
        let marked = self.kept.starts_with(OPEN);
        self.kept.push_str(words);
        if self.kept.len() > MAX_REPLY {
            return Err(ModelFault::too_large());
        }
        if marked {
            return Ok(());
        }
        let free = self.kept.find(OPEN).unwrap_or_else(|| self.kept.len() - half_a_mark(&self.kept));
        let kept = self.kept.split_off(free);
        let free = std::mem::replace(&mut self.kept, kept);
        if free.is_empty() { Ok(()) } else { reply.text(self.block, &free) }
    }

    /// Nothing more is said. Calls are read only where the server gave none itself; whether there were any is told.
    ///
    /// # Errors
    /// When the reply grows too large.
    pub fn finish(self, structured: bool, reply: &mut Assembly<'_>) -> Result<bool, ModelFault> {
        let parts = if structured { Vec::new() } else { self.parts() };
        if !parts.iter().any(|part| matches!(part, Part::Call { .. })) {
            return if self.kept.is_empty() { Ok(false) } else { reply.text(self.block, &self.kept).map(|()| false) };
        }
        let mut ids = Ids::default();
        // Words before the first call go on where those that were heard ended.
        let first = if let Some(Part::Text(_)) = parts.first() { self.block } else { self.block + 1 };
        for (block, part) in (first..).zip(&parts) {
            match part {
                Part::Text(text) => reply.text(block, text)?,
                Part::Call { name, arguments } => {
                    reply.tool(block, &ids.of(""), name)?;
                    reply.input(block, arguments)?;
                }
            }
        }
        Ok(true)
    }

    /// What was kept back.
    fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let (mut text, mut from, mut close) = (0, 0, Some(0));
        while let Some(open) = self.kept[from..].find(OPEN).map(|at| from + at) {
            let inside = open + OPEN.len();
            // Looked for once for all marks before it, however many there are.
            if close.is_some_and(|close| close < inside) {
                close = self.kept[inside..].find(CLOSE).map(|at| inside + at);
            }
            // A model that stops right after the call leaves the second mark out.
            let end = close.unwrap_or(self.kept.len());
            let after = (end + CLOSE.len()).min(self.kept.len());
            from = inside;
            if let Some(call) = self.call(&self.kept[inside..end]) {
                parts.extend(words(&self.kept[text..open]));
                parts.push(call);
                (text, from) = (after, after);
            }
        }
        parts.extend(words(&self.kept[text..]));
        parts
    }

    fn call<'t>(&self, json: &str) -> Option<Part<'t>> {
        let call: Value = serde_json::from_str(json.trim()).ok()?;
        let name = call["name"].as_str()?;
        let on_offer = self.tools.iter().any(|tool| tool.name == name);
        on_offer.then(|| Part::Call { name: name.to_owned(), arguments: arguments(&call["arguments"]) })
    }
}

/// A text of blanks between two calls says nothing.
fn words(text: &str) -> Option<Part<'_>> {
    (!text.trim().is_empty()).then_some(Part::Text(text))
}

/// Bytes at the end that may be the beginning of a mark.
fn half_a_mark(text: &str) -> usize {
    (1..OPEN.len()).rev().find(|length| text.ends_with(&OPEN[..*length])).unwrap_or(0)
}
