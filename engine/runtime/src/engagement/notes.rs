//! Messages of the customer as a section of a visit's input.

use cloudcrew_definition::shown::{inset, row};

use super::event::MessageRecord;
use crate::swarm::Note;

/// Messages as a section of a visit's input; `None` when there are none.
pub(super) fn note(inbox: &[MessageRecord]) -> Option<Note> {
    let words: Vec<String> =
        inbox.iter().map(|m| format!("- {}: {}", row(&m.actor), inset(&m.words, "  "))).collect();
    let messages = inbox.iter().map(|m| m.id.clone()).collect();
    (!words.is_empty()).then(|| Note { heading: HEADING.into(), body: words.join("\n"), messages })
}

/// Heading of that section.
const HEADING: &str = "Messages from the customer";

/// How many of the messages, from the oldest, such a section shows. One that came while the visit
/// was opened waits for the next.
pub(super) fn shown(inbox: &[MessageRecord], notes: &[Note]) -> usize {
    if let Some(note) = notes.iter().find(|note| !note.messages.is_empty()) {
        return inbox.iter().take_while(|message| note.messages.contains(&message.id)).count();
    }
    // Older versions recorded the words alone.
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
    (1..=inbox.len()).rev().find(shows).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_came_while_a_visit_was_opened_is_told_in_the_next_one() {
        let message = |id: &str| MessageRecord {
            id: id.into(),
            actor: "ada".into(),
            words: format!("words of {id}\n- ada: quoted"),
        };
        let mut inbox = vec![message("m1"), message("m2")];
        let notes: Vec<Note> = note(&inbox).into_iter().collect();
        inbox.push(message("m3"));
        assert_eq!(shown(&inbox, &notes), 2);
        inbox.drain(..2);
        assert_eq!((shown(&inbox, &notes), shown(&inbox, &[])), (0, 0));
    }
}
