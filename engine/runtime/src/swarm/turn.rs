//! A turn: one complete reply and the tool calls in it.

use cloudcrew_tools::AnswerForm;
use serde_json::{Map, Value};

use super::machine::{At, Slot, SlotState, Swarm};
use super::record::{CallRecord, Finished, Question, Reason, Status, VisitStatus};
use super::spec::HandoffMode;
use cloudcrew_ports::json::{MAX_ARGUMENTS, depth};
use cloudcrew_ports::mended::object;
use cloudcrew_ports::model::{
    Block, Message, ModelReply, Role, ToolResult, ToolStatus, ToolUse, Usage,
};

/// Number of cut-off replies that a visit recovers from.
const RECOVERIES: u32 = 2;
/// Number of characters of unreadable arguments to show to the model.
const SHOWN: usize = 200;
/// For a reply that announces tool calls but has none: what the agent did, and the note to it.
const ANNOUNCED: (&str, &str) = (
    "announced tool calls and made none",
    "Your reply announced a tool call and held none, so nothing was done. Call the tool now, or \
     say that you are done.",
);
/// For a reply without text and calls.
const SILENT: (&str, &str) = (
    "said nothing",
    "Your reply was empty. Go on with a tool call, or say in a sentence that you are done.",
);
/// Maximum size of a tool's result in the record of finished calls, in bytes.
const KEPT_RESULT: usize = 2 * 1024;

impl Swarm {
    /// Records a model call.
    pub(super) fn call(&mut self, result: &str, usage: Option<Usage>) {
        let counted = usage.unwrap_or_default();
        self.tokens = self.tokens.saturating_add(counted.counted());
        if let Some(record) = self.record() {
            record.usage += counted;
            record.calls.push(CallRecord { result: result.to_owned(), usage });
        }
    }

    pub(super) fn reply(&mut self, reply: ModelReply) {
        self.call(&reply.stop_reason, reply.usage);
        let text: String = reply
            .content
            .iter()
            .filter_map(|b| if let Block::Text(t) = b { Some(t.as_str()) } else { None })
            .collect();
        let stop = reply.stop_reason.clone();
        if let Some(record) = self.record() {
            record.turns += 1;
            record.stop_reason = Some(stop.clone());
            record.text.clone_from(&text);
        }
        if let Some(visit) = &mut self.visit {
            visit.attempts = 0;
            visit.reductions = 0;
            visit.read(reply.usage);
        }
        let calls: Vec<ToolUse> = reply.calls().cloned().collect();
        match stop.as_str() {
            "max_tokens" | "model_context_window_exceeded" => self.cut_reply(text, &calls),
            "tool_use" | "end_turn" if !calls.is_empty() => self.run_tools(reply.content, calls),
            "tool_use" if self.spec.asks_again > 0 => {
                self.ask_again(reply.content, &text, ANNOUNCED)
            }
            "end_turn" if self.spec.asks_again > 0 && text.trim().is_empty() => {
                self.ask_again(reply.content, &text, SILENT)
            }
            _ => self.complete(),
        }
    }

    fn cut_reply(&mut self, text: String, calls: &[ToolUse]) {
        let Some(visit) = &mut self.visit else { return };
        if visit.cut_replies >= RECOVERIES {
            let agent = self.agent().to_owned();
            let max =
                self.spec.members.iter().find(|m| m.name == agent).map_or(0, |m| m.max_tokens);
            let text = format!(
                "The reply of {agent} was cut off {} times: max_tokens is {max}.",
                RECOVERIES + 1
            );
            let (key, value) = (Some("max_tokens".to_owned()), Some(Value::from(max)));
            return self.fail(Reason {
                kind: "max_tokens".into(),
                agent,
                text,
                key,
                value,
                error: None,
                retry_after: None,
                mendable: false,
            });
        }
        visit.cut_replies += 1;
        let reply = if text.trim().is_empty() { "(cut off)".to_owned() } else { text };
        visit.push(Message { role: Role::Assistant, content: vec![Block::Text(reply)] });
        let names: Vec<&str> = calls.iter().map(|c| c.name.as_str()).collect();
        let not_run = if names.is_empty() {
            String::new()
        } else {
            format!("Tool calls not run: {}. ", names.join(", "))
        };
        let note = format!(
            "Your reply was cut off at the output limit. {not_run}Continue in smaller steps."
        );
        visit.push(Message { role: Role::User, content: vec![Block::Text(note)] });
        visit.at = At::Model;
        self.next_turn();
    }

