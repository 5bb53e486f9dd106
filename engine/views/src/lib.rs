//! Engagements as people and programs see them: typed read models, one for all screens.
//!
//! What a document says is decided here; how it is printed, in the command line and later in the API.
//! A key is never removed or given another meaning within a [`VERSION`].

pub mod artifacts;
pub mod cost;
pub mod events;
pub mod inbox;
pub mod ledger;
pub mod list;
pub mod plan;
pub mod standings;
pub mod status;

/// Version of the documents.
pub const VERSION: u32 = 1;
