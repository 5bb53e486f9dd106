//! Exports of a plan.

pub mod asl;
mod graph;
mod overview;
pub mod tfvars;

pub use graph::{dot, mermaid};
pub use overview::{dot_overview, mermaid_overview};
