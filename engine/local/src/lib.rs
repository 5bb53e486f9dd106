//! CloudCrew's adapters for one machine: SQLite, Git objects, the machine's clock, the rehearsal model.

pub mod clock;
pub mod holder;
pub mod rehearsal;
pub mod repo;
pub mod store;
