//! Models behind OpenAI's chat completions: Ollama, llama.cpp, vLLM, a gateway, a provider. Servers
//! interpret the protocol in many ways; this module normalizes them, so that the swarm sees one
//! kind of reply.

mod body;
mod calls;
mod fault;
mod http;
mod pieces;
mod reply;
mod sse;
mod wait;
mod written;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_ports::mended;
use cloudcrew_ports::model::{Billing, Model, ModelFault, ModelReply, ModelRequest};
use cloudcrew_ports::reply::MAX_REPLY;
use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use serde_json::Value;

use http::Endpoint;
use reply::PartialReply;
use sse::{Event, Events};

/// Maximum bytes of an answer that is not streamed: the largest reply, with every other letter
/// escaped.
const MAX_BODY: usize = 2 * MAX_REPLY;
/// Maximum bytes of a refusal.
const MAX_REFUSAL: usize = 64 * 1024;

/// How to call a model.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenAiSettings {
    /// The model's name at the server.
    pub id: String,
    /// Base URL; `/chat/completions` is appended. Usually ends in `/v1`.
    pub base_url: String,
    /// The key, if the server requires one. Never displayed.
    pub key: Option<String>,
    /// Name of the environment variable that holds the key, for advice.
    pub key_name: Option<String>,
    /// Whether to stream the reply. Without streaming, nothing arrives before the whole reply is
    /// complete.
    pub streaming: bool,
    /// Time without any bytes after which the server counts as gone, including the time to the
    /// first byte.
    pub silence: Duration,
    /// The server's key for the maximum tokens of a reply.
    pub max_tokens_key: MaxTokensKey,
}

/// The key for the maximum tokens of a reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaxTokensKey {
    /// `max_tokens`: all self-hosted servers, and most gateways.
    #[default]
    MaxTokens,
    /// `max_completion_tokens`: OpenAI itself, whose reasoning models refuse the other.
    MaxCompletionTokens,
}

impl MaxTokensKey {
    /// The key that a server expects.
    pub fn at(base_url: &str) -> MaxTokensKey {
        let host = reqwest::Url::parse(base_url.trim())
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        if host == "api.openai.com" || host.ends_with(".openai.azure.com") {
            MaxTokensKey::MaxCompletionTokens
        } else {
            MaxTokensKey::MaxTokens
        }
    }

    fn name(self) -> &'static str {
        match self {
            MaxTokensKey::MaxTokens => "max_tokens",
            MaxTokensKey::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

impl fmt::Debug for OpenAiSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiSettings")
            .field("id", &self.id)
            .field("base_url", &http::shown(&self.base_url))
            .field("key", &self.key.as_ref().map(|_| "[the key]"))
            .field("key_name", &self.key_name)
            .field("streaming", &self.streaming)
            .field("silence", &self.silence)
            .field("max_tokens_key", &self.max_tokens_key)
            .finish()
    }
}

/// A model behind an OpenAI-compatible endpoint. Clones share its connections.
#[derive(Debug, Clone)]
pub struct OpenAiModel {
    settings: OpenAiSettings,
    place: String,
    endpoint: Arc<OnceLock<Result<Endpoint, ModelFault>>>,
}

impl OpenAiModel {
    /// Creates a model. Its client is built at the first call, which reports unusable settings.
    pub fn new(settings: OpenAiSettings) -> OpenAiModel {
        let place = http::shown(&settings.base_url);
        OpenAiModel { settings, place, endpoint: Arc::default() }
    }

