//! Models behind OpenAI's chat completions: Ollama, llama.cpp, vLLM, a gateway, a provider. Servers
//! take the protocol in many ways; what they make of it is put right here, so that the swarm sees
//! one kind of reply.

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
use reply::Said;
use sse::{Event, Events};

/// Bytes of an answer that is not streamed: the largest reply, written with an escape for every
/// other letter.
const MAX_BODY: usize = 2 * MAX_REPLY;
/// Bytes of a refusal.
const MAX_REFUSAL: usize = 64 * 1024;

/// How a model is called.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenAiSettings {
    /// Name of the model at the server.
    pub id: String,
    /// Where the server is: the URL to which `/chat/completions` is added, mostly one that ends in
    /// `/v1`.
    pub base_url: String,
    /// The key, where the server asks for one. It is shown nowhere.
    pub key: Option<String>,
    /// Name of the environment variable that holds the key, for advice.
    pub key_name: Option<String>,
    /// Whether words are asked for while they are said. Without it nothing is heard before the
    /// whole reply is made.
    pub streaming: bool,
    /// A server that sends nothing for so long is away; so long it has for the first byte, too.
    pub silence: Duration,
    /// How this server calls the bound of a reply.
    pub max_tokens_key: MaxTokensKey,
}

/// The key for tokens of a reply at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MaxTokensKey {
    /// `max_tokens`: all servers of one's own, and most gateways.
    #[default]
    MaxTokens,
    /// `max_completion_tokens`: OpenAI itself; its models that think refuse the other.
    MaxCompletionTokens,
}

impl MaxTokensKey {
    /// The one for a server.
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
    /// A model; its client is made at the first call, which tells when the settings cannot be used.
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
        let mut said = Said::new(request);
        // A server may ignore what it was asked for, and say something else than what it does: its
        // first bytes do not lie.
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
                hear_all(&body, &mut said)?;
            } else {
                said.hear(&json(&String::from_utf8_lossy(&body))?)?;
            }
        } else if let Err(fault) = listen(&mut response, first, &mut said, silence).await {
            // What was said is said: without the report that follows it the call stays at its upper
            // bound.
            if !said.has_stopped() || fault.error == "ReplyTooLarge" {
                return Err(said.failed(fault));
            }
        }
        said.finish()
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
                "{} sends on to {to}: write the right URL in `models.*.endpoint` in agents.yaml",
                self.place
            );
            return ModelFault::denied("Redirected", message);
        }
        let wait = wait::asked(response.headers());
        // The status says enough where the rest does not come.
        let body = http::whole(&mut response, self.settings.silence, MAX_REFUSAL)
            .await
            .unwrap_or_default();
        fault::advised(fault::of_status(status, wait, &body), status, &self.settings, &self.place)
    }
}

/// Hears events until the stream says that it has ended.
async fn listen(
    response: &mut Response,
    first: Vec<u8>,
    said: &mut Said<'_>,
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
            if heard(&event, said)? {
                return Ok(());
            }
        }
        if ended {
            // An event without its end may have been cut; then what it holds is no JSON.
            let done = events.rest().is_some_and(|event| matches!(heard(&event, said), Ok(true)));
            let early = || ModelFault::connection("the stream ended before the reply was complete");
            return if done || said.has_stopped() { Ok(()) } else { Err(early()) };
        }
    }
}

/// A stream that came packed, and so as a whole.
fn hear_all(body: &[u8], said: &mut Said<'_>) -> Result<(), ModelFault> {
    let mut events = Events::default();
    events.feed(body)?;
    while let Some(event) = events.next_event() {
        if heard(&event, said)? {
            return Ok(());
        }
    }
    if let Some(event) = events.rest() {
        heard(&event, said)?;
    }
    if said.has_stopped() {
        Ok(())
    } else {
        Err(ModelFault::connection("the stream ended before the reply was complete"))
    }
}

/// What an answer is by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Events.
    Stream,
    /// One JSON document.
    Whole,
    /// Either of the two, compressed although nobody asked for that.
    Packed,
    /// A page for people: a sign-in, a captive portal.
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

/// Whether this event is the last.
fn heard(event: &Event, said: &mut Said<'_>) -> Result<bool, ModelFault> {
    match event {
        Event::Data(data) if data.trim() == "[DONE]" => return Ok(true),
        Event::Data(data) if data.trim().is_empty() => {}
        Event::Data(data) => said.hear(&json(data)?)?,
        Event::Error(data) => {
            let error = serde_json::from_str(data).unwrap_or_else(|_| Value::from(data.as_str()));
            said.hear(&serde_json::json!({ "error": error }))?;
        }
    }
    Ok(false)
}

fn json(text: &str) -> Result<Value, ModelFault> {
    mended::value(text).map_err(|_| {
        let begin: String = text.trim().chars().take(80).collect();
        ModelFault::garbled(format!("the answer is no JSON; it begins with `{begin}`"))
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
