//! What a model writes into its text that is none: its thoughts between `<think>` marks, and tool
//! calls in the forms that templates teach models and servers do not always read:
//! `<tool_call>{…}</tool_call>`, `<function=name>{…}</function>`, `[TOOL_CALLS] […]`, a fence of
//! JSON, or JSON alone.
//!
//! Thoughts are never executed, and neither is what is quoted: behind `>`, in backticks, or in a
//! fence of another kind.

use cloudcrew_ports::mended;
use cloudcrew_ports::model::{ModelFault, ToolSpec};
use cloudcrew_ports::reply::{Assembly, MAX_REPLY};
use serde_json::Value;

use super::calls::{Ids, arguments};

/// How thoughts begin and end.
const THOUGHTS: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];
/// Bytes of a tool's name at most.
const NAME: usize = 128;
/// Bytes before a mark that are looked at.
const NEAR: usize = 256;
/// Thoughts of one reply that are taken out at its end.
const MOST: usize = 1_000;
/// How a call may begin.
const MARKS: [&str; 4] = ["<tool_call>", "<function=", "[TOOL_CALLS]", "```"];

/// Words on their way into a reply. From the first mark on they are kept back: nobody is to hear
/// what may become a call or a thought, and only the end tells whether it does.
#[derive(Debug)]
pub struct Words<'a> {
    tools: &'a [ToolSpec],
    kept: String,
    block: u32,
    /// Whether words were let go.
    spoken: bool,
    /// Whether what is kept begins with a mark.
    marked: bool,
    thoughts: String,
    /// The beginning of the line at whose end the words are that were let go.
    line: String,
}

enum Part<'t> {
    Text(&'t str),
    Call { name: String, arguments: String },
}

