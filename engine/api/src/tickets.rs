//! Tickets: a WebSocket of a browser cannot carry a token, so it carries one of these, once.

use cloudcrew_ports::StoreError;
use cloudcrew_ports::pass::Passes;
use serde::{Deserialize, Serialize};

use crate::passes::{self, Kind};
use crate::people::Person;

/// How long a ticket is valid, in milliseconds: 30 seconds.
const LASTS: i64 = 30_000;

/// What a ticket opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    /// The person who asked for it.
    pub(crate) person: Person,
    /// The engagements to follow; `None` for all that the person may see.
    pub(crate) projects: Option<Vec<String>>,
}

impl Ticket {
    /// Adds a ticket under a secret; returns when it expires.
    pub(crate) async fn add(
        &self,
        passes: &dyn Passes,
        secret: &str,
        now: i64,
    ) -> Result<i64, StoreError> {
        let until = now.saturating_add(LASTS);
        let times = (until, now);
        passes::keep(passes, (Kind::Ticket, secret), &self.person.name, self, times).await?;
        Ok(until)
    }

    /// Uses a ticket up.
    pub(crate) async fn take(
        passes: &dyn Passes,
        secret: &str,
        now: i64,
    ) -> Result<Option<Ticket>, StoreError> {
        passes::take(passes, (Kind::Ticket, secret), now).await
    }
}
