//! One complete reply out of chunks, or out of an answer that came whole: both have the same form.

use cloudcrew_runtime::ports::model::{ModelFault, ModelReply, ModelRequest, Reasoning, Usage};
use cloudcrew_runtime::ports::reply::Assembly;
use serde_json::Value;

use super::calls::Calls;
use super::fault;
use super::written::Words;

/// Blocks of a reply in their order: thoughts, words, calls. The protocol numbers the calls only.
const THOUGHTS: u32 = 0;
const WORDS: u32 = 1;
const CALLS: u32 = 2;

/// What was said so far.
pub struct Said<'a> {
    reply: Assembly<'a>,
    words: Words<'a>,
    calls: Calls,
    stop: Option<String>,
    usage: Option<Usage>,
    began: bool,
}

impl<'a> Said<'a> {
    /// Nothing.
    pub fn new(request: &ModelRequest<'a>) -> Said<'a> {
        Said {
            reply: Assembly::new(request.listener),
            words: Words::new(request.tools, WORDS),
            calls: Calls::default(),
            stop: None,
            usage: None,
            began: false,
        }
    }

    /// A chunk, or the whole answer.
    ///
    /// # Errors
    /// What the provider says went wrong, and a reply that is too large.
    pub fn hear(&mut self, value: &Value) -> Result<(), ModelFault> {
        if let Some(fault) = fault::of_answer(value) {
            return Err(self.failed(fault));
        }
        if let Some(usage) = reported(&value["usage"]) {
            self.usage = Some(usage);
        }
        // The report at the end comes without a choice; more than one is never asked for.
        let choice = &value["choices"][0];
        if !choice.is_object() {
            return Ok(());
        }
        self.began = true;
        if choice["message"].is_object() {
            self.message(&choice["message"], true)?;
        } else {
            self.message(&choice["delta"], false)?;
        }
        if let Some(stop) = choice["finish_reason"].as_str().filter(|stop| !stop.is_empty()) {
            self.stop = Some(stop.to_owned());
        }
        Ok(())
    }

    /// Whether the model has said that it ends.
    pub fn has_stopped(&self) -> bool {
        self.stop.is_some()
    }

    /// A fault with the usage that was reported before it.
    pub fn failed(&self, fault: ModelFault) -> ModelFault {
        ModelFault { usage: fault.usage.or(self.usage), ..fault }
    }

    /// The reply is complete.
    ///
    /// # Errors
    /// When nothing was said, and when what was said is no reply.
    pub fn finish(mut self) -> Result<ModelReply, ModelFault> {
        if !self.began {
            return Err(ModelFault::garbled("the answer holds no reply"));
        }
        if self.stop.as_deref() == Some("error") {
            return Err(self.failed(ModelFault::transient("StreamError", "the provider broke off its reply and gave no reason")));
        }
        let structured = !self.calls.is_empty();
        let written = self.words.finish(structured, &mut self.reply)?;
        self.calls.finish(CALLS, &mut self.reply)?;
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
        // Some servers write their thoughts under both names.
        let thoughts = ["reasoning_content", "reasoning"].iter().filter_map(|key| message[*key].as_str()).find(|t| !t.is_empty());
        if let Some(text) = thoughts {
            self.reply.thought(THOUGHTS, &Reasoning { text: text.to_owned(), ..Reasoning::default() })?;
        }
        for words in [&message["content"], &message["refusal"]] {
            match words {
                Value::String(words) => self.say(words)?,
                Value::Array(parts) => {
                    parts.iter().filter_map(|part| part["text"].as_str()).try_for_each(|words| self.say(words))?
                }
                _ => {}
            }
        }
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
        if words.is_empty() { Ok(()) } else { self.words.say(words, &mut self.reply) }
    }
}

/// Tokens as we count them: those from a cache apart from those read.
fn reported(usage: &Value) -> Option<Usage> {
    let count = |value: &Value| value.as_u64();
    let (prompt, written) = (count(&usage["prompt_tokens"]), count(&usage["completion_tokens"]));
    // No model reads nothing: some gateways report zeros where they know nothing.
    let prompt = prompt.filter(|read| *read > 0)?;
    let written = written.unwrap_or(0);
    let cached = count(&usage["prompt_tokens_details"]["cached_tokens"]).unwrap_or(0).min(prompt);
    Some(Usage { input_tokens: prompt - cached, output_tokens: written, cache_read_tokens: cached, cache_write_tokens: 0 })
}
