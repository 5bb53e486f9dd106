//! Long visits: conversations are shortened before the model's window is full, and stay
//! well-formed.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests"
)]

use std::time::Duration;

use cloudcrew_ports::model::{
    Attachment, AttachmentFormat, Block, Message, ModelReply, Role, ToolResult, ToolStatus,
    ToolUse, Usage,
};
use cloudcrew_runtime::swarm::{
    ContextRule, HandoffMode, Input, Limits, Member, RetryPolicy, Step, Swarm, SwarmSpec,
};
use serde_json::json;

/// Tokens of the prompt and tools, which the machine does not see.
const FIXED: u64 = 2_000;
const RULE: ContextRule = ContextRule { trim_at: 20_000, trim_to: 10_000 };

fn swarm(max_turns: u32) -> Swarm {
    let member = Member {
        name: "dev".into(),
        description: None,
        tools: vec!["look".into()],
        max_tokens: 1000,
        context: Some(RULE),
    };
    let time = Duration::from_secs(1_000_000);
    Swarm::new(SwarmSpec {
        task: "Build it.".into(),
        entry: "dev".into(),
        members: vec![member],
        limits: Limits {
            max_handoffs: 10,
            max_iterations: 10,
            execution_timeout: time,
            node_timeout: time,
            repetitive_handoff_detection_window: 0,
            repetitive_handoff_min_unique_agents: 0,
            max_turns,
            token_budget: None,
        },
        handoff: HandoffMode::Immediate,
        retry: RetryPolicy {
            max_attempts: 3,
            initial_delay: Duration::ZERO,
            max_delay: Duration::ZERO,
        },
        handoffs: true,
        entry_hands_off: false,
        asks_again: 0,
    })
}

/// Tokens that a model reads for a conversation.
fn tokens(messages: &[Message]) -> u64 {
    FIXED + serde_json::to_string(messages).unwrap().len() as u64 / 4
}

#[track_caller]
fn assert_well_formed(messages: &[Message]) {
    for (number, message) in messages.iter().enumerate() {
        assert_eq!(
            message.role,
            if number % 2 == 0 { Role::User } else { Role::Assistant },
            "roles alternate"
        );
        assert!(!message.content.is_empty(), "nothing is empty");
        let ids = |m: &Message| -> Vec<String> {
            m.content
                .iter()
                .filter_map(|b| if let Block::ToolUse(c) = b { Some(c.id.clone()) } else { None })
                .collect()
        };
        let answered: Vec<String> = message
            .content
            .iter()
            .filter_map(|b| if let Block::ToolResult(r) = b { Some(r.id.clone()) } else { None })
            .collect();
        let asked = if number > 0 && message.role == Role::User {
            ids(&messages[number - 1])
        } else {
            Vec::new()
        };
        assert_eq!(answered, asked, "each call is answered once, and nothing else is");
    }
    assert!(
        matches!(&messages[0].content[0], Block::Text(text) if text.contains("Build it.")),
        "the input stays"
    );
}

/// Runs a visit with the given number of turns; `size` gives the length of each turn's result.
/// Returns the swarm and the most tokens that were sent at once.
fn visit(turns: u32, reports: bool, size: impl Fn(u32) -> usize) -> (Swarm, u64) {
    let mut swarm = swarm(turns + 1);
    swarm.accept(Input::VisitOpened { notes: Vec::new() }, Duration::ZERO).unwrap();
    let mut most = 0;
    for turn in 0..turns {
        let read = tokens(swarm.conversation());
        most = most.max(read);
        assert_well_formed(swarm.conversation());
        let call = ToolUse {
            id: format!("t{turn}"),
            name: "look".into(),
            input: json!({ "at": format!("place {turn}") }),
        };
        let usage = Usage {
            input_tokens: read / 2,
            cache_read_tokens: read - read / 2,
            output_tokens: 20,
            ..Usage::default()
        };
        let reply = ModelReply {
            content: vec![Block::Text("I look.".into()), Block::ToolUse(call)],
            stop_reason: "tool_use".into(),
            usage: reports.then_some(usage),
            guardrail: Vec::new(),
            took: None,
        };
        swarm.accept(Input::Reply(reply), Duration::ZERO).unwrap();
        let attachments = (turn % 50 == 7).then(|| Attachment {
            format: AttachmentFormat::Png,
            name: "plan.png".into(),
            data: "QUJD".repeat(500),
        });
        let result = ToolResult {
            id: String::new(),
            status: ToolStatus::Success,
            text: "é ".repeat(size(turn) / 3),
            attachments: attachments.into_iter().collect(),
        };
        swarm
            .accept(Input::ToolResult { index: 0, result, started: true }, Duration::ZERO)
            .unwrap();
        assert!(matches!(swarm.next_step(), Step::CallModel(_)), "{:?}", swarm.reason());
    }
    (swarm, most)
}

#[test]
fn ten_thousand_turns_stay_below_the_window() {
    let (swarm, most) = visit(10_000, true, |_| 1000);
    assert!(most <= RULE.trim_at + 1000, "{most} tokens were sent");
    let record = &swarm.visits()[0];
    assert!(record.trims.len() > 100);
    for trim in &record.trims {
        assert!(trim.before >= RULE.trim_at && trim.after <= RULE.trim_to, "{trim:?}");
        assert!(trim.results > 0 || trim.turns > 0, "{trim:?}");
    }
    assert!(record.trims[0].results > 0, "results are cut first");
}

#[test]
fn short_results_stay_until_turns_are_removed() {
    let (swarm, most) = visit(2000, true, |_| 100);
    assert!(most <= RULE.trim_at + 1000, "{most} tokens were sent");
    assert!(swarm.visits()[0].trims.iter().all(|t| t.turns > 0));
}

#[test]
fn tokens_are_estimated_when_the_provider_reports_none() {
    let (swarm, most) = visit(500, false, |turn| if turn % 7 == 0 { 20_000 } else { 300 });
    assert!(most <= RULE.trim_at + 20_000, "{most} tokens were sent");
    assert!(!swarm.visits()[0].trims.is_empty());
}

#[test]
fn a_trimmed_swarm_survives_serialization() {
    let (swarm, _) = visit(300, true, |turn| (turn as usize * 37) % 3000);
    let text = serde_json::to_string(&swarm).unwrap();
    let back: Swarm = serde_json::from_str(&text).unwrap();
    assert_eq!(back, swarm);
    assert!(!swarm.visits()[0].trims.is_empty());
}
