//! JSON Schemas derived from the types, for validation, for editors and for the reference pages.

mod arguments;
mod elsewhere;
mod generate;
mod hold;
mod holds;
mod named;
mod reference;
mod tools;
mod walk;

#[cfg(test)]
mod manual_tests;

pub use arguments::Arguments;
pub use generate::{plain, schema};
pub(crate) use hold::check;
pub use named::named;
pub use reference::page;
pub use tools::tools_page;
pub use walk::{below, for_item, for_key};
