//! MCP servers: programs and services that offer tools.
//!
//! Whatever a server says is data from a stranger. Its tools are pinned when an engagement begins,
//! and a tool that has changed since is not called.

use async_trait::async_trait;
use cloudcrew_definition::crew::{Server, ServerTool};
use serde_json::Value;

use crate::program::JobFile;

/// Maximum number of tools that are read of a server.
pub const MAX_TOOLS: usize = 1_000;
/// Maximum bytes of the text of a result; the middle of a longer one is left out.
pub const MAX_TEXT: usize = 128 * 1024;
/// Maximum bytes of a message of a server: 4 MiB.
pub const MAX_MESSAGE: usize = 4 * 1024 * 1024;
/// Maximum bytes of a tool's description.
pub const MAX_DESCRIPTION: usize = 8 * 1024;
/// Maximum bytes of a tool's schema.
pub const MAX_SCHEMA: usize = 64 * 1024;
/// Maximum number of questions that one call may ask.
pub const MAX_QUESTIONS: usize = 8;

/// A call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerCall {
    /// The tool, as it was when the engagement began.
    pub tool: ServerTool,
    /// The arguments: an object.
    pub input: Value,
    /// The files that a program finds.
    pub files: Vec<JobFile>,
    /// What a person has answered to questions of this tool: question, answer.
    pub answers: Vec<(String, String)>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// What the tool says.
    Said(String),
    /// The tool says that it failed.
    Failed(String),
    /// The tool needs to know something first. It has done nothing yet, or says itself what it did.
    Asks(Asked),
}

/// A question of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: String,
    /// The answers to choose from; empty for any text.
    pub choices: Vec<String>,
    /// Whether it may be left unanswered.
    pub optional: bool,
}

/// Why a server was not asked, or did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerFault {
    /// It cannot be reached, or does not speak the protocol. Nothing was called.
    #[error("{0}")]
    Unreachable(String),
    /// It declares the tool differently than when the engagement began. Nothing was called.
    #[error("the tool has changed since the engagement began, and is not called:\n{0}")]
    Changed(String),
    /// It failed during the call. Whether the call had its effect is not known.
    #[error("{0}")]
    Lost(String),
}

/// Asks servers.
#[async_trait]
pub trait Servers: Send + Sync {
    /// The tools of a server.
    ///
    /// # Errors
    /// When it does not answer in time, or not as the protocol says.
    async fn tools(&self, server: &Server) -> Result<Vec<ServerTool>, ServerFault>;

    /// Calls a tool once.
    ///
    /// # Errors
    /// As [`Servers::tools`]. A tool that says that it failed is not an error.
    async fn call(&self, server: &Server, call: ServerCall) -> Result<Served, ServerFault>;
}

/// No servers are asked here.
#[derive(Debug, Clone)]
pub struct NoServers(pub String);

#[async_trait]
impl Servers for NoServers {
    async fn tools(&self, _: &Server) -> Result<Vec<ServerTool>, ServerFault> {
        Err(ServerFault::Unreachable(self.0.clone()))
    }

    async fn call(&self, _: &Server, _: ServerCall) -> Result<Served, ServerFault> {
        Err(ServerFault::Unreachable(self.0.clone()))
    }
}
