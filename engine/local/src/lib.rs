//! CloudCrew's adapters for one machine: SQLite, Git objects, the machine's clock, models.

pub mod cassette;
pub mod clock;
pub mod folder;
pub mod holder;
pub mod knowledge;
pub mod openai;
pub mod passes;
pub mod program;
pub mod rehearsal;
pub mod repo;
pub mod server;
pub mod store;
pub mod vault;