impl<'a> Words<'a> {
    /// Nothing was said yet; it becomes this block of a reply.
    pub fn new(tools: &'a [ToolSpec], block: u32) -> Words<'a> {
        Words {
            tools,
            kept: String::new(),
            block,
            spoken: false,
            marked: false,
            thoughts: String::new(),
            line: String::new(),
        }
    }

    /// More words.
    ///
    /// # Errors
    /// When the reply grows too large.
    pub fn say(&mut self, words: &str, reply: &mut Assembly<'_>) -> Result<(), ModelFault> {
        let searched = self.kept.len();
        self.kept.push_str(words);
        if self.kept.len() + self.thoughts.len() > MAX_REPLY {
            return Err(ModelFault::too_large());
        }
        if self.marked {
            self.take_thought(searched);
            if self.marked {
                return Ok(());
            }
        }
        self.let_go(reply)
    }

    /// Lets go what cannot become anything else, up to the first mark.
    fn let_go(&mut self, reply: &mut Assembly<'_>) -> Result<(), ModelFault> {
        let bare = !self.spoken
            && !self.tools.is_empty()
            && self.kept.trim_start().starts_with(['{', '[']);
        let calls = if self.tools.is_empty() { &[][..] } else { &MARKS[..] };
        let marks = || calls.iter().chain(THOUGHTS.iter().map(|(open, _)| open));
        let first =
            if bare { Some(0) } else { marks().filter_map(|mark| self.kept.find(mark)).min() };
        self.marked = first.is_some();
        let free = first.unwrap_or_else(|| self.kept.len() - half_a_mark(&self.kept, marks()));
        let kept = self.kept.split_off(free);
        let free = std::mem::replace(&mut self.kept, kept);
        if self.marked {
            self.take_thought(0);
        }
        if free.trim().is_empty() && !self.spoken {
            // Blanks before anything is said may belong to what comes.
            self.kept.insert_str(0, &free);
            return Ok(());
        }
        self.spoken = true;
        match free.rfind('\n') {
            Some(end) => free[end + 1..].clone_into(&mut self.line),
            None => self.line.push_str(&free),
        }
        self.line.truncate(self.line.floor_char_boundary(NEAR));
        if free.is_empty() { Ok(()) } else { reply.text(self.block, &free) }
    }

    /// A thought that has come to its end is put aside; what follows it is words again.
    fn take_thought(&mut self, searched: usize) {
        let blank = self.kept.len() - self.kept.trim_start().len();
        for (open, close) in THOUGHTS {
            if !self.kept[blank..].starts_with(open) {
                continue;
            }
            // A mark may have been cut in two.
            let from = self
                .kept
                .floor_char_boundary(searched.saturating_sub(close.len()))
                .max(blank + open.len());
            if let Some(end) =
                self.kept.get(from..).and_then(|rest| rest.find(close)).map(|at| from + at)
            {
                self.thoughts.push_str(&self.kept[blank + open.len()..end]);
                self.kept.drain(..end + close.len());
                self.marked = false;
            }
            return;
        }
    }

    /// Nothing more is said: whether there were calls, and what was thought. Calls are read only
    /// where the server gave none itself.
    ///
    /// # Errors
    /// When the reply grows too large.
    pub fn finish(
        mut self,
        structured: bool,
        reply: &mut Assembly<'_>,
    ) -> Result<(bool, String), ModelFault> {
        for _ in 0..MOST {
            let before = self.kept.len();
            self.let_go(reply)?;
            if self.kept.len() == before {
                break;
            }
        }
        for (open, close) in THOUGHTS {
            let text = self.kept.trim_start();
            if let Some(thought) = text.strip_prefix(open) {
                // It was cut off while it thought.
                self.thoughts.push_str(thought);
                self.kept.clear();
            } else if !self.spoken
                && let Some((thought, rest)) = text.split_once(close)
                && !thought.contains(open)
            {
                // The template has opened the thought.
                self.thoughts.push_str(thought);
                self.kept = rest.to_owned();
            }
        }
        let parts = if structured || self.tools.is_empty() { Vec::new() } else { self.parts() };
        if !parts.iter().any(|part| matches!(part, Part::Call { .. })) {
            let kept = if self.spoken { self.kept.as_str() } else { self.kept.trim_start() };
            if !kept.is_empty() {
                reply.text(self.block, kept)?;
            }
            return Ok((false, self.thoughts));
        }
        let mut ids = Ids::default();
        // Words before the first call go on where those that were heard ended.
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

    /// What was kept back.
    fn parts(&self) -> Vec<Part<'_>> {
        let text = self.kept.as_str();
        if !self.spoken
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

    /// Whether a mark is shown and not meant: behind `>` at the beginning of its line, in
    /// backticks, or a fence inside of a line.
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

    /// What stands behind a mark.
    fn at<'t>(&self, text: &'t str, at: usize, mark: &str, ends: &mut Ends) -> Found<'t> {
        let inside = at + mark.len();
        let none = Found::Text(inside);
        match mark {
            "<tool_call>" => {
                // A model that stops right after the call leaves the second mark out.
                let close = "</tool_call>";
                let end = ends.next(text, inside, close).unwrap_or(text.len());
                // Of marks in one another, the innermost may be a call.
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
                // What a fence of another kind shows is an example.
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

    /// Calls as JSON: one, or a list of nothing else. Of a tool that is not on offer only the
    /// `name` and `arguments` of a call are one; the swarm tells the model that there is no such
    /// tool.
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

    /// `<function=name>` with JSON, or with a `<parameter=key>` for each argument.
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

/// What stands behind a mark, and where it ends.
enum Found<'t> {
    Calls(Vec<Part<'t>>, usize),
    Text(usize),
}

/// Where words come next; looked for once, however often it is asked.
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

/// Each `<parameter=key>value</parameter>`; a value that reads as JSON is that.
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

/// A text of blanks between two calls says nothing.
fn words(text: &str) -> Option<Part<'_>> {
    (!text.trim().is_empty()).then_some(Part::Text(text))
}

/// Bytes at the end that may be the beginning of a mark.
fn half_a_mark<'m>(text: &str, marks: impl Iterator<Item = &'m &'static str>) -> usize {
    marks
        .filter_map(|mark| (1..mark.len()).rev().find(|length| text.ends_with(&mark[..*length])))
        .max()
        .unwrap_or(0)
}
