//! The meaning of the files: references are valid, and defaults are filled in. Nothing here needs
//! to be checked again.

mod budget;
mod definition;
mod input;
mod knowledge;
mod millis;
mod model;
mod pattern;
mod phase;
mod server;

pub use budget::{Budget, Pot};
pub use definition::{Agent, Definition, Template, Workflow};
pub use input::Input;
pub use knowledge::{Fact, Service, UnitPrice};
pub use model::{Context, Live, Model, Price, Reasoning};
pub use pattern::{Pattern, PatternRules};
pub use phase::{
    AgentBend, Answer, Approvers, Bend, Deliverable, Gate, GateBend, Phase, Recall, Rehearsal,
    Retry, Review, ReviewBend, Swarm,
};
pub use server::{Grant, Reach, Server, ServerTool, Values};
