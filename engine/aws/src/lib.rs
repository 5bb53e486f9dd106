//! Adapters for AWS: the only crate that uses its SDK.

pub mod bedrock;
pub mod blob;
pub mod callbacks;
mod connection;
pub mod store;

pub use connection::connection;
