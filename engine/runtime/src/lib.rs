//! CloudCrew's runtime: runs a plan. It decides everything and touches nothing: the world is behind
//! [`ports`].

pub mod catalogue;
pub mod engagement;
pub mod ports;
pub mod prompt;
pub mod swarm;
pub mod watch;
