//! What crews remember: notes with their sources, their trust levels, and who is shown them. The
//! journal holds all of it; the store that later engagements search is derived from it.

mod reached;
mod recall;
mod remember;
mod search;
mod sync;

use cloudcrew_ports::StoreError;
use cloudcrew_ports::memory::{Memory, Space, Trust};
use cloudcrew_tools::Recalled;

use super::event::Started;

pub use reached::{reached, tell};
pub use recall::ask;
pub(super) use recall::{Wanted, shown_at_start};
pub(super) use remember::{Seen, note};
pub(super) use search::search;
pub use sync::{Notes, accept, kept, publish, sync, withdraw};

/// Whose notes an engagement sees and adds to.
pub fn space(started: &Started) -> Space {
    Space { rehearsal: !started.voice.is_live(), owner: started.owner.clone() }
}

/// Records which notes of other engagements an engagement is shown.
///
/// # Errors
/// When the store fails.
pub(super) async fn mark_shown(
    memory: &dyn Memory,
    space: &Space,
    project: &str,
    notes: &[Recalled],
) -> Result<(), StoreError> {
    let everyone = Space::published(space.rehearsal);
    for (space, published) in [(space, false), (&everyone, true)] {
        let of = |note: &&Recalled| !note.own && (note.trust == Trust::Published) == published;
        let ids: Vec<String> = notes.iter().filter(of).map(|note| note.record.id.clone()).collect();
        if !ids.is_empty() {
            memory.shown(space, &ids, project).await?;
        }
    }
    Ok(())
}
