//! The input of a visit: everything that an agent learns from earlier visits.

use serde_json::Value;

use super::machine::{At, Swarm};
use super::step::Note;
use cloudcrew_ports::model::{Block, Message, Role, ToolStatus};

/// Number of names to show under `# Work so far`.
const LAST: usize = 12;

impl Swarm {
    /// The text of the input.
    pub(super) fn opening(&self, notes: &[Note]) -> String {
        let mut sections = vec![format!("# Task\n{}", self.spec.task)];
        sections.extend(notes.iter().map(|n| format!("# {}\n{}", n.heading, n.body)));
        if let Some((from, handoff)) = self.handoffs.last().filter(|_| self.visits.len() > 1) {
            sections.push(format!("# Handoff from {from}\n{}", handoff.message));
            if !self.unseen.is_empty() {
                let lines: Vec<String> = self
                    .unseen
                    .iter()
                    .map(|f| {
                        let status =
                            if f.status == ToolStatus::Success { "success" } else { "error" };
                        format!("- {} {status}: {}", f.tool, Value::from(f.text.as_str()))
                    })
                    .collect();
                sections.push(format!("# Not seen by {from}\n{}", lines.join("\n")));
            }
        }
        if !self.node_order.is_empty() {
            let left_out = self.node_order.len().saturating_sub(LAST);
            let names = self.node_order[left_out..].join(" → ");
            let earlier =
                if left_out > 0 { format!("({left_out} earlier) → ") } else { String::new() };
            sections.push(format!("# Work so far\n{earlier}{names}"));
        }
        if !self.shared.is_empty() {
            let lines: Vec<String> = self
                .shared
                .iter()
                .map(|(agent, map)| format!("{agent}: {}", Value::Object(map.clone())))
                .collect();
            sections.push(format!("# Shared knowledge\n{}", lines.join("\n")));
        }
        let me = self.visit.as_ref().map_or(0, |v| v.agent);
        let hands_off = self.spec.may_hand_off(self.name(me));
        let others =
            if self.spec.entry_hands_off && !hands_off { Vec::new() } else { self.others(me) };
        if !others.is_empty() {
            sections.push(format!("# Other agents\n{}", others.join("\n")));
        }
        sections.push(if hands_off && !others.is_empty() {
            "To pass the work on, call handoff_to_agent with the agent's name and a message that \
             says all it needs. \
             When you end your turn without handing off, the phase's work ends."
                .to_owned()
        } else {
            "When you end your turn, the work ends.".to_owned()
        });
        sections.join("\n\n")
    }

    fn others(&self, me: usize) -> Vec<String> {
        let others = self.spec.members.iter().enumerate().filter(|(i, _)| *i != me);
        let line = |m: &super::spec::Member| match &m.description {
            Some(words) => format!("- {}: {words}", m.name),
            None => format!("- {}", m.name),
        };
        others.map(|(_, m)| line(m)).collect()
    }

    /// Starts the conversation with the input.
    pub(super) fn open(&mut self, text: String) {
        self.unseen.clear();
        if let Some(visit) = &mut self.visit {
            visit.push(Message { role: Role::User, content: vec![Block::Text(text)] });
            visit.at = At::Model;
        }
        self.next_turn();
    }
}
