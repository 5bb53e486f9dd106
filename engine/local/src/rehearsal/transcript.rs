//! What an agent did and received in its visit so far.

use cloudcrew_ports::model::{Block, Message, ToolResult, ToolStatus, ToolUse};
use serde_json::Value;

/// The calls of a visit with their results, in order.
pub(super) struct Transcript<'a> {
    /// The visit's input.
    pub input: &'a str,
    calls: Vec<(&'a ToolUse, &'a ToolResult)>,
}

impl<'a> Transcript<'a> {
    pub(super) fn of(messages: &'a [Message]) -> Self {
        let input = messages
            .first()
            .and_then(|m| m.content.first())
            .map_or("", |b| if let Block::Text(t) = b { t } else { "" });
        let mut calls = Vec::new();
        for pair in messages.windows(2) {
            let uses = pair[0]
                .content
                .iter()
                .filter_map(|b| if let Block::ToolUse(u) = b { Some(u) } else { None });
            for tool_use in uses {
                let result = pair[1].content.iter().find_map(|b| match b {
                    Block::ToolResult(r) if r.id == tool_use.id => Some(r),
                    _ => None,
                });
                calls.extend(result.map(|r| (tool_use, r)));
            }
        }
        Transcript { input, calls }
    }

    /// Calls of a tool with their results.
    pub(super) fn calls(
        &self,
        tool: &'a str,
    ) -> impl Iterator<Item = (&'a ToolUse, &'a ToolResult)> {
        self.calls.iter().copied().filter(move |(u, _)| u.name == tool)
    }

    /// Whether a tool was called.
    pub(super) fn called(&self, tool: &str) -> bool {
        self.calls.iter().any(|(u, _)| u.name == tool)
    }

    /// The tool's last successful result.
    pub(super) fn heard(&self, tool: &str) -> Option<&'a str> {
        let said = self
            .calls
            .iter()
            .rev()
            .find(|(u, r)| u.name == tool && r.status == ToolStatus::Success);
        said.map(|(_, r)| r.text.as_str())
    }

    /// The last read of a path.
    pub(super) fn read(&self, path: &str) -> Option<&'a ToolResult> {
        let at = |u: &ToolUse| u.input.get("path").and_then(Value::as_str) == Some(path);
        self.calls.iter().rev().find(|(u, _)| u.name == "repo_read" && at(u)).map(|(_, r)| *r)
    }

    /// Whether a write to a path was attempted.
    pub(super) fn wrote(&self, path: &str) -> bool {
        self.calls.iter().any(|(u, _)| {
            ["repo_write", "write_security_review"].contains(&u.name.as_str())
                && u.input.get("path").and_then(Value::as_str) == Some(path)
        })
    }

    /// The verdict given on a path in this visit; `true` is a pass.
    pub(super) fn judged(&self, path: &str) -> Option<bool> {
        let judged = self.calls.iter().rev().find(|(u, r)| {
            u.name == "review_verdict"
                && r.status == ToolStatus::Success
                && u.input.get("path").and_then(Value::as_str) == Some(path)
        });
        judged.map(|(u, _)| u.input.get("verdict").and_then(Value::as_str) == Some("pass"))
    }
}
