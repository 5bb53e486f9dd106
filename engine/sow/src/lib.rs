//! The statement of work (SOW): what the customer wrote, read into numbered items the crew can
//! cite.
//!
//! Customers send Markdown, plain text, exported documents and pasted e-mail. This module finds the
//! sections it knows by their headings and keeps every item with the line it stands on. It refuses
//! to know what an item means, and it never fills a gap: a section nobody wrote is listed as
//! missing.
//!
//! - [`decode()`] turns the bytes of a file into text, or says why it cannot.
//! - [`parse()`] turns text into a [`Sow`]. Both are pure, and linear in what they are given.

mod decode;
mod fault;
mod headings;
mod items;
mod lines;
mod markers;
mod model;
mod numbers;
mod outline;
mod parse;
mod phrases;
mod tables;
mod text;
mod words;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod story_tests;

pub use decode::{MAX_SOW_BYTES, decode};
pub use fault::SowFault;
pub use model::{Item, SectionKind, Sow};
pub use parse::{MAX_SECTION_ITEMS, parse};
pub use text::MAX_ITEM_CHARS;
