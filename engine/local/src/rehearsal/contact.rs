//! An agent that answers a message of the customer, from what its tools tell it.

use cloudcrew_ports::model::{Block, ModelRequest, Role};
use serde_json::json;

use super::knowledge::Knowledge;
use super::transcript::Transcript;
use super::{Turn, has};

/// Tools that show where the engagement is.
const LOOK: [&str; 2] = ["ledger_read", "repo_list"];
/// Heading of the messages that a swarm passes on.
const MESSAGES: &str = "# Messages from the customer\n";

/// A turn in a conversation: look, pass the question on when it names another agent, answer.
pub(super) fn turn(request: &ModelRequest<'_>, transcript: &Transcript<'_>) -> Turn {
    let open = LOOK.into_iter().filter(|tool| has(request, tool) && !transcript.called(tool));
    let look = open.fold(Turn::says("Let me check."), |turn, tool| turn.call(tool, json!({})));
    if !look.calls.is_empty() {
        return look;
    }
    if let Some(other) = named(request, transcript).filter(|_| has(request, "handoff_to_agent")) {
        let message = "The customer asks you this; please answer.";
        let input = json!({ "agent_name": other, "message": message });
        return Turn::says("").call("handoff_to_agent", input);
    }
    let known = Knowledge::of(transcript);
    Turn::says(format!(
        "Rehearsed answer of {}: {} entries are in the ledger, and {} files in the repository. A \
         live model answers from them.",
        request.agent,
        known.rows.len(),
        known.files.len()
    ))
}

/// The other agent that the message names, if it names one.
fn named<'a>(request: &ModelRequest<'_>, transcript: &Transcript<'a>) -> Option<&'a str> {
    let (message, rest) = transcript.input.split_once(" writes:\n")?.1.split_once("\n\n")?;
    let others = rest.split_once("# Other agents\n")?.1.lines();
    let names = others.filter_map(|line| line.strip_prefix("- ")?.split(':').next());
    let words: Vec<&str> = message.split(|c: char| !c.is_alphanumeric()).collect();
    names.filter(|name| *name != request.agent).find(|name| words.contains(name))
}

/// The turn of a working agent that has just read messages: its text answers them.
pub(super) fn answering(turn: Turn, request: &ModelRequest<'_>) -> Turn {
    let last = request.messages.iter().rev().find(|message| message.role == Role::User);
    let asked = last.into_iter().flat_map(|message| &message.content).any(|block| match block {
        Block::Text(text) => text.contains(MESSAGES),
        _ => false,
    });
    if !asked {
        return turn;
    }
    let text =
        format!("Rehearsed answer of {}: I am at work, and go on. {}", request.agent, turn.text);
    Turn { text: text.trim_end().to_owned(), ..turn }
}
