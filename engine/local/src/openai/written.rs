//! Parses what a model writes into its text that is not text: thoughts between `<think>` marks, and
//! tool calls in the forms that templates teach models and servers do not always parse:
//! `<tool_call>{…}</tool_call>`, `<function=name>{…}</function>`, `[TOOL_CALLS] […]`, a fence of
//! JSON, or JSON alone.
//!
//! Thoughts are never executed, nor is quoted text: after `>`, in backticks, or in a fence of
//! another language.

use cloudcrew_ports::mended;
use cloudcrew_ports::model::{ModelFault, ToolSpec};
use cloudcrew_ports::reply::{Assembly, MAX_REPLY};
use serde_json::Value;

use super::calls::{Ids, arguments};

/// Start and end marks of thoughts.
const THOUGHTS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];
/// Maximum bytes of a tool's name.
const NAME: usize = 128;
/// Bytes to examine before a mark.
const NEAR: usize = 256;
/// Maximum thoughts to extract at the end of a reply.
const MOST: usize = 1_000;
/// Start marks of a call.
const MARKS: [&str; 4] = ["<tool_call>", "<function=", "[TOOL_CALLS]", "```"];

/// Text on its way into a reply. From the first mark on, it is held back: it may become a call or a
/// thought, and only its end decides.
#[derive(Debug)]
pub struct Words<'a> {
    tools: &'a [ToolSpec],
    held: String,
    block: u32,
    /// Whether any text was released.
    released: bool,
    /// Whether the text held back begins with a mark.
    marked: bool,
    thoughts: String,
    /// The start of the line in which the released text ends.
    line: String,
}

enum Part<'t> {
    Text(&'t str),
    Call { name: String, arguments: String },
}

impl<'a> Words<'a> {
    /// Starts a text that becomes this block of the reply.
    pub fn new(tools: &'a [ToolSpec], block: u32) -> Words<'a> {
        Words {
            tools,
            held: String::new(),
            block,
            released: false,
            marked: false,
            thoughts: String::new(),
            line: String::new(),
        }
    }

    /// Adds text.
    ///
    /// # Errors
    /// Fails when the reply grows too large.
    pub fn say(&mut self, words: &str, reply: &mut Assembly<'_>) -> Result<(), ModelFault> {
        let searched = self.held.len();
        self.held.push_str(words);
        if self.held.len() + self.thoughts.len() > MAX_REPLY {
            return Err(ModelFault::too_large());
        }
        if self.marked {
            self.take_thought(searched);
            if self.marked {
                return Ok(());
            }
        }
        self.release(reply)
    }

    /// Releases the text that can only be text, up to the first mark.
    fn release(&mut self, reply: &mut Assembly<'_>) -> Result<(), ModelFault> {
        let bare = !self.released
            && !self.tools.is_empty()
            && self.held.trim_start().starts_with(['{', '[']);
        let calls = if self.tools.is_empty() { &[][..] } else { &MARKS[..] };
        let marks = || calls.iter().chain(THOUGHTS.iter().map(|(open, _)| open));
        let first =
            if bare { Some(0) } else { marks().filter_map(|mark| self.held.find(mark)).min() };
        self.marked = first.is_some();
        let free = first.unwrap_or_else(|| self.held.len() - half_a_mark(&self.held, marks()));
        let held = self.held.split_off(free);
        let free = std::mem::replace(&mut self.held, held);
        if self.marked {
            self.take_thought(0);
        }
        if free.trim().is_empty() && !self.released {
            // Blanks before the first text may belong to what follows.
            self.held.insert_str(0, &free);
            return Ok(());
        }
        self.released = true;
        match free.rfind('\n') {
            Some(end) => free[end + 1..].clone_into(&mut self.line),
            None => self.line.push_str(&free),
        }
        self.line.truncate(self.line.floor_char_boundary(NEAR));
        if free.is_empty() { Ok(()) } else { reply.text(self.block, &free) }
    }

    /// Sets aside a complete thought; the rest is text again.
    fn take_thought(&mut self, searched: usize) {
        let blank = self.held.len() - self.held.trim_start().len();
        for (open, close) in THOUGHTS {
            if !self.held[blank..].starts_with(open) {
                continue;
            }
            // A mark may have been split in two.
            let from = self
                .held
                .floor_char_boundary(searched.saturating_sub(close.len()))
                .max(blank + open.len());
            if let Some(end) =
                self.held.get(from..).and_then(|rest| rest.find(close)).map(|at| from + at)
            {
                self.thoughts.push_str(&self.held[blank + open.len()..end]);
                self.held.drain(..end + close.len());
                self.marked = false;
            }
            return;
        }
    }

    /// Ends the text; returns whether there were calls, and the thoughts. Calls are parsed only if
    /// the server sent none itself.
    ///
    /// # Errors
    /// Fails when the reply grows too large.
    pub fn finish(
        mut self,
        structured: bool,
        reply: &mut Assembly<'_>,
    ) -> Result<(bool, String), ModelFault> {
        for _ in 0..MOST {
            let before = self.held.len();
            self.release(reply)?;
            if self.held.len() == before {
                break;
            }
        }
        for (open, close) in THOUGHTS {
            let text = self.held.trim_start();
            if let Some(thought) = text.strip_prefix(open) {
                // The reply was cut off inside a thought.
                self.thoughts.push_str(thought);
                self.held.clear();
            } else if !self.released
                && let Some((thought, rest)) = text.split_once(close)
                && !thought.contains(open)
            {
                // The template opened the thought.
                self.thoughts.push_str(thought);
                self.held = rest.to_owned();
            }
        }
        let parts = if structured || self.tools.is_empty() { Vec::new() } else { self.parts() };
        if !parts.iter().any(|part| matches!(part, Part::Call { .. })) {
            let held = if self.released { self.held.as_str() } else { self.held.trim_start() };
            if !held.is_empty() {
                reply.text(self.block, held)?;
            }
            return Ok((false, self.thoughts));
        }
        let mut ids = Ids::default();
        // The text before the first call continues the released text.
        let first =
            if let Some(Part::Text(_)) = parts.first() { self.block } else { self.block + 1 };
        for (block, part) in (first..).zip(&parts) {
            match part {
                Part::Text(text) => reply.text(block, text)?,
                Part::Call { name, arguments } => {
                    reply.tool(block, &ids.of(""), name)?;
                    reply.input(block, arguments)?;
                }
            }
        }
        Ok((true, self.thoughts))
    }

    /// The text held back, in parts.
    fn parts(&self) -> Vec<Part<'_>> {
        let text = self.held.as_str();
        if !self.released
            && let Ok(value) = mended::value(text)
            && let Some(calls) = self.calls(&value)
        {
            return calls;
        }
        let mut parts = Vec::new();
        let (mut begun, mut from) = (0, 0);
        let mut ends = Ends::default();
        while let Some((at, mark)) =
            MARKS.iter().filter_map(|mark| Some((ends.next(text, from, mark)?, *mark))).min()
        {
            let found = if self.is_quoted(text, at, mark) {
                Found::Text(at + mark.len())
            } else {
                self.at(text, at, mark, &mut ends)
            };
            match found {
                Found::Calls(calls, end) => {
                    parts.extend(words(&text[begun..at]));
                    parts.extend(calls);
                    (begun, from) = (end, end);
                }
                Found::Text(end) => from = end,
            }
        }
        parts.extend(words(&text[begun..]));
        parts
    }

