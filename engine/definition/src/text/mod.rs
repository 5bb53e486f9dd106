//! Checks prompts, tasks and templates without rendering them.

mod bounds;
pub(crate) mod builtins;
mod fault;
mod slots;
mod walk;

pub use bounds::excess;
use slots::like_slots;
pub use slots::{Heading, Slot, headings, slots};
pub(crate) use walk::{UsedInput, check, inputs};
