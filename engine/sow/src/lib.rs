//! Reads the customer's statement of work (SOW) into numbered items that the crew can cite.
//!
//! Customers send Markdown, plain text, exported documents and pasted e-mail. This crate finds the
//! known sections by their headings and keeps every item with its line number. It does not
//! interpret items and never fills gaps: a section that nobody wrote is listed as missing.
//!
//! - [`decode()`] turns the bytes of a file into text, or says why it cannot.
//! - [`parse()`] turns text into a [`Sow`]. Both are pure, and linear in the size of their input.

mod decode;
mod doubts;
mod fault;
mod format;
mod headings;
mod items;
mod labels;
mod levels;
mod lines;
mod markers;
mod markup;
mod model;
mod numbers;
mod outline;
mod parse;
mod placeholders;
mod sections;
mod tables;
mod text;
mod words;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod story_tests;

pub use decode::{Decoded, MAX_SOW_BYTES, decode, decode_up_to};
pub use fault::SowFault;
pub use format::Format;
pub use model::{Item, SectionKind, Sow};
pub use parse::{parse, parse_with};
pub use sections::MAX_SECTION_ITEMS;
pub use text::MAX_ITEM_CHARS;
pub use words::Words;
