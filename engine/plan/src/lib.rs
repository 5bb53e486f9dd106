//! CloudCrew's plan: a workflow as a state graph, and what is written out from it. No files, no
//! clock.
//!
//! The same value is walked by the local engagement and emitted for other engines: every
//! transition, also those that only happen when something goes wrong, stands in it.

mod build;
pub mod checks;
pub mod compare;
pub mod emit;
pub mod forecast;
mod plan;
mod visits;
mod walk;

pub use build::build;
pub use plan::{
    Bound, Counter, Kind, OLDEST_SEMANTICS, Outcome, Plan, SEMANTICS, State, Transition,
};
pub use walk::{Counters, NoWay};
