//! Prompts, tasks and templates: what they ask for, found without rendering them.

pub(crate) mod builtins;
mod fault;
mod slots;
mod walk;

use slots::like_slots;
pub use slots::{Heading, Slot, headings, slots};
pub(crate) use walk::check;
