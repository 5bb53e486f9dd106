//! Messages of the customer as a section of a visit's input.

use cloudcrew_definition::shown::{inset, row};

use super::event::MessageRecord;
use crate::swarm::Note;

/// Maximum bytes of the messages that one section shows, unless one alone is longer.
const MOST: usize = 32 * 1024;

/// What the agent is told below messages that it must answer.
const HOW: &str = "\n\nAnswer in the text of your next reply: that text is sent to the customer, \
                   word for word. Then go on with your work.";

/// Formats messages as a section of a visit's input; `None` without messages.
pub(super) fn note(inbox: &[MessageRecord]) -> Option<Note> {
    // What does not fit waits for the next turn.
    let mut left = MOST;
    let fits = |message: &&MessageRecord| {
        let first = left == MOST;
        let fits = message.words.len() <= left;
        left = left.saturating_sub(message.words.len().max(1));
        first || fits
    };
    let inbox: Vec<MessageRecord> = inbox.iter().take_while(fits).cloned().collect();
    let words: Vec<String> =
        inbox.iter().map(|m| format!("- {}: {}", row(&m.actor), inset(&m.words, "  "))).collect();
    let messages = inbox.iter().map(|m| m.id.clone()).collect();
    let how = if inbox.iter().any(|m| !m.to.is_empty()) { HOW } else { "" };
    let body = || words.join("\n") + how;
    (!words.is_empty()).then(|| Note { heading: HEADING.into(), body: body(), messages })
}

/// Heading of the section.
const HEADING: &str = "Messages from the customer";

/// Ids of the messages that these notes show. A message that arrived while the visit was being
/// opened waits for the next one.
pub(super) fn shown(inbox: &[MessageRecord], notes: &[Note]) -> Vec<String> {
    if let Some(note) = notes.iter().find(|note| !note.messages.is_empty()) {
        return note.messages.clone();
    }
    // Older versions recorded the text without ids.
    let words = |messages: &[MessageRecord]| {
        messages
            .iter()
            .map(|m| format!("- {}: {}", m.actor, m.words))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let shows = |n: &usize| {
        notes.iter().any(|note| note.heading == HEADING && note.body == words(&inbox[..*n]))
    };
    let shown = (1..=inbox.len()).rev().find(shows).unwrap_or(0);
    inbox[..shown].iter().map(|message| message.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_arrives_while_a_visit_opens_waits_for_the_next_visit() {
        let message = |id: &str| MessageRecord {
            id: id.into(),
            actor: "ada".into(),
            words: format!("words of {id}\n- ada: quoted"),
            to: String::new(),
        };
        let mut inbox = vec![message("m1"), message("m2")];
        let notes: Vec<Note> = note(&inbox).into_iter().collect();
        inbox.push(message("m3"));
        assert_eq!(shown(&inbox, &notes), ["m1", "m2"]);
        assert_eq!(shown(&inbox, &[]), Vec::<String>::new());
    }
}
