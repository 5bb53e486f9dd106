//! Git's smart protocol over HTTP: each action of libgit2 is one request.

use std::io::{self, Read, Write};
use std::sync::PoisonError;
use std::time::Instant;

use git2::Error;
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, header};
use tokio::time::timeout;

use super::super::MOST_BYTES;
use super::{CONNECTS, Exchange, MOST_LISTED};
use crate::vault::variable;

/// Maximum number of bytes to send in a request: what the crew wrote, compressed.
const MOST_SENT: usize = 1 << 30;

/// A connection over HTTP.
pub(super) struct Http {
    exchange: Exchange,
    client: Client,
}

impl Http {
    pub(super) fn new(exchange: Exchange) -> Result<Http, Error> {
        // Keeps a provider that is already installed. Without any, a client panics.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECTS)
            .build()
            .map_err(|error| Error::from_str(&error.to_string()))?;
        Ok(Http { exchange, client })
    }
}

impl SmartSubtransport for Http {
    fn action(&self, _: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        let (name, lists) = match service {
            Service::UploadPackLs => ("git-upload-pack", true),
            Service::UploadPack => ("git-upload-pack", false),
            Service::ReceivePackLs => ("git-receive-pack", true),
            Service::ReceivePack => ("git-receive-pack", false),
        };
        let base = self.exchange.server.url.as_str().trim_end_matches('/');
        let url = match lists {
            true => format!("{base}/info/refs?service={name}"),
            false => format!("{base}/{name}"),
        };
        Ok(Box::new(HttpStream {
            exchange: self.exchange.clone(),
            client: self.client.clone(),
            url,
            name,
            lists,
            body: Vec::new(),
            answer: None,
            chunk: Vec::new(),
            read: 0,
            received: 0,
        }))
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// A request that is being written, or its answer.
struct HttpStream {
    exchange: Exchange,
    client: Client,
    url: String,
    /// `git-upload-pack` or `git-receive-pack`.
    name: &'static str,
    /// Whether it asks for the references.
    lists: bool,
    body: Vec<u8>,
    answer: Option<Response>,
    chunk: Vec<u8>,
    /// Bytes of the chunk that were read.
    read: usize,
    /// Bytes that were received.
    received: u64,
}

impl HttpStream {
    /// Sends the request, again with credentials when the server asks for them.
    async fn sent(&self) -> io::Result<Response> {
        let known = self.authorization();
        let answer = self.request(known.clone()).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        if known.is_some() {
            return Err(self.refused("the server does not accept the credentials"));
        }
        let none = || self.refused("there are no credentials for the server");
        let found = self.exchange.server.authorization().ok_or_else(none)?;
        let answer = self.request(Some(found.clone())).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Err(self.refused("the server does not accept the credentials"));
        }
        let mut place = self.exchange.authorization.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(found);
        Ok(answer)
    }

    /// An authentication error that says how to supply credentials.
    fn refused(&self, why: &str) -> io::Error {
        let secret = variable(&self.exchange.server.url.secret());
        other(format!("{why}; set {secret} to USER:PASSWORD, or configure a Git credential helper"))
    }

    fn authorization(&self) -> Option<String> {
        self.exchange.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn request(&self, authorization: Option<String>) -> io::Result<Response> {
        let mut request = match self.lists {
            true => self.client.get(&self.url),
            false => self
                .client
                .post(&self.url)
                .header(header::CONTENT_TYPE, format!("application/x-{}-request", self.name))
                .header(header::ACCEPT, self.answers())
                .body(self.body.clone()),
        };
        request = request.header(header::USER_AGENT, "git/2 (cloudcrew)");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.send().await.map_err(failed)
    }

    /// The content type of the answer.
    fn answers(&self) -> String {
        let kind = if self.lists { "advertisement" } else { "result" };
        format!("application/x-{}-{kind}", self.name)
    }

    /// Refuses an answer that is not one of a Git server.
    fn checked(&self, answer: Response) -> io::Result<Response> {
        let status = answer.status();
        if status.is_redirection() {
            let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            // The query may contain a secret.
            let to = to.and_then(|to| to.split(['?', '#']).next()).unwrap_or("another URL");
            return Err(other(format!("the server redirects to {to}; use that URL")));
        }
        if status == StatusCode::NOT_FOUND {
            return Err(other("the server has no such repository (404)"));
        }
        if status == StatusCode::FORBIDDEN {
            return Err(other("the server does not allow it (403)"));
        }
        if status != StatusCode::OK {
            return Err(other(format!("the server answered {}", status.as_u16())));
        }
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind != Some(self.answers().as_str()) {
            return Err(other("the server does not speak Git's protocol over HTTP"));
        }
        Ok(answer)
    }
}

impl Write for HttpStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.body.len() + bytes.len() > MOST_SENT {
            return Err(other("there is too much to push at once"));
        }
        self.body.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for HttpStream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.read_on(into);
        if let Err(error) = &read {
            self.exchange.note(&error.to_string());
        }
        // The message may not be a valid C string.
        read.map_err(|_| io::Error::other("the exchange failed"))
    }
}

impl HttpStream {
    fn read_on(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let runtime = self.exchange.runtime.clone();
        if self.answer.is_none() {
            // Uploading and the hooks of the server may take as long as the whole exchange.
            let left = self.exchange.until.saturating_duration_since(Instant::now());
            let answer = runtime.block_on(async { timeout(left, self.sent()).await });
            let answer = answer.map_err(|_| late())??;
            self.answer = Some(self.checked(answer)?);
            self.body = Vec::new();
        }
        while self.read == self.chunk.len() {
            let Some(answer) = self.answer.as_mut() else { return Ok(0) };
            let patience = self.exchange.patience().ok_or_else(late)?;
            let chunk = runtime.block_on(async { timeout(patience, answer.chunk()).await });
            match chunk.map_err(|_| late())?.map_err(failed)? {
                Some(chunk) => {
                    self.received += chunk.len() as u64;
                    let most = if self.lists { MOST_LISTED } else { MOST_BYTES as u64 };
                    if self.received > most {
                        return Err(other("the server sends too much"));
                    }
                    (self.chunk, self.read) = (chunk.to_vec(), 0);
                }
                None => return Ok(0),
            }
        }
        let left = &self.chunk[self.read..];
        let count = left.len().min(into.len());
        into[..count].copy_from_slice(&left[..count]);
        self.read += count;
        Ok(count)
    }
}

/// What went wrong, with its cause: the outer error only names the URL.
fn failed(error: reqwest::Error) -> io::Error {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    other(match (error.is_timeout(), error.is_connect()) {
        (true, _) => "the server did not answer in time".to_owned(),
        (_, true) => format!("no connection: {cause}"),
        _ => format!("the connection broke: {cause}"),
    })
}

fn late() -> io::Error {
    other("the server did not answer in time")
}

fn other(why: impl Into<String>) -> io::Error {
    io::Error::other(why.into())
}
