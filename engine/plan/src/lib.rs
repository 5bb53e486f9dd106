//! CloudCrew's plan: a workflow as a state graph, and its exports. No files, no clock.
//!
//! The local engagement walks the plan, and other engines get it exported. It contains every
//! transition, including those that only happen on failures.

mod build;
pub mod checks;
pub mod compare;
pub mod emit;
pub mod forecast;
mod plan;
mod runs;
mod visits;
mod walk;

pub use build::build;
pub use plan::{
    Bound, Counter, Kind, OLDEST_SEMANTICS, Outcome, Plan, SEMANTICS, State, Transition,
};
pub use walk::{Counters, NoWay};
