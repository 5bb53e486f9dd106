//! The files as meant: names are references that hold, defaults are values, and what is here needs no second check.

mod definition;
mod millis;
mod phase;

pub use definition::{Agent, Definition, Model, Price, Template, Workflow};
pub use phase::{AgentBend, Answer, Bend, Deliverable, Gate, GateBend, Phase, Rehearsal, Retry, Review, ReviewBend, Swarm};
