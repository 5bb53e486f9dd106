//! Adapters for AWS: the only crate that uses its SDK.

pub mod bedrock;
pub mod blob;
mod connection;
pub mod store;

pub use connection::connection;
