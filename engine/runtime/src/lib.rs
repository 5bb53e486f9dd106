//! CloudCrew's runtime: it runs a plan. It makes every decision and reaches the outside world only
//! through [`ports`].

pub mod catalogue;
pub mod engagement;
pub mod metrics;
pub mod patterns;
pub mod ports;
pub mod prompt;
pub mod swarm;
pub mod watch;
