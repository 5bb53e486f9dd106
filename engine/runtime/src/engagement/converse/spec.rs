//! The specification of a conversation: who takes part, and what they are asked.

use std::time::Duration;

use cloudcrew_definition::crew::Phase;
use cloudcrew_definition::shown::{inset, row};
use cloudcrew_definition::syntax::HandoffMode;
use cloudcrew_ports::bounds::cut;
use cloudcrew_ports::model::Purpose;
use cloudcrew_tools::Toolbox;

use crate::engagement::act::{ASKS_AGAIN, member, retry};
use crate::engagement::load::Engagement;
use crate::engagement::state::Exchange;
use crate::swarm::{Limits, SwarmSpec};

/// Maximum time for an answer.
const TIME: Duration = Duration::from_secs(600);
/// Maximum number of turns of one agent.
const TURNS: u32 = 12;
/// Maximum number of tokens for an answer.
const TOKENS: u64 = 500_000;
/// Number of earlier exchanges to show.
const EARLIER: usize = 10;
/// Maximum size of each, in bytes.
const SHOWN: usize = 2000;

/// The phase that a conversation is about: the current one, or the last or first.
pub(super) fn phase(engagement: &Engagement) -> Option<&Phase> {
    let (state, definition) = (&engagement.state, &engagement.definition);
    let workflow = definition.workflow(&state.started.workflow)?;
    let first = workflow.phases.first().map(String::as_str);
    definition.phase(state.phase().or(state.last_phase.as_deref()).or(first)?)
}

/// The conversation that answers a message; `None` when its agent does not exist.
pub(super) fn of(engagement: &Engagement, tools: &Toolbox, message: &str) -> Option<SwarmSpec> {
    let exchanges = &engagement.state.conversation.exchanges;
    let at = exchanges.iter().position(|exchange| exchange.message.id == message)?;
    let phase = phase(engagement)?;
    let entry = exchanges[at].message.to.clone();
    let contact = member(engagement, tools, phase, &entry, Purpose::Conversation)?;
    let others = phase.swarm.agents.iter().filter(|agent| **agent != entry);
    let others = others.filter_map(|a| member(engagement, tools, phase, a, Purpose::Conversation));
    // Only the contact writes to the ledger: whoever is asked has one visit, and only reads.
    let reads = |name: &String| name != "ledger_write";
    let others = others.map(|mut member| {
        member.tools.retain(reads);
        member
    });
    let members: Vec<_> = std::iter::once(contact).chain(others).collect();
    Some(SwarmSpec {
        task: task(exchanges.iter().take(at), &exchanges[at]),
        handoffs: members.len() > 1,
        members,
        entry,
        limits: Limits {
            max_handoffs: 2,
            max_iterations: 2,
            execution_timeout: TIME,
            node_timeout: TIME,
            repetitive_handoff_detection_window: 0,
            repetitive_handoff_min_unique_agents: 0,
            max_turns: TURNS,
            token_budget: Some(TOKENS),
        },
        handoff: HandoffMode::Immediate,
        retry: retry(phase),
        entry_hands_off: true,
        asks_again: ASKS_AGAIN,
    })
}

fn task<'a>(earlier: impl DoubleEndedIterator<Item = &'a Exchange>, asked: &Exchange) -> String {
    let mut task = format!(
        "Answer this message of the customer. The text of your last reply is sent as it is.\n\n\
         {} writes:\n  {}\n",
        row(&asked.message.actor),
        inset(&asked.message.words, "  ")
    );
    let mut lines: Vec<String> = earlier.rev().take(EARLIER).map(exchange).collect();
    lines.reverse();
    if !lines.is_empty() {
        task.push_str(&format!("\nEarlier in this conversation:\n{}\n", lines.concat()));
    }
    task
}

fn exchange(exchange: &Exchange) -> String {
    let line = |who: &str, words: &str| {
        let mut words = words.to_owned();
        cut(&mut words, SHOWN);
        format!("- {}: {}\n", row(who), inset(&words, "  "))
    };
    let mut lines = line(&exchange.message.actor, &exchange.message.words);
    if let Some(reply) = exchange.reply.as_ref().filter(|reply| reply.fault.is_none()) {
        lines.push_str(&line(&reply.agent, &reply.words));
    }
    lines
}
