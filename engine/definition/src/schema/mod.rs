//! JSON Schemas out of the types: what a document is held against, what editors complete and show,
//! and the reference pages.

mod arguments;
mod generate;
mod hold;
mod holds;
mod named;
mod reference;
mod walk;

#[cfg(test)]
mod manual_tests;

pub use arguments::Arguments;
pub use generate::{plain, schema};
pub(crate) use hold::check;
pub use named::named;
pub use reference::page;
pub use walk::{below, for_item, for_key};
