//! What crews remember: notes with their sources, how far they may be believed, and who is shown
//! them. The journal holds all of it; the store that later engagements search follows from it.

mod recall;
mod remember;
mod sync;

use cloudcrew_ports::memory::Space;

use super::event::Started;

pub use recall::ask;
pub(super) use recall::{Wanted, recall, shown_at_start};
pub(super) use remember::{Seen, note};
pub use sync::{kept, publish, sync, withdraw};

/// Whose notes an engagement sees and adds to.
pub fn space(started: &Started) -> Space {
    Space { rehearsal: !started.voice.is_live(), owner: started.owner.clone() }
}
