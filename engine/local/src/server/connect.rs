//! A connection to a server.

use std::time::Duration;

use cloudcrew_definition::crew::{Reach, Server, ServerTool};
use cloudcrew_definition::shown::row;
use cloudcrew_ports::bounds::cut;
use cloudcrew_ports::program::{Job, JobFile, Limits};
use cloudcrew_ports::secret::redact;
use cloudcrew_ports::server::{
    MAX_DESCRIPTION, MAX_MESSAGE, MAX_SCHEMA, MAX_TOOLS, Served, ServerFault,
};
use cloudcrew_ports::vault::resolved;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rmcp::model::{CallToolRequestParams, PaginatedRequestParams, ProtocolVersion};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, RunningService, serve_client_with_lifecycle,
};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransport, StreamableHttpClientTransportConfig,
};
use rmcp::{RoleClient, ServiceError};

use super::McpServers;
use super::forms::Forms;
use super::reply;
use crate::program::{Running, Talk};

/// Maximum number of pages of a server's list of tools.
const PAGES: usize = 50;
/// Maximum bytes of a reason.
const MOST: usize = 2 * 1024;

/// A connection, with whatever keeps it open.
pub(super) struct Connected {
    service: RunningService<RoleClient, Forms>,
    running: Option<Running>,
}

impl Connected {
    /// Connects and agrees on a version of the protocol.
    pub(super) async fn open(
        servers: &McpServers,
        server: &Server,
        files: Vec<JobFile>,
        answers: Vec<(String, String)>,
    ) -> Result<Connected, ServerFault> {
        let forms = Forms::new(answers);
        match &server.reach {
            Reach::Command { program, arguments, environment } => {
                let sandbox = servers.sandbox.as_ref().map_err(unreachable)?;
                let mut variables = Vec::new();
                for (name, value) in environment {
                    let value = resolved(&*servers.vault, value).await;
                    variables.push((name.clone(), value.map_err(|why| unreachable(&why))?));
                }
                let job = Job {
                    program: program.clone(),
                    arguments: arguments.clone(),
                    folder: String::new(),
                    files,
                    environment: variables,
                    limits: limits(server.timeout),
                };
                let talk = sandbox.talk(job).await.map_err(|why| unreachable(&why))?;
                let Talk { stdin, stdout, running } = talk;
                let wire = AsyncRwTransport::new(stdout, stdin).with_max_line_length(MAX_MESSAGE);
                match serve_client_with_lifecycle(forms, wire, lifecycle()).await {
                    Ok(service) => Ok(Connected { service, running: Some(running) }),
                    Err(error) => {
                        // What it has said so far arrives in a moment.
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        Err(unreachable(&said(&refused(&error), Some(&running))))
                    }
                }
            }
            Reach::Url { url, headers } => {
                let mut all = HeaderMap::new();
                for (name, value) in headers {
                    let value = resolved(&*servers.vault, value).await;
                    let value = value.map_err(|why| unreachable(&why))?;
                    let bad = |_| unreachable(&format!("the header `{name}` cannot be sent"));
                    let mut value = HeaderValue::from_str(&value).map_err(|_| bad(()))?;
                    value.set_sensitive(true);
                    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad(()))?;
                    all.insert(name, value);
                }
                // Keeps a provider that is already installed. Without any, a client panics.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let client = reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .default_headers(all)
                    .connect_timeout(server.timeout)
                    .build()
                    .map_err(|error| unreachable(&error))?;
                let config = StreamableHttpClientTransportConfig::with_uri(url.as_str())
                    .max_sse_event_size(MAX_MESSAGE)
                    .max_json_response_size(MAX_MESSAGE)
                    .max_error_response_size(MOST)
                    .reinit_on_expired_session(false);
                let wire = StreamableHttpClientTransport::with_client(client, config);
                let service = serve_client_with_lifecycle(forms, wire, lifecycle()).await;
                let service = service.map_err(|error| unreachable(&refused(&error)))?;
                Ok(Connected { service, running: None })
            }
        }
    }

    /// The tools that the server offers. Those whose declaration is too large are left out.
    pub(super) async fn tools(&self) -> Result<Vec<ServerTool>, String> {
        let (mut tools, mut cursor) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = PaginatedRequestParams::default().with_cursor(cursor);
            let page = self.service.list_tools(Some(page)).await.map_err(|error| failed(&error))?;
            for tool in page.tools {
                let schema = serde_json::Value::Object((*tool.input_schema).clone());
                let mut description = tool.description.map(String::from).unwrap_or_default();
                cut(&mut description, MAX_DESCRIPTION);
                redact(&mut description);
                if schema.to_string().len() <= MAX_SCHEMA && tools.len() < MAX_TOOLS {
                    let name = tool.name.into_owned();
                    tools.push(ServerTool { name, description, schema });
                }
            }
            cursor = page.next_cursor;
            if cursor.is_none() || tools.len() == MAX_TOOLS {
                break;
            }
        }
        Ok(tools)
    }

    /// Calls a tool.
    pub(super) async fn call(&self, params: CallToolRequestParams) -> Result<Served, String> {
        self.service.service().begin();
        let called = self.service.call_tool(params).await;
        let asked = self.service.service().asked();
        match (called, asked) {
            // One that goes on without the answer has done what it says.
            (Ok(result), asked) => Ok(match (reply::read(result), asked) {
                (Served::Failed(_), Some(asked)) => Served::Asks(asked),
                (served, _) => served,
            }),
            (Err(_), Some(asked)) => Ok(Served::Asks(asked)),
            // The server has refused the call, and says why.
            (Err(ServiceError::McpError(error)), None) => {
                let mut why = error.message.into_owned();
                cut(&mut why, MOST);
                Ok(Served::Failed(why))
            }
            (Err(error), None) => Err(failed(&error)),
        }
    }

    /// A reason, with what the program itself says.
    pub(super) fn said(&self, why: &str) -> String {
        said(why, self.running.as_ref())
    }
}

fn said(why: &str, running: Option<&Running>) -> String {
    let mut why = match running.and_then(Running::complaint) {
        Some(complaint) => format!("{why}; it says: {complaint}"),
        None => why.to_owned(),
    };
    redact(&mut why);
    why
}

fn unreachable(why: &(impl std::fmt::Display + ?Sized)) -> ServerFault {
    ServerFault::Unreachable(why.to_string())
}

fn refused(error: &ClientInitializeError) -> String {
    told(error, "it does not speak MCP")
}

fn failed(error: &ServiceError) -> String {
    told(error, "the call failed")
}

/// An error of the connection, bounded and on one line.
fn told(error: &dyn std::error::Error, what: &str) -> String {
    let (mut why, mut source) = (error.to_string(), error.source());
    while let Some(next) = source {
        why.push_str(&format!(": {next}"));
        source = next.source();
    }
    cut(&mut why, MOST);
    redact(&mut why);
    format!("{what}: {}", row(&why))
}

/// Asks whether the server is stateless, and otherwise begins with a handshake.
fn lifecycle() -> ClientLifecycleMode {
    ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::LATEST],
        legacy_version: None,
    }
}

/// Limits of a program: above those of a call, which end it first and say so.
fn limits(timeout: Duration) -> Limits {
    let time = timeout * 2;
    Limits { time, processor: time.as_secs().max(1), ..Limits::default() }
}
