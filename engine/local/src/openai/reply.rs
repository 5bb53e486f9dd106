//! Assembles one reply from chunks, or from a complete answer: both have the same form.

use std::collections::BTreeMap;

use cloudcrew_ports::model::{ModelFault, ModelReply, ModelRequest, Reasoning, Usage};
use cloudcrew_ports::reply::Assembly;
use serde_json::{Map, Value};

use super::calls::Calls;
use super::fault;
use super::pieces::Pieces;
use super::written::Words;

/// Blocks of a reply in order: thoughts, text, calls. The protocol numbers only the calls.
const THOUGHTS: u32 = 0;
const WORDS: u32 = 1;
const CALLS: u32 = 2;

/// The reply so far.
pub struct PartialReply<'a> {
    reply: Assembly<'a>,
    words: Words<'a>,
    calls: Calls,
    stop: Option<String>,
    usage: Option<Usage>,
    began: bool,
    pieces: Pieces,
    /// Number of complete messages received.
    messages: usize,
    /// Fields of the message that the protocol does not define.
    opaque: Map<String, Value>,
    /// Unknown fields of the calls, by the number of the call.
    of_calls: BTreeMap<String, Map<String, Value>>,
}

impl<'a> PartialReply<'a> {
    /// An empty reply.
    pub fn new(request: &ModelRequest<'a>) -> PartialReply<'a> {
        PartialReply {
            reply: Assembly::new(request.listener),
            words: Words::new(request.tools, WORDS),
            calls: Calls::default(),
            stop: None,
            usage: None,
            began: false,
            pieces: Pieces::default(),
            messages: 0,
            opaque: Map::new(),
            of_calls: BTreeMap::new(),
        }
    }

    /// Adds a chunk, or the complete answer.
    ///
    /// # Errors
    /// Fails with the provider's error, or when the reply is too large.
    pub fn add(&mut self, value: &Value) -> Result<(), ModelFault> {
        if let Some(fault) = fault::of_answer(value) {
            return Err(self.failed(fault));
        }
        if let Some(usage) = reported(&value["usage"]) {
            self.usage = Some(usage);
        }
        // The final usage report comes without a choice; more than one choice is never requested.
        let choice = &value["choices"][0];
        if !choice.is_object() {
            return Ok(());
        }
        self.began = true;
        // Some streams repeat everything so far in `message`, next to the new piece.
        let delta = choice["delta"]
            .as_object()
            .is_some_and(|delta| delta.values().any(|value| !value.is_null()));
        if choice["message"].is_object() && !delta {
            let again = self.repeats(&choice["message"]);
            self.message(&choice["message"], !again)?;
        } else {
            self.message(&choice["delta"], false)?;
        }
        if let Some(stop) = choice["finish_reason"].as_str().filter(|stop| !stop.is_empty()) {
            self.stop = Some(stop.to_owned());
        }
        Ok(())
    }

    /// Whether the model has finished.
    pub fn has_stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// A fault with the usage reported before it.
    pub fn failed(&self, fault: ModelFault) -> ModelFault {
        ModelFault { usage: fault.usage.or(self.usage), ..fault }
    }

    /// Completes the reply.
    ///
    /// # Errors
    /// Fails when the answer is empty or not a reply.
    pub fn finish(mut self) -> Result<ModelReply, ModelFault> {
        if !self.began {
            return Err(ModelFault::garbled("the answer contains no reply"));
        }
        if self.stop.as_deref() == Some("error") {
            return Err(self.failed(ModelFault::transient(
                "StreamError",
                "the provider aborted its reply without a reason",
            )));
        }
        let structured = !self.calls.is_empty();
        for words in self.pieces.rest() {
            self.words.say(&words, &mut self.reply)?;
        }
        let (written, thought) = self.words.finish(structured, &mut self.reply)?;
        if !thought.is_empty() {
            self.reply.thought(THOUGHTS, &Reasoning { text: thought, ..Reasoning::default() })?;
        }
        self.calls.finish(CALLS, &mut self.reply)?;
        if structured && !(self.opaque.is_empty() && self.of_calls.is_empty()) {
            let of_calls =
                self.of_calls.into_iter().map(|(place, fields)| (place, Value::Object(fields)));
            let all = [("message", Value::Object(self.opaque)), ("calls", of_calls.collect())];
            self.reply.opaque(
                THOUGHTS,
                all.map(|(key, value)| (key.to_owned(), value)).into_iter().collect(),
            )?;
        }
        let stop = match (self.stop.as_deref(), structured || written) {
            (None | Some("stop"), true) | (Some("tool_calls" | "function_call"), _) => "tool_use",
            (None | Some("stop"), false) => "end_turn",
            (Some("length"), _) => "max_tokens",
            (Some("content_filter"), _) => "content_filtered",
            (Some(other), _) => other,
        };
        Ok(self.reply.finish(stop.to_owned(), self.usage))
    }

    fn message(&mut self, message: &Value, whole: bool) -> Result<(), ModelFault> {
        // Some servers send the thoughts under both names.
        let thoughts = ["reasoning_content", "reasoning"]
            .iter()
            .filter_map(|key| message[*key].as_str())
            .find(|t| !t.is_empty());
        if let Some(text) = thoughts {
            self.reply
                .thought(THOUGHTS, &Reasoning { text: text.to_owned(), ..Reasoning::default() })?;
        }
        for words in [&message["content"], &message["refusal"]] {
            match words {
                Value::String(words) => self.say(words)?,
                Value::Array(parts) => parts
                    .iter()
                    .filter_map(|part| part["text"].as_str())
                    .try_for_each(|words| self.say(words))?,
                _ => {}
            }
        }
        self.keep(message);
        let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
        for call in calls {
            if whole { self.calls.whole(call)? } else { self.calls.part(call)? }
        }
        if calls.is_empty() && message["function_call"].is_object() {
            self.calls.part(&message["function_call"])?;
        }
        Ok(())
    }

    fn say(&mut self, words: &str) -> Result<(), ModelFault> {
        if words.is_empty() {
            return Ok(());
        }
        for words in self.pieces.next(words) {
            self.words.say(&words, &mut self.reply)?;
        }
        Ok(())
    }

    /// Whether each of several messages repeats everything so far.
    fn repeats(&mut self, message: &Value) -> bool {
        let words = message["content"].as_str().unwrap_or_default();
        let again =
            self.messages > 0 && (words.starts_with(self.pieces.previous()) || words.is_empty());
        self.messages += 1;
        if again {
            self.pieces.all_so_far();
        }
        again
    }

    /// Keeps fields of the message and its calls that the protocol does not define: the provider
    /// may expect them back.
    fn keep(&mut self, message: &Value) {
        for (key, value) in message.as_object().into_iter().flatten() {
            let known = matches!(
                key.as_str(),
                "role"
                    | "content"
                    | "refusal"
                    | "tool_calls"
                    | "function_call"
                    | "annotations"
                    | "audio"
            );
            if !known && !value.is_null() {
                joined(&mut self.opaque, key, value);
            }
        }
        for (place, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
            for (key, value) in call.as_object().into_iter().flatten() {
                let known = matches!(
                    key.as_str(),
                    "index" | "id" | "type" | "function" | "name" | "arguments"
                );
                if !known && !value.is_null() {
                    let place = call["index"]
                        .as_u64()
                        .map_or(place, |index| usize::try_from(index).unwrap_or(place));
                    joined(self.of_calls.entry(place.to_string()).or_default(), key, value);
                }
            }
        }
    }
}

/// Extends a field: texts and lists are appended, anything else is replaced.
fn joined(fields: &mut Map<String, Value>, key: &str, more: &Value) {
    match (fields.get_mut(key), more) {
        (Some(Value::String(all)), Value::String(more)) => all.push_str(more),
        (Some(Value::Array(all)), Value::Array(more)) => all.extend(more.iter().cloned()),
        _ => drop(fields.insert(key.to_owned(), more.clone())),
    }
}

/// Token counts in our terms: cached tokens are counted apart from those read.
fn reported(usage: &Value) -> Option<Usage> {
    let count = |value: &Value| value.as_u64();
    let (prompt, written) = (count(&usage["prompt_tokens"]), count(&usage["completion_tokens"]));
    // Every model reads something: gateways that know nothing report zeros.
    let prompt = prompt.filter(|read| *read > 0)?;
    // A report without the tokens written is useless: the call is charged at its upper bound.
    let all = count(&usage["total_tokens"]).and_then(|all| all.checked_sub(prompt));
    let written = written.or(all)?;
    let cached = count(&usage["prompt_tokens_details"]["cached_tokens"]).unwrap_or(0).min(prompt);
    Some(Usage {
        input_tokens: prompt - cached,
        output_tokens: written,
        cache_read_tokens: cached,
        cache_write_tokens: 0,
    })
}
