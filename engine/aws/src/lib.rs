//! Adapters for AWS: the only crate that uses its SDK.

pub mod bedrock;
