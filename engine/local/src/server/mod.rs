//! MCP servers: programs in the sandbox, and services over streamable HTTP.
//!
//! Each call has a connection of its own, so that no server remembers one agent's work when it
//! serves another, and a crash leaves nothing open.

mod connect;
mod forms;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_definition::crew::{Server, ServerTool};
use cloudcrew_ports::program::JobFile;
use cloudcrew_ports::server::{Served, ServerCall, ServerFault, Servers};
use cloudcrew_ports::vault::Vault;
use rmcp::model::CallToolRequestParams;
use tokio::time::Instant;

use crate::program::Sandbox;
use connect::Connected;

/// Asks servers from this machine.
#[derive(Clone)]
pub struct McpServers {
    sandbox: Result<Sandbox, String>,
    vault: Arc<dyn Vault>,
}

impl McpServers {
    /// Programs run in `sandbox`, or do not run for the reason given; secrets come from `vault`.
    pub fn new(sandbox: Result<Sandbox, String>, vault: Arc<dyn Vault>) -> McpServers {
        McpServers { sandbox, vault }
    }

    /// Connects to a server.
    async fn connected(
        &self,
        server: &Server,
        files: Vec<JobFile>,
        answers: Vec<(String, String)>,
        time: &Time,
    ) -> Result<Connected, ServerFault> {
        let connecting = Connected::open(self, server, files, answers);
        time.within(connecting).await.unwrap_or_else(|why| Err(ServerFault::Unreachable(why)))
    }
}

#[async_trait]
impl Servers for McpServers {
    async fn tools(&self, server: &Server) -> Result<Vec<ServerTool>, ServerFault> {
        let time = Time::from_now(server.timeout);
        let connected = self.connected(server, Vec::new(), Vec::new(), &time).await?;
        let listed = time.within(connected.tools()).await.and_then(|tools| tools);
        listed.map_err(|why| ServerFault::Unreachable(connected.said(&why)))
    }

    async fn call(&self, server: &Server, call: ServerCall) -> Result<Served, ServerFault> {
        let time = Time::from_now(server.timeout);
        let ServerCall { tool: pinned, input, files, answers } = call;
        let connected = self.connected(server, files, answers, &time).await?;
        let listed = time.within(connected.tools()).await.and_then(|tools| tools);
        let tools = listed.map_err(|why| ServerFault::Unreachable(connected.said(&why)))?;
        match tools.into_iter().find(|tool| tool.name == pinned.name) {
            Some(tool) if tool == pinned => {}
            Some(tool) => return Err(ServerFault::Changed(difference(&pinned, &tool))),
            None => return Err(ServerFault::Changed("- it is no longer offered".to_owned())),
        }
        let mut params = CallToolRequestParams::new(pinned.name.clone());
        params.arguments = input.as_object().cloned();
        let served = time.within(connected.call(params)).await.and_then(|served| served);
        served.map_err(|why| ServerFault::Lost(connected.said(&why)))
    }
}

/// The time that a server has for a call, with its start and its list of tools.
struct Time {
    most: Duration,
    ends: Instant,
}

impl Time {
    fn from_now(most: Duration) -> Time {
        Time { most, ends: Instant::now() + most }
    }

    /// The result of some work, unless the time ends before.
    async fn within<T>(&self, work: impl Future<Output = T>) -> Result<T, String> {
        let done = tokio::time::timeout_at(self.ends, work).await;
        done.map_err(|_| format!("it did not answer within {} s", self.most.as_secs_f64()))
    }
}

/// What has changed in a tool's declaration, line by line.
fn difference(was: &ServerTool, is: &ServerTool) -> String {
    let text = |tool: &ServerTool| {
        let schema = serde_json::to_string_pretty(&tool.schema).unwrap_or_default();
        format!("{}\n{schema}\n", tool.description)
    };
    let (was, is) = (text(was), text(is));
    let diff = similar::TextDiff::from_lines(was.as_str(), is.as_str());
    let mut changes = String::new();
    for change in diff.iter_all_changes().filter(|c| c.tag() != similar::ChangeTag::Equal) {
        changes.push_str(&format!("{}{change}", change.tag()));
    }
    cloudcrew_ports::bounds::cut(&mut changes, MOST_CHANGES);
    changes
}

/// Maximum bytes of a difference.
const MOST_CHANGES: usize = 4 * 1024;
