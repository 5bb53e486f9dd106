//! Adapters for AWS: the only crate that uses its SDK.

pub mod account;
pub mod bedrock;
pub mod blob;
pub mod callbacks;
mod connection;
pub mod connections;
pub mod functions;
pub mod gateway;
pub mod mail;
pub mod memory;
pub mod metrics;
pub mod patterns;
pub mod secrets;
pub mod store;
mod table;
pub mod timetable;
pub mod uploads;

pub use aws_config::SdkConfig;
pub use connection::connection;