    /// Asks the model again after an empty reply, a limited number of times.
    fn ask_again(&mut self, content: Vec<Block>, text: &str, (what, note): (&str, &str)) {
        let most = self.spec.asks_again;
        let agent = self.agent().to_owned();
        let Some(visit) = &mut self.visit else { return };
        if visit.empty_replies >= most {
            let text = format!("{agent} {what} {} times.", most + 1);
            let (key, value, error, retry_after) = (None, None, None, None);
            return self.fail(Reason {
                kind: "no_reply".into(),
                agent,
                text,
                key,
                value,
                error,
                retry_after,
                mendable: false,
            });
        }
        visit.empty_replies += 1;
        let mut reply: Vec<Block> =
            content.into_iter().filter(|block| matches!(block, Block::Reasoning(_))).collect();
        reply.push(Block::Text(if text.trim().is_empty() {
            "(no words)".to_owned()
        } else {
            text.to_owned()
        }));
        visit.push(Message { role: Role::Assistant, content: reply });
        visit.push(Message { role: Role::User, content: vec![Block::Text(note.to_owned())] });
        visit.at = At::Model;
        self.next_turn();
    }

    fn run_tools(&mut self, content: Vec<Block>, calls: Vec<ToolUse>) {
        let reply: Vec<Block> = content
            .into_iter()
            .filter(|b| !matches!(b, Block::Text(t) if t.trim().is_empty()))
            .map(as_sent)
            .collect();
        if let Some(visit) = &mut self.visit {
            visit.push(Message { role: Role::Assistant, content: reply });
            visit.at = At::Tools(
                calls.into_iter().map(|call| Slot { call, state: SlotState::Running }).collect(),
            );
        }
        let calls: Vec<ToolUse> = match &self.visit {
            Some(visit) => {
                if let At::Tools(slots) = &visit.at {
                    slots.iter().map(|s| s.call.clone()).collect()
                } else {
                    Vec::new()
                }
            }
            None => Vec::new(),
        };
        for (index, call) in calls.iter().enumerate() {
            if let Some((status, text)) = self.own_answer(call) {
                self.keep_result(
                    index,
                    ToolResult { id: call.id.clone(), status, text, attachments: Vec::new() },
                    false,
                );
            }
        }
        self.after_tools();
    }

    /// Answers a call without running a tool: a handoff, an unknown tool, or an input that is not
    /// an object.
    fn own_answer(&mut self, call: &ToolUse) -> Option<(ToolStatus, String)> {
        if self.spec.handoffs && call.name == super::handoff::TOOL {
            return Some(self.handoff(&call.input));
        }
        let agent = self.visit.as_ref().map(|v| v.agent)?;
        if !self.spec.members.get(agent).is_some_and(|m| m.tools.contains(&call.name)) {
            return Some((ToolStatus::Error, format!("No tool named \"{}\".", call.name)));
        }
        let why = match &call.input {
            Value::Object(_) => return None,
            Value::String(written) if depth(written.as_bytes()) > MAX_ARGUMENTS => {
                format!("it is nested deeper than {MAX_ARGUMENTS} levels")
            }
            Value::String(written) => {
                let why =
                    object(written).err().unwrap_or_else(|| "it is no JSON object".to_owned());
                let read: String = written.chars().take(SHOWN).collect();
                format!("{why}; what was read begins with: {read}")
            }
            _ => "it is no JSON object".to_owned(),
        };
        Some((ToolStatus::Error, format!("Invalid input for {}: {why}", call.name)))
    }

    /// The calls among these, from its last turns, that the swarm refused, with the reason.
    pub fn refused(&self, calls: &[ToolUse]) -> Vec<(ToolUse, String)> {
        let why = |call: &ToolUse| match self.answered(call) {
            Some((ToolStatus::Error, why)) => Some((call.clone(), why.to_owned())),
            _ => None,
        };
        calls.iter().filter_map(why).collect()
    }

