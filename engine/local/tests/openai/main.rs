//! Servers that claim to speak OpenAI's protocol, and what the swarm gets from them.

mod caller;
mod faults;
mod replies;
mod requests;
mod server;
