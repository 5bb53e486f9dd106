//! HTTP to a service. What it answers is not trusted: it is bounded, and shown escaped.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use serde_json::Value;

use crate::exit::Failure;
use crate::wiring::holder::identity;

/// Environment variable with the token.
const TOKEN: &str = "CLOUDCREW_TOKEN";
/// Maximum bytes of a reply.
const MOST: usize = 64 * 1024 * 1024;
/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// How often to ask a service that has no streams.
const POLL: Duration = Duration::from_secs(1);
/// How long to wait for a reply.
const REPLY: Duration = Duration::from_secs(60);

/// A service.
pub struct Server {
    base: Url,
    token: String,
    client: Client,
    /// The person to act for, if the token is the operator's.
    person: Option<String>,
}

impl Server {
    pub fn new(url: &str, person: Option<String>) -> Result<Server, Failure> {
        let refused = |why: &str| Failure::usage(format!("`{url}`: {why}"));
        let base = Url::parse(url).map_err(|e| refused(&e.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(refused("not an HTTP address"));
        }
        let token = std::env::var(TOKEN).unwrap_or_default();
        if token.is_empty() {
            return Err(Failure::usage(format!("set `{TOKEN}` to the token of the service")));
        }
        // Keeps a provider that is already installed. Without any, building a client panics.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // No redirects: the token must not go anywhere else.
        let mut client = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(REPLY);
        if base.scheme() == "http" {
            client = client.no_proxy().tls_certs_only([]);
        }
        let client = client.build().map_err(|e| Failure::world(e.to_string()))?;
        Ok(Server { base, token, client, person })
    }

    /// Reads a document.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        json(&self.bytes(self.ask(Method::GET, path, query, None).await?).await?)
    }

    /// Reads a file. A large one may be somewhere else, where the token must not go.
    pub async fn file(&self, path: &[&str]) -> Result<Vec<u8>, Failure> {
        let response = self.ask(Method::GET, path, &[], None).await?;
        let away =
            response.headers().get("location").filter(|_| response.status().is_redirection());
        let Some(away) = away else { return self.bytes(response).await };
        let failed = |why: String| Failure::world(format!("{}: {why}", self.base));
        let url = away.to_str().map_err(|error| failed(error.to_string()))?;
        let url = self.base.join(url).map_err(|error| failed(error.to_string()))?;
        if url.scheme() != "https" && url.scheme() != self.base.scheme() {
            return Err(failed("it names a file at an address that is not encrypted".to_owned()));
        }
        let there = self.client.get(url).send().await;
        let there = there.and_then(Response::error_for_status);
        self.bytes(there.map_err(|error| failed(with_causes(&error.without_url())))?).await
    }

    /// Sends a request with an effect, under a key of its own, so that it can be sent again.
    pub async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let bytes = self.bytes(self.ask(method, path, &[], body).await?).await?;
        if bytes.is_empty() { Ok(Value::Null) } else { json(&bytes) }
    }

    /// Follows an engagement: calls `each` with every entry after `after`, until it returns
    /// `false`.
    pub async fn follow(
        &self,
        project: &str,
        after: u64,
        mut each: impl FnMut(&Value) -> bool,
    ) -> Result<(), Failure> {
        let mut last = after;
        loop {
            let after = last.to_string();
            let path = ["projects", project, "events", "stream"];
            let response = self.ask(Method::GET, &path, &[("after", &after)], None).await?;
            if response.status() == StatusCode::NOT_IMPLEMENTED {
                return self.poll(project, last, each).await;
            }
            let (mut chunks, mut text) = (response.bytes_stream(), Vec::new());
            // A connection that breaks off is opened again where it ended.
            while let Some(Ok(chunk)) = chunks.next().await {
                // The end of an event may be split between two chunks.
                let mut seen = text.len().saturating_sub(1);
                text.extend_from_slice(&chunk);
                if text.len() > MOST {
                    return Err(Failure::world("the service sends an event without end"));
                }
                while let Some(end) = text[seen..].windows(2).position(|two| two == b"\n\n") {
                    let event: Vec<u8> = text.drain(..seen + end + 2).collect();
                    seen = 0;
                    let event = String::from_utf8_lossy(&event).into_owned();
                    let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: "))
                    else {
                        continue;
                    };
                    let entry = json(data.as_bytes())?;
                    if let Some(seq) = entry["seq"].as_u64() {
                        last = seq;
                        if !each(&entry) {
                            return Ok(());
                        }
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// The same with pages instead of a stream.
    async fn poll(
        &self,
        project: &str,
        mut last: u64,
        mut each: impl FnMut(&Value) -> bool,
    ) -> Result<(), Failure> {
        loop {
            let before = last;
            let after = last.to_string();
            let page = self.get(&["projects", project, "events"], &[("after", &after)]).await?;
            for entry in page["events"].as_array().into_iter().flatten() {
                last = entry["seq"].as_u64().unwrap_or(last);
                if !each(entry) {
                    return Ok(());
                }
            }
            if last == before {
                tokio::time::sleep(POLL).await;
            }
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Response, Failure> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.request(method.clone(), url).bearer_auth(&self.token);
        if let Some(person) = &self.person {
            request = request.header("cloudcrew-as", person);
        }
        if method != Method::GET {
            request = request.header("idempotency-key", identity()).timeout(REPLY);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answered = request
            .send()
            .await
            .map_err(|error| Failure::world(format!("{}: {}", self.base, with_causes(&error))))?;
        let status = answered.status();
        let has_no_streams =
            status == StatusCode::NOT_IMPLEMENTED && path.last() == Some(&"stream");
        if status.is_success() || status == StatusCode::TEMPORARY_REDIRECT || has_no_streams {
            return Ok(answered);
        }
        let bytes = self.bytes(answered).await.unwrap_or_default();
        let problem = json(&bytes).unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or("the service refused").to_owned();
        Err(refusal(status, &detail))
    }

    async fn bytes(&self, response: Response) -> Result<Vec<u8>, Failure> {
        let (mut chunks, mut all) = (response.bytes_stream(), Vec::new());
        while let Some(chunk) = chunks.next().await {
            all.extend_from_slice(&chunk.map_err(|e| Failure::world(e.to_string()))?);
            if all.len() > MOST {
                return Err(Failure::world(format!("the reply has more than {MOST} bytes")));
            }
        }
        Ok(all)
    }
}

fn json(bytes: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(bytes)
        .map_err(|error| Failure::world(format!("the service did not answer with JSON: {error}")))
}

/// A problem as an exit code.
fn refusal(status: StatusCode, detail: &str) -> Failure {
    match status {
        StatusCode::CONFLICT => Failure::conflict(detail),
        status if status.is_server_error() => Failure::world(detail),
        _ => Failure::usage(detail),
    }
}

/// An error with its causes, on one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
