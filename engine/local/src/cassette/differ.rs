//! Describes how a request differs from the recorded one, for a person who has changed something.

use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::model::{Block, Message, Role, ToolSpec, ToolStatus};
use similar::TextDiff;

use super::Asked;

/// Number of lines of a diff to show.
const SHOWN: usize = 30;
/// Number of letters of a line to compare; longer lines are folded to this width.
const WIDTH: usize = 120;

/// The first difference, or `None` when the requests are equal.
pub fn difference(recorded: &Asked, now: &Asked) -> Option<String> {
    if recorded == now {
        return None;
    }
    if recorded.model != now.model {
        return Some(format!("the model was `{}` and is now `{}`", recorded.model, now.model));
    }
    if recorded.max_tokens != now.max_tokens {
        return Some(format!(
            "`max_tokens` was {} and is now {}",
            recorded.max_tokens, now.max_tokens
        ));
    }
    if recorded.system != now.system {
        return Some(format!("the system prompt differs\n{}", diff(&recorded.system, &now.system)));
    }
    if recorded.tools != now.tools {
        return Some(tools(&recorded.tools, &now.tools));
    }
    let pairs = recorded.messages.iter().zip(&now.messages).enumerate();
    if let Some((number, (was, is))) = pairs.into_iter().find(|(_, (was, is))| was != is) {
        return Some(format!(
            "message {} of {} differs\n{}",
            number + 1,
            now.messages.len(),
            diff(&shown(was), &shown(is))
        ));
    }
    let (was, is) = (recorded.messages.len(), now.messages.len());
    let more = if is > was { now.messages.get(was) } else { recorded.messages.get(is) };
    let more = more.map(shown).unwrap_or_default();
    let lines = if is > was { diff("", &more) } else { diff(&more, "") };
    Some(format!(
        "it had {was} messages and now has {is}; the first {} are equal\n{lines}",
        was.min(is)
    ))
}

fn tools(was: &[ToolSpec], is: &[ToolSpec]) -> String {
    let names = |tools: &[ToolSpec]| {
        tools.iter().map(|tool| format!("{}\n", tool.name)).collect::<String>()
    };
    if names(was) != names(is) {
        return format!("the tools on offer differ\n{}", diff(&names(was), &names(is)));
    }
    let pair = was.iter().zip(is).find(|(was, is)| was != is);
    let text = |tool: &ToolSpec| format!("{}\n{:#}", tool.description, tool.schema);
    pair.map_or_else(String::new, |(was, is)| {
        format!("the tool `{}` differs\n{}", is.name, diff(&text(was), &text(is)))
    })
}

/// A message as lines.
fn shown(message: &Message) -> String {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let blocks = message.content.iter().map(block);
    std::iter::once(role.to_owned()).chain(blocks).collect::<Vec<_>>().join("\n")
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(text) => text.clone(),
        Block::ToolUse(call) => format!("[calls {} as {}]\n{:#}", call.name, call.id, call.input),
        Block::ToolResult(result) => {
            let status = match result.status {
                ToolStatus::Success => "result",
                ToolStatus::Error => "error",
            };
            let shown = result.attachments.iter();
            let shown = shown
                .map(|a| format!("\n[{}: {}, {}]", a.format.name(), a.name, fingerprint(&a.data)))
                .collect::<String>();
            format!("[{status} of {}]\n{}{shown}", result.id, result.text)
        }
        Block::Reasoning(thought) => {
            let sealed = [&thought.signature, &thought.hidden]
                .into_iter()
                .flatten()
                .map(|bytes| format!("\n[{}]", fingerprint(bytes)));
            format!("[thinks]\n{}{}", thought.text, sealed.collect::<String>())
        }
    }
}

fn fingerprint(bytes: &str) -> String {
    sha256(bytes).chars().take(12).collect()
}

/// A short unified diff.
fn diff(was: &str, is: &str) -> String {
    let (was, is) = (folded(was), folded(is));
    let diff = TextDiff::from_lines(&was, &is);
    let text = diff
        .unified_diff()
        .context_radius(2)
        .header("recorded", "now")
        .missing_newline_hint(false)
        .to_string();
    let lines: Vec<&str> = text.lines().collect();
    let mut shown = lines[..lines.len().min(SHOWN)].join("\n");
    if lines.len() > SHOWN {
        shown.push_str(&format!("\n({} more lines)", lines.len() - SHOWN));
    }
    shown
}

fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len() + 16);
    for line in text.lines() {
        for (number, letter) in line.chars().enumerate() {
            if number > 0 && number % WIDTH == 0 {
                folded.push('\n');
            }
            folded.push(letter);
        }
        folded.push('\n');
    }
    folded
}
