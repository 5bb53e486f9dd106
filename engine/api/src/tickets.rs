//! Tickets: a WebSocket of a browser cannot carry a token, so it carries one of these, once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cloudcrew_definition::digest::sha256;

use crate::people::Person;

/// How long a ticket is valid, in milliseconds: 30 seconds.
const LASTS: i64 = 30_000;
/// Maximum number of tickets that wait to be used.
const MOST: usize = 10_000;

/// What a ticket opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The person who asked for it.
    pub(crate) person: Person,
    /// The engagements to follow; `None` for all that the person may see.
    pub(crate) projects: Option<Vec<String>>,
    until: i64,
}

/// The tickets of this process, by their hash.
#[derive(Debug, Default)]
pub(crate) struct Tickets(Mutex<HashMap<String, Ticket>>);

impl Tickets {
    /// Adds a ticket under a secret; returns when it expires, or `None` when too many wait.
    pub(crate) fn add(
        &self,
        secret: &str,
        person: Person,
        projects: Option<Vec<String>>,
        now: i64,
    ) -> Option<i64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, ticket| ticket.until > now);
        if all.len() >= MOST {
            return None;
        }
        let until = now.saturating_add(LASTS);
        all.insert(sha256(secret.as_bytes()), Ticket { person, projects, until });
        Some(until)
    }

    /// Uses a ticket up.
    pub(crate) fn take(&self, secret: &str, now: i64) -> Option<Ticket> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&sha256(secret.as_bytes())).filter(|ticket| ticket.until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_opens_one_connection_for_half_a_minute() {
        let (tickets, ada) = (Tickets::default(), crate::people::People::default().named("ada"));
        assert_eq!(tickets.add("one", ada.clone(), None, 1_000), Some(31_000));
        assert_eq!(tickets.take("two", 1_000), None);
        assert!(tickets.take("one", 30_999).is_some());
        assert_eq!(tickets.take("one", 30_999), None, "it is used up");
        tickets.add("late", ada, None, 1_000);
        assert_eq!(tickets.take("late", 31_000), None, "it has expired");
    }
}