    async fn ask(&self, request: &ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        let endpoint = self
            .endpoint
            .get_or_init(|| Endpoint::new(&self.settings))
            .as_ref()
            .map_err(Clone::clone)?;
        let call = endpoint
            .client
            .post(endpoint.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(
                ACCEPT,
                if self.settings.streaming {
                    "text/event-stream, application/json"
                } else {
                    "application/json"
                },
            )
            .body(body::body(request, &self.settings));
        let silence = self.settings.silence;
        let mut response = match tokio::time::timeout(silence, call.send()).await {
            Err(_) => return Err(ModelFault::silent(silence)),
            Ok(Err(error)) => return Err(fault::of_call(&error, &self.place)),
            Ok(Ok(response)) => response,
        };
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_lowercase();
        let packed = response.headers().get(CONTENT_ENCODING).is_some();
        let first = http::chunk(&mut response, silence)
            .await?
            .map(|bytes| bytes.as_ref().to_vec())
            .unwrap_or_default();
        let mut partial = PartialReply::new(request);
        // A server may ignore the requested format and declare the wrong type, so look at the first
        // bytes.
        let form = Form::of(
            &first,
            packed,
            kind.contains("event-stream") || (self.settings.streaming && !kind.contains("json")),
        );
        if form == Form::Page {
            return Err(fault::page(&kind, &first, &self.place));
        }
        if form != Form::Stream {
            let mut body = first;
            body.extend(
                http::whole(&mut response, silence, MAX_BODY - body.len().min(MAX_BODY)).await?,
            );
            if form == Form::Packed {
                body = http::unpacked(&body, MAX_BODY)?;
            }
            if form == Form::Packed && !body.trim_ascii_start().starts_with(b"{") {
                read_all(&body, &mut partial)?;
            } else {
                partial.add(&json(&String::from_utf8_lossy(&body))?)?;
            }
        } else if let Err(fault) = read_events(&mut response, first, &mut partial, silence).await {
            // The reply is complete: without the usage report that follows, the call is charged at
            // its upper bound.
            if !partial.has_stopped() || fault.error == "ReplyTooLarge" {
                return Err(partial.failed(fault));
            }
        }
        partial.finish()
    }

    async fn refused(&self, mut response: Response) -> ModelFault {
        let status = response.status().as_u16();
        if response.status().is_redirection() {
            let to = response
                .headers()
                .get(LOCATION)
                .and_then(|to| to.to_str().ok())
                .map_or("elsewhere".to_owned(), http::shown);
            let message = format!(
                "{} redirects to {to}: set `models.*.endpoint` in agents.yaml to the final URL",
                self.place
            );
            return ModelFault::denied("Redirected", message);
        }
        let wait = wait::asked(response.headers());
        // The status is enough if the body does not arrive.
        let body = http::whole(&mut response, self.settings.silence, MAX_REFUSAL)
            .await
            .unwrap_or_default();
        fault::advised(fault::of_status(status, wait, &body), status, &self.settings, &self.place)
    }
}

/// Reads events until the stream says that it has ended.
async fn read_events(
    response: &mut Response,
    first: Vec<u8>,
    partial: &mut PartialReply<'_>,
    silence: Duration,
) -> Result<(), ModelFault> {
    let mut events = Events::default();
    let mut first = Some(first).filter(|first| !first.is_empty());
    loop {
        let ended = match first.take() {
            Some(first) => {
                events.feed(&first)?;
                false
            }
            None => match http::chunk(response, silence).await? {
                Some(bytes) => {
                    events.feed(bytes.as_ref())?;
                    false
                }
                None => true,
            },
        };
        while let Some(event) = events.next_event() {
            if handle(&event, partial)? {
                return Ok(());
            }
        }
        if ended {
            // An event without its terminator may be truncated; its data is then not JSON.
            let done =
                events.rest().is_some_and(|event| matches!(handle(&event, partial), Ok(true)));
            let early = || ModelFault::connection("the stream ended before the reply was complete");
            return if done || partial.has_stopped() { Ok(()) } else { Err(early()) };
        }
    }
}

/// Reads a stream that arrived compressed, and therefore whole.
fn read_all(body: &[u8], partial: &mut PartialReply<'_>) -> Result<(), ModelFault> {
    let mut events = Events::default();
    events.feed(body)?;
    while let Some(event) = events.next_event() {
        if handle(&event, partial)? {
            return Ok(());
        }
    }
    if let Some(event) = events.rest() {
        handle(&event, partial)?;
    }
    if partial.has_stopped() {
        Ok(())
    } else {
        Err(ModelFault::connection("the stream ended before the reply was complete"))
    }
}

/// The form of an answer, judged by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Events.
    Stream,
    /// One JSON document.
    Whole,
    /// Either of the two, compressed although not requested.
    Packed,
    /// A web page: a sign-in, a captive portal.
    Page,
}

impl Form {
    fn of(first: &[u8], packed: bool, streams: bool) -> Form {
        match first.trim_ascii_start() {
            [0x1f, 0x8b, ..] => Form::Packed,
            _ if packed && !first.is_ascii() => Form::Packed,
            [b'<', ..] => Form::Page,
            [b'{' | b'[', ..] => Form::Whole,
            _ if streams => Form::Stream,
            _ => Form::Whole,
        }
    }
}

/// Handles one event; returns whether it is the last.
fn handle(event: &Event, partial: &mut PartialReply<'_>) -> Result<bool, ModelFault> {
    match event {
        Event::Data(data) if data.trim() == "[DONE]" => return Ok(true),
        Event::Data(data) if data.trim().is_empty() => {}
        Event::Data(data) => partial.add(&json(data)?)?,
        Event::Error(data) => {
            let error = serde_json::from_str(data).unwrap_or_else(|_| Value::from(data.as_str()));
            partial.add(&serde_json::json!({ "error": error }))?;
        }
    }
    Ok(false)
}

fn json(text: &str) -> Result<Value, ModelFault> {
    mended::value(text).map_err(|_| {
        let begin: String = text.trim().chars().take(80).collect();
        ModelFault::garbled(format!("the answer is not JSON; it begins with `{begin}`"))
    })
}

#[async_trait]
impl Model for OpenAiModel {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        self.ask(&request)
            .await
            .map_err(|fault| fault::without_key(fault, self.settings.key.as_deref()))
    }

    fn billing(&self) -> Billing {
        Billing::Paid
    }
}