    /// Whether a mark is quoted rather than meant: after `>` at the start of its line, in
    /// backticks, or in an inline fence.
    fn is_quoted(&self, text: &str, at: usize, mark: &str) -> bool {
        let near = text.ceil_char_boundary(at.saturating_sub(NEAR));
        let begun = text[near..at].rfind('\n').map(|end| near + end + 1);
        let before = if begun.is_none() && near == 0 { self.line.as_str() } else { "" };
        let line = &text[begun.unwrap_or(near)..at];
        let first = if before.trim().is_empty() { line } else { before };
        let fence_inside = mark == "```" && !(before.trim().is_empty() && line.trim().is_empty());
        let ticked = if line.is_empty() { before } else { line };
        first.trim_start().starts_with('>') || ticked.ends_with('`') || fence_inside
    }

    /// Parses what follows a mark.
    fn at<'t>(&self, text: &'t str, at: usize, mark: &str, ends: &mut Ends) -> Found<'t> {
        let inside = at + mark.len();
        let none = Found::Text(inside);
        match mark {
            "<tool_call>" => {
                // A model that stops right after the call omits the end mark.
                let close = "</tool_call>";
                let end = ends.next(text, inside, close).unwrap_or(text.len());
                // Of nested marks, only the innermost may be a call.
                if ends.next(text, inside, "<tool_call>").is_some_and(|next| next < end) {
                    return none;
                }
                let body = text[inside..end].trim();
                let after = (end + close.len()).min(text.len());
                let called = mended::value(body).ok().and_then(|value| self.calls(&value));
                match called.or_else(|| self.function(body).map(|call| vec![call])) {
                    Some(calls) => Found::Calls(calls, after),
                    None => none,
                }
            }
            "<function=" => {
                let close = "</function>";
                let end = ends.next(text, inside, close).unwrap_or(text.len());
                if ends.next(text, inside, "<function=").is_some_and(|next| next < end) {
                    return none;
                }
                match self.function(&text[at..end]) {
                    Some(call) => Found::Calls(vec![call], (end + close.len()).min(text.len())),
                    None => none,
                }
            }
            "[TOOL_CALLS]" => {
                let mut values =
                    serde_json::Deserializer::from_str(&text[inside..]).into_iter::<Value>();
                match values.next() {
                    Some(Ok(value)) => match self.calls(&value) {
                        Some(calls) => Found::Calls(calls, inside + values.byte_offset()),
                        None => none,
                    },
                    _ => none,
                }
            }
            _ => {
                let Some(close) = ends.next(text, inside, "```") else {
                    return Found::Text(text.len());
                };
                let (language, body) =
                    text[inside..close].split_once('\n').unwrap_or(("", &text[inside..close]));
                let end = close + 3;
                // A fence of another language shows an example.
                let is_call = matches!(language.trim(), "" | "json" | "tool_call" | "tool_code");
                match mended::value(body)
                    .ok()
                    .filter(|_| is_call)
                    .and_then(|value| self.calls(&value))
                {
                    Some(calls) => Found::Calls(calls, end),
                    None => Found::Text(end),
                }
            }
        }
    }

    /// Parses calls from JSON: one call, or a list of nothing else. For an unknown tool, only
    /// `name` with `arguments` counts as a call; the swarm tells the model that the tool does not
    /// exist.
    fn calls<'t>(&self, value: &Value) -> Option<Vec<Part<'t>>> {
        match value {
            Value::Array(values) if !values.is_empty() => {
                values.iter().map(|value| self.call(value)).collect()
            }
            value => self.call(value).map(|call| vec![call]),
        }
    }

    fn call<'t>(&self, value: &Value) -> Option<Part<'t>> {
        let call = value.as_object()?;
        let call = call.get("function").and_then(Value::as_object).unwrap_or(call);
        let name = call.get("name")?.as_str()?;
        let given = call.get("arguments").or_else(|| call.get("parameters"));
        let on_offer = self.tools.iter().any(|tool| tool.name == name);
        let plain = call
            .keys()
            .all(|key| matches!(key.as_str(), "name" | "arguments" | "parameters" | "id" | "type"));
        let looks = given.is_some_and(Value::is_object) && plain;
        (on_offer || looks).then(|| Part::Call {
            name: name.to_owned(),
            arguments: arguments(given.unwrap_or(&Value::Null)),
        })
    }

    /// Parses `<function=name>` with JSON, or with a `<parameter=key>` for each argument.
    fn function<'t>(&self, text: &str) -> Option<Part<'t>> {
        let rest = text.strip_prefix("<function=")?;
        let name = &rest[..rest.bytes().take(NAME).position(|byte| byte == b'>')?];
        let body = rest[name.len() + 1..].trim();
        let body = body.strip_suffix("</function>").unwrap_or(body).trim();
        let name = name.trim().trim_matches('"');
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c)) {
            return None;
        }
        let given = if body.is_empty() || body.starts_with("<parameter=") {
            parameters(body)
        } else {
            mended::object(body).ok()?
        };
        Some(Part::Call { name: name.to_owned(), arguments: given.to_string() })
    }
}

