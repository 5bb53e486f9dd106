//! Searches for what an agent asks.

use cloudcrew_ports::memory::{Memory, MemoryKind, Space};
use cloudcrew_tools::Recall;

use super::mark_shown;
use super::recall::{Wanted, recall};
use crate::engagement::error::EngagementError;

/// What answers a question, best first. While the store is away, only notes of the engagement do.
///
/// # Errors
/// Never for a store that is away.
pub(in crate::engagement) async fn search(
    memory: &dyn Memory,
    space: &Space,
    wanted: Wanted,
    (question, kind, most): (&str, Option<MemoryKind>, usize),
) -> Result<Recall, EngagementError> {
    let found = match recall(memory, &wanted, question, kind, most).await {
        Ok(notes) => mark_shown(memory, space, wanted.project(), &notes).await.map(|()| notes),
        Err(error) => Err(error),
    };
    Ok(match found {
        Ok(notes) => Recall { notes, fault: None },
        Err(error) => Recall {
            notes: recall(memory, &wanted.alone(), question, kind, most).await?,
            fault: Some(error.to_string()),
        },
    })
}
