//! Assembles tool calls from what servers send: in fragments or whole, numbered or not, with or
//! without ids.

use std::collections::BTreeSet;

use cloudcrew_ports::model::ModelFault;
use cloudcrew_ports::reply::{Assembly, MAX_REPLY};
use serde_json::Value;

/// Minimum bytes to count for each call, so that empty calls are limited too.
const LEAST: usize = 1024;

/// The calls of one reply, in the order in which they began.
#[derive(Debug, Default)]
pub struct Calls {
    calls: Vec<Call>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl Call {
    /// Whether the arguments are complete.
    fn is_whole(&self) -> bool {
        let arguments = self.arguments.trim_end();
        arguments.ends_with('}') && serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok()
    }

    /// Whether the next part starts another call despite its number: some servers number all calls
    /// 0, or none.
    fn is_over(&self, next: &Call) -> bool {
        if next.name.is_empty() {
            return false;
        }
        let other_id = !next.id.is_empty() && !self.id.is_empty() && next.id != self.id;
        // The part repeats everything so far, and is now complete.
        let again =
            next.index.is_some() && next.name == self.name && next.arguments == self.arguments;
        let place = next.index.is_some() && next.name == self.name && self.arguments.trim() == "{}";
        if (again || place) && !other_id {
            return false;
        }
        other_id || (self.is_whole() && (!next.arguments.is_empty() || next.name != self.name))
    }
}

impl Calls {
    /// Whether there are no calls yet.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Adds a complete call, as in a reply that was not streamed.
    ///
    /// # Errors
    /// As [`Calls::part`].
    pub fn whole(&mut self, call: &Value) -> Result<(), ModelFault> {
        let call = read(call);
        self.grow(&call)?;
        self.begin(call)
    }

    /// Adds a part of a call, as in a stream.
    ///
    /// # Errors
    /// Fails when the calls exceed the maximum size of a reply.
    pub fn part(&mut self, part: &Value) -> Result<(), ModelFault> {
        let part = read(part);
        self.grow(&part)?;
        let place = match part.index {
            Some(index) => self.calls.iter().rposition(|call| call.index == Some(index)),
            None if part.id.is_empty() => self.calls.len().checked_sub(1),
            None => self.calls.iter().rposition(|call| call.id == part.id),
        };
        match place {
            Some(place) if !self.calls[place].is_over(&part) => {
                let call = &mut self.calls[place];
                if call.id.is_empty() {
                    call.id = part.id;
                }
                // Some servers repeat the name with every fragment, others split it.
                if call.name.is_empty() || part.name.starts_with(&call.name) {
                    if !part.name.is_empty() {
                        call.name = part.name;
                    }
                } else if call.arguments.is_empty() && part.name != call.name {
                    call.name.push_str(&part.name);
                }
                // An empty object may be a placeholder, and each piece may repeat everything so
                // far.
                let all_so_far = call.arguments.len() > 1
                    && call.arguments.starts_with('{')
                    && part.arguments.starts_with(&call.arguments);
                if !part.arguments.is_empty() && (call.arguments.trim() == "{}" || all_so_far) {
                    call.arguments = part.arguments;
                } else {
                    call.arguments.push_str(&part.arguments);
                }
            }
            _ => self.begin(part)?,
        }
        Ok(())
    }

    /// Adds the calls to the reply, starting at this block.
    ///
    /// # Errors
    /// Fails when a call has no name, or the reply grows too large.
    pub fn finish(self, first: u32, reply: &mut Assembly<'_>) -> Result<(), ModelFault> {
        let mut ids = Ids::default();
        for (block, call) in (first..).zip(self.calls) {
            if call.name.is_empty() {
                return Err(ModelFault::garbled("the model called a tool without naming it"));
            }
            reply.tool(block, &ids.of(&call.id), &call.name)?;
            reply.input(block, &call.arguments)?;
        }
        Ok(())
    }

    fn begin(&mut self, call: Call) -> Result<(), ModelFault> {
        self.calls.push(call);
        self.count(LEAST)
    }

    fn grow(&mut self, call: &Call) -> Result<(), ModelFault> {
        self.count(call.id.len() + call.name.len() + call.arguments.len())
    }

    fn count(&mut self, bytes: usize) -> Result<(), ModelFault> {
        self.bytes += bytes;
        if self.bytes > MAX_REPLY { Err(ModelFault::too_large()) } else { Ok(()) }
    }
}

/// Ids that are unique within a turn: the server's if it is unique, otherwise `call-1`, `call-2`
/// and so on.
#[derive(Debug, Default)]
pub struct Ids(BTreeSet<String>);

impl Ids {
    /// The id of the next call.
    pub fn of(&mut self, given: &str) -> String {
        let mut id = given.to_owned();
        let mut number = self.0.len();
        while id.is_empty() || self.0.contains(&id) {
            number += 1;
            id = format!("call-{number}");
        }
        self.0.insert(id.clone());
        id
    }
}

fn read(call: &Value) -> Call {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // The deprecated `function_call` has the form of today's `function`.
    let function = if call["function"].is_object() { &call["function"] } else { call };
    Call {
        index: call["index"].as_u64(),
        id: text(&call["id"]),
        name: text(&function["name"]),
        arguments: arguments(&function["arguments"]),
    }
}

/// Arguments as text: a string of JSON by the protocol, an object from some servers.
pub fn arguments(written: &Value) -> String {
    match written {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
