//! Servers that say they speak OpenAI's protocol, and what the swarm gets of what they say.

mod caller;
mod faults;
mod replies;
mod requests;
mod server;
