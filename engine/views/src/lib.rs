//! Typed read models of engagements, shared by all screens and programs.
//!
//! This crate decides what a document contains. The command line, and later the API, decide how it
//! is printed. Within a [`VERSION`], a key is never removed and never changes its meaning.

pub mod analytics;
pub mod api;
pub mod artifacts;
pub mod compared;
pub mod comparison;
pub mod cost;
pub mod events;
pub mod inbox;
pub mod ledger;
pub mod list;
pub mod memory;
pub mod patterns;
pub mod plan;
pub mod standings;
pub mod status;
pub mod survey;
pub mod trace;
pub mod words;

/// Version of the documents.
pub const VERSION: u32 = 1;
