//! Adapters for AWS: the only place that knows its SDK.

pub mod bedrock;