    /// The swarm's own answer to a call of its last turns; see `own_answer`. `None` for any other
    /// call.
    fn answered(&self, call: &ToolUse) -> Option<(ToolStatus, &str)> {
        let done = match self.visit.as_ref().map(|v| &v.at) {
            Some(At::Tools(slots)) => slots.iter().find_map(|slot| match &slot.state {
                SlotState::Done { result, started: false, .. } if slot.call == *call => {
                    Some((result.status, result.text.as_str()))
                }
                _ => None,
            }),
            _ => None,
        };
        let itself = |agent: &str| {
            let known =
                self.spec.members.iter().any(|m| m.name == agent && m.tools.contains(&call.name));
            !known || !call.input.is_object() || call.name == super::handoff::TOOL
        };
        let finished = || {
            let mut finished = self.finished.iter().rev();
            let found = finished.find(|f| {
                f.id == call.id && f.tool == call.name && !f.started && itself(&f.agent)
            })?;
            Some((found.status, found.text.as_str()))
        };
        done.or_else(finished)
    }

    pub(super) fn keep_result(&mut self, index: usize, mut result: ToolResult, started: bool) {
        if result.text.trim().is_empty() {
            result.text = "(no output)".to_owned();
        }
        if let Some(slot) = self.slot(index) {
            result.id.clone_from(&slot.call.id);
            slot.state = SlotState::Done { result, started, asked: false };
        }
    }

    fn slot(&mut self, index: usize) -> Option<&mut Slot> {
        match self.visit.as_mut().map(|v| &mut v.at) {
            Some(At::Tools(slots)) => slots.get_mut(index),
            _ => None,
        }
    }

    pub(super) fn tool_done(&mut self, index: usize, result: ToolResult, started: bool) {
        self.keep_result(index, result, started);
        self.after_tools();
    }

    pub(super) fn tool_asks(
        &mut self,
        index: usize,
        name: String,
        question: String,
        form: AnswerForm,
    ) {
        let (visit, turn) =
            self.visits.last().map_or((0, 0), |r| (r.visit, r.turns.saturating_sub(1)));
        let agent = self.agent().to_owned();
        if let Some(slot) = self.slot(index) {
            slot.state = SlotState::Asking(Question {
                id: format!("q-{visit}-{turn}-{index}"),
                name,
                question,
                agent,
                form,
            });
        }
        self.after_tools();
    }

    /// Continues when no tool is running: rests if a question is open, otherwise ends the turn.
    pub(super) fn after_tools(&mut self) {
        let Some(At::Tools(slots)) = self.visit.as_ref().map(|v| &v.at) else { return };
        if slots.iter().any(|s| s.state == SlotState::Running) {
            return;
        }
        if slots.iter().any(|s| matches!(s.state, SlotState::Asking(_))) {
            let agent = self.agent().to_owned();
            let text = format!("{agent} asks the customer.");
            if let Some(record) = self.record() {
                record.status = VisitStatus::Interrupted;
            }
            let reason = Reason {
                kind: "interrupt".into(),
                agent,
                text,
                key: None,
                value: None,
                error: None,
                retry_after: None,
                mendable: false,
            };
            return self.rest(Status::Interrupted, Some(reason));
        }
        let results = self.flush_results();
        let Some(visit) = &mut self.visit else { return };
        let blocks = results.iter().map(|(r, _)| Block::ToolResult(r.clone())).collect();
        visit.push(Message { role: Role::User, content: blocks });
        visit.at = At::Model;
        if visit.handoff.is_some() && self.spec.handoff == HandoffMode::Immediate {
            let from = self.finished.len() - results.len();
            let unseen = self.finished[from..].iter().zip(&results);
            let must_see = |(f, (_, asked)): &(&Finished, &(ToolResult, bool))| {
                f.status == ToolStatus::Error || *asked
            };
            let whole = |(f, (result, _)): (&Finished, &(ToolResult, bool))| Finished {
                text: result.text.clone(),
                ..f.clone()
            };
            self.unseen = unseen.filter(must_see).map(whole).collect();
            return self.complete();
        }
        self.next_turn();
    }

