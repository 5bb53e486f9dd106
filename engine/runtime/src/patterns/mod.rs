//! What is known about a pattern: its uses, how they ended, and how far it may be trusted.

mod evidence;

pub use evidence::{Evidence, Tier, evidence, may_promote};
