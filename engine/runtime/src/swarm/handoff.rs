//! `handoff_to_agent`: an agent passes the turn to another.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::machine::Swarm;
use super::record::Handoff;
use cloudcrew_ports::model::{ToolSpec, ToolStatus};

/// Name of the handoff tool, which comes last in every agent's tools.
pub const TOOL: &str = "handoff_to_agent";

/// The tool as models see it.
pub fn spec() -> ToolSpec {
    static SPEC: LazyLock<ToolSpec> = LazyLock::new(|| {
        let schema = serde_json::json!({ "type": "object", "required": ["agent_name", "message"],
            "properties": {
            "agent_name": { "type": "string", "description": "Who gets the turn" },
            "message": { "type": "string", "description": "Everything the other agent needs; it \
             sees nothing of your conversation" },
            "context": { "type": "object", "description": "Facts that all later agents see" },
        } });
        let description = "Passes the turn to another agent of this phase.".to_owned();
        ToolSpec { name: TOOL.to_owned(), description, schema: schema.into() }
    });
    SPEC.clone()
}

impl Swarm {
    /// Accepts or rejects a handoff. An accepted one takes effect when the visit completes.
    pub(super) fn handoff(&mut self, input: &Value) -> (ToolStatus, String) {
        let invalid = |why: &str| (ToolStatus::Error, format!("Invalid input for {TOOL}: {why}"));
        let Some(input) = input.as_object() else { return invalid("it is no JSON object") };
        let Some(to) = input.get("agent_name").and_then(Value::as_str) else {
            return invalid("agent_name must be text");
        };
        let Some(message) = input.get("message").and_then(Value::as_str) else {
            return invalid("message must be text");
        };
        let context = match input.get("context") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(map)) if map.keys().any(|k| k.trim().is_empty()) => {
                return invalid("a key of context is blank");
            }
            Some(Value::Object(map)) => map.clone(),
            Some(_) => return invalid("context must be an object"),
        };
        let Some(visit) = &self.visit else { return invalid("nobody has the turn") };
        if let Some(there) = &visit.handoff {
            return (ToolStatus::Error, format!("Control already goes to {}.", there.to));
        }
        let me = self.name(visit.agent);
        if !self.spec.may_hand_off(me) {
            let entry = &self.spec.entry;
            let why = format!("Only {entry} can pass this on: answer it yourself.");
            return (ToolStatus::Error, why);
        }
        let others: Vec<&str> =
            self.spec.members.iter().map(|m| m.name.as_str()).filter(|n| *n != me).collect();
        let listed = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
        if to == me {
            return (
                ToolStatus::Error,
                format!("You already have control. Other agents: {listed}."),
            );
        }
        if !others.contains(&to) {
            return (
                ToolStatus::Error,
                format!("No agent named \"{to}\". Other agents: {listed}."),
            );
        }
        let (to, message) = (to.to_owned(), message.to_owned());
        let text = format!("Handing over to {to}.");
        if let Some(visit) = &mut self.visit {
            visit.context.extend(context);
            visit.handoff = Some(Handoff { to, message });
        }
        (ToolStatus::Success, text)
    }
}
