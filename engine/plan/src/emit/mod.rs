//! What is written out from a plan.

mod graph;

pub use graph::{dot, mermaid};
