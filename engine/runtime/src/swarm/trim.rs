//! Shortens a conversation that becomes too long, before or after the provider refuses it: the
//! oldest tool results are cut first, then the oldest turns are removed. A tool result never stays
//! without its call.

use std::collections::BTreeSet;

use super::machine::{Swarm, Visit};
use super::record::Trim;
use cloudcrew_ports::model::{AttachmentFormat, Block, Message, Role, ToolResult, Usage};

/// Length above which tool results are cut, in characters.
const LONG: usize = 400;
/// Number of characters to keep at each end.
const KEPT: usize = 200;
/// Bytes per token when the conversation has grown since the last report: low, so that the estimate
/// is rather too high.
const BYTES_MORE: u64 = 3;
/// Bytes per token when the conversation has been shortened since the last report: high, so that
/// the estimate is rather too high.
const BYTES_LESS: u64 = 5;
/// Size that an image counts as, in bytes: its tokens do not grow with its file.
const IMAGE: u64 = 5_000;
/// Maximum size that a document counts as, in bytes.
const DOCUMENT: u64 = 200_000;

impl Visit {
    /// Adds a message to the conversation.
    pub(super) fn push(&mut self, message: Message) {
        self.bytes += size(&message);
        self.messages.push(message);
    }

    /// Adds a block to the last message of the user.
    pub(super) fn add(&mut self, block: Block) {
        let Some(last) = self.messages.last_mut().filter(|last| last.role == Role::User) else {
            return self.push(Message { role: Role::User, content: vec![block] });
        };
        let before = size(last);
        last.content.push(block);
        self.bytes += size(last) - before;
    }

    /// Notes the usage that the provider reported for the current conversation, before its reply is
    /// added.
    pub(super) fn read(&mut self, usage: Option<Usage>) {
        if let Some(usage) = usage {
            self.reported = Some((usage.read(), self.bytes));
        }
    }

    /// Estimated tokens of the conversation, rather too many than too few.
    fn tokens(&self) -> u64 {
        match self.reported {
            None => self.bytes / BYTES_MORE,
            Some((tokens, bytes)) if self.bytes >= bytes => {
                tokens.saturating_add((self.bytes - bytes) / BYTES_MORE)
            }
            Some((tokens, bytes)) => tokens.saturating_sub((bytes - self.bytes) / BYTES_LESS),
        }
    }
}

impl Swarm {
    /// Shortens the conversation before a turn when the agent's rule says so.
    pub(super) fn trim(&mut self) {
        let turn = self.visits.last().map_or(0, |r| r.turns);
        let Some(visit) = &mut self.visit else { return };
        let rule = self.spec.members.get(visit.agent).and_then(|m| m.context);
        let Some(rule) = rule.filter(|rule| visit.tokens() >= rule.trim_at) else { return };
        let before = visit.tokens();
        let (mut results, mut turns) = (0, 0);
        // The input and the last turn are never shortened.
        for message in 1..visit.messages.len().saturating_sub(2) {
            if visit.tokens() <= rule.trim_to {
                break;
            }
            results += cut_in(visit, message);
        }
        let at_most = visit.messages.len().saturating_sub(1) / 2;
        while visit.tokens() > rule.trim_to && turns + 1 < at_most {
            let dropped: u64 = visit.messages[1 + 2 * turns..3 + 2 * turns].iter().map(size).sum();
            visit.bytes = visit.bytes.saturating_sub(dropped);
            turns += 1;
        }
        drop_oldest(visit, turns);
        let trim = Trim { turn, before, after: visit.tokens(), results, turns: turns as u32 };
        if (results > 0 || turns > 0)
            && let Some(record) = self.record()
        {
            record.trims.push(trim);
        }
    }
}

/// Applies the first possible reduction to a conversation that the provider refused; `false` when
/// there is none.
pub(super) fn reduce(visit: &mut Visit) -> bool {
    let turns = (visit.messages.len() - 1) / 2;
    let last = (1 + turns.saturating_sub(1) * 2).max(1);
    if cut(visit, 1, last) {
        return true;
    }
    if turns >= 2 {
        let dropped: u64 = visit.messages[1..1 + turns / 2 * 2].iter().map(size).sum();
        visit.bytes = visit.bytes.saturating_sub(dropped);
        drop_oldest(visit, turns / 2);
        return true;
    }
    cut(visit, 1, visit.messages.len())
}

fn cut(visit: &mut Visit, from: usize, to: usize) -> bool {
    (from..to).fold(0, |cut, message| cut + cut_in(visit, message)) > 0
}

/// Removes the first turns after the input; their bytes have already been subtracted.
fn drop_oldest(visit: &mut Visit, turns: usize) {
    let gone = turns * 2;
    visit.messages.drain(1..1 + gone);
    let kept: BTreeSet<(usize, usize)> =
        visit.shortened.iter().filter(|(m, _)| *m > gone).map(|(m, b)| (m - gone, *b)).collect();
    visit.shortened = kept;
}

/// Cuts the long tool results of a message; returns how many were cut.
fn cut_in(visit: &mut Visit, number: usize) -> u32 {
    let Some(message) = visit.messages.get_mut(number).filter(|m| m.role == Role::User) else {
        return 0;
    };
    let before = size(message);
    let mut any = 0;
    for (b, block) in message.content.iter_mut().enumerate() {
        let Block::ToolResult(result) = block else { continue };
        if !visit.shortened.contains(&(number, b)) && shorten(result) {
            visit.shortened.insert((number, b));
            any += 1;
        }
    }
    // The note about omitted characters can make a text just above the bound longer.
    visit.bytes = visit.bytes.saturating_sub(before).saturating_add(size(message));
    any
}

fn shorten(result: &mut ToolResult) -> bool {
    let shown = std::mem::take(&mut result.attachments);
    let length = result.text.chars().count();
    if length > LONG {
        let head: String = result.text.chars().take(KEPT).collect();
        let tail: String = result.text.chars().skip(length - KEPT).collect();
        result.text = format!("{head}\n[{} characters left out]\n{tail}", length - 2 * KEPT);
    }
    for attachment in &shown {
        result.text.push_str(&format!("\n[{} left out]", attachment.name));
    }
    length > LONG || !shown.is_empty()
}

fn size(message: &Message) -> u64 {
    let of = |block: &Block| match block {
        Block::Text(text) => text.len() as u64,
        Block::ToolUse(call) => (call.id.len() + call.name.len()) as u64 + value(&call.input),
        Block::ToolResult(result) => {
            let shown = result.attachments.iter().map(|a| match a.format {
                AttachmentFormat::Pdf => (a.data.len() as u64).min(DOCUMENT),
                _ => IMAGE,
            });
            (result.id.len() + result.text.len()) as u64 + shown.sum::<u64>()
        }
        // Reasoning without a signature is not sent back.
        Block::Reasoning(thought) if thought.signature.is_none() && thought.hidden.is_none() => 0,
        Block::Reasoning(thought) => {
            let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            (thought.text.len() + length(&thought.signature) + length(&thought.hidden)) as u64
        }
    };
    message.content.iter().map(of).sum()
}

fn value(value: &serde_json::Value) -> u64 {
    use serde_json::Value;
    match value {
        Value::String(text) => text.len() as u64 + 2,
        Value::Array(values) => values.iter().map(|v| self::value(v) + 1).sum::<u64>() + 2,
        Value::Object(map) => {
            map.iter().map(|(key, v)| key.len() as u64 + 4 + self::value(v)).sum::<u64>() + 2
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 5,
    }
}
