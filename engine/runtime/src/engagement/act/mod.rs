//! The actions of a driver, one per file; [`super::decide`] chooses among them.

pub(super) mod budget;
pub(super) mod commit;
mod death;
pub(super) mod finalize;
mod gate;
mod leave;
mod publish;
mod question;
mod rehearsed;
mod review;
mod settle;
mod subject;
mod swarm;
mod transition;
mod work;

pub(super) use swarm::{ASKS_AGAIN, MAX_PARK_MS, member, retry};
