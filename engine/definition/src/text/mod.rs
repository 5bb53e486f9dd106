//! Prompts, tasks and templates: what they ask for, found without rendering them.

pub(crate) mod builtins;
mod slots;
mod walk;

pub use slots::{Heading, Slot, headings, slots};
pub(crate) use walk::check;