/// What follows a mark, and where it ends.
enum Found<'t> {
    Calls(Vec<Part<'t>>, usize),
    Text(usize),
}

/// Where each word occurs next; searched once, however often it is requested.
#[derive(Default)]
struct Ends(std::collections::HashMap<&'static str, Option<usize>>);

impl Ends {
    fn next(&mut self, text: &str, from: usize, word: &'static str) -> Option<usize> {
        let known = self.0.entry(word).or_insert(Some(0));
        let at = (*known)?;
        if at < from || !text[at..].starts_with(word) {
            *known = text.get(from..).and_then(|rest| rest.find(word)).map(|at| from + at);
        }
        *known
    }
}

/// Parses each `<parameter=key>value</parameter>`; a value that is valid JSON is read as JSON.
fn parameters(body: &str) -> Value {
    let mut all = serde_json::Map::new();
    for part in body.split("<parameter=").skip(1) {
        let Some((key, rest)) = part.split_once('>') else { continue };
        let value = rest.split("</parameter>").next().unwrap_or_default();
        let value = value.strip_prefix('\n').unwrap_or(value);
        let value = value.strip_suffix('\n').unwrap_or(value);
        let read = serde_json::from_str(value.trim()).ok().filter(|read: &Value| !read.is_string());
        all.insert(key.trim().trim_matches('"').to_owned(), read.unwrap_or_else(|| value.into()));
    }
    Value::Object(all)
}

/// Text, unless it is only blanks between two calls.
fn words(text: &str) -> Option<Part<'_>> {
    (!text.trim().is_empty()).then_some(Part::Text(text))
}

/// Number of bytes at the end that may be the start of a mark.
fn half_a_mark<'m>(text: &str, marks: impl Iterator<Item = &'m &'static str>) -> usize {
    marks
        .filter_map(|mark| (1..mark.len()).rev().find(|length| text.ends_with(&mark[..*length])))
        .max()
        .unwrap_or(0)
}
