//! Exports of a plan.

pub mod asl;
mod graph;
pub mod tfvars;

pub use graph::{dot, mermaid};
