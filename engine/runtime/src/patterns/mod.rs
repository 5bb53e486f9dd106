//! What is known about patterns: where they come from, how their uses ended, and how far that makes
//! them trusted.

mod evidence;
mod library;

pub use evidence::{Evidence, Tier, evidence, may_promote};
pub use library::{Found, all, contribute, fitting};
