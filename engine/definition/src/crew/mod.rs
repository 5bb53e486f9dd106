//! The files as meant: names are references that hold, defaults are values, and what is here needs
//! no second check.

mod budget;
mod definition;
mod millis;
mod model;
mod phase;

pub use budget::{Budget, Pot};
pub use definition::{Agent, Definition, Template, Workflow};
pub use model::{Context, Live, Model, Price, Reasoning};
pub use phase::{
    AgentBend, Answer, Bend, Deliverable, Gate, GateBend, Phase, Rehearsal, Retry, Review,
    ReviewBend, Swarm,
};