    /// Records the calls that were still running when the time ran out.
    pub(super) fn cut_off(&mut self) {
        let agent = self.agent().to_owned();
        let Some(At::Tools(slots)) = self.visit.as_ref().map(|v| &v.at) else { return };
        let running = slots.iter().filter(|s| s.state == SlotState::Running);
        let cut: Vec<_> =
            running.map(|s| (agent.clone(), s.call.name.clone(), s.call.id.clone())).collect();
        self.cut_off.extend(cut);
    }

    /// Moves the turn's finished calls to the record, in order. Returns each result and whether it
    /// was a question.
    pub(super) fn flush_results(&mut self) -> Vec<(ToolResult, bool)> {
        let (visit, agent) =
            self.visits.last().map_or((0, String::new()), |r| (r.visit, r.agent.clone()));
        let Some(At::Tools(slots)) = self.visit.as_ref().map(|v| v.at.clone()) else {
            return Vec::new();
        };
        let mut results = Vec::new();
        for slot in slots {
            let (result, started, asked) = match slot.state {
                SlotState::Done { result, started, asked } => (result, started, asked),
                _ => continue,
            };
            // The conversation has the full text; the record must not grow with the size of
            // results.
            let text = &result.text[..result.text.floor_char_boundary(KEPT_RESULT)];
            self.finished.push(Finished {
                visit,
                agent: agent.clone(),
                id: result.id.clone(),
                tool: slot.call.name,
                status: result.status,
                text: text.to_owned(),
                started,
            });
            results.push((result, asked));
        }
        results
    }

    /// Starts the next turn, when the limits allow it.
    pub(super) fn next_turn(&mut self) {
        let Some(visit) = &mut self.visit else { return };
        visit.at = At::Model;
        let visit_active = visit.active;
        let agent = self.agent().to_owned();
        let limits = self.spec.limits.clone();
        let turns = self.visits.last().map_or(0, |r| r.turns);
        if self.active >= limits.execution_timeout || visit_active >= limits.node_timeout {
            return self.timed_out();
        }
        if turns >= limits.max_turns {
            let reason =
                self.limit("max_turns", limits.max_turns.into(), &agent, "turns in one visit");
            return self.fail(reason);
        }
        // A turn that has started continues: its budget was checked before its first call.
        let retried = self.visit.as_ref().is_some_and(|v| v.attempts > 0 || v.reductions > 0);
        if let Some(budget) = limits.token_budget.filter(|b| !retried && self.tokens >= *b) {
            let reason = self.limit("token_budget", budget.into(), &agent, "tokens");
            return self.fail(reason);
        }
        if !retried {
            self.trim();
        }
    }

    /// Completes the visit: its handoff and context take effect.
    pub(super) fn complete(&mut self) {
        let Some(visit) = self.visit.take() else { return };
        let agent = self.name(visit.agent).to_owned();
        self.node_order.push(agent.clone());
        if !visit.context.is_empty() {
            merge(&mut self.shared, &agent, visit.context);
        }
        if let Some(record) = self.record() {
            record.status = VisitStatus::Completed;
            record.handoff.clone_from(&visit.handoff);
        }
        match visit.handoff {
            None => self.rest(Status::Completed, None),
            Some(handoff) => {
                let next = self.spec.members.iter().position(|m| m.name == handoff.to).unwrap_or(0);
                self.handoffs.push((agent, handoff));
                self.start_visit(next);
            }
        }
    }
}

/// Replaces an input that is not a JSON object by an empty object.
fn as_sent(block: Block) -> Block {
    match block {
        Block::ToolUse(call) if !call.input.is_object() => {
            Block::ToolUse(ToolUse { input: Value::Object(Map::new()), ..call })
        }
        other => other,
    }
}

fn merge(shared: &mut Vec<(String, Map<String, Value>)>, agent: &str, context: Map<String, Value>) {
    match shared.iter_mut().find(|(name, _)| name == agent) {
        Some((_, map)) => map.extend(context),
        None => shared.push((agent.to_owned(), context)),
    }
}
