//! The connection: a client for one endpoint, and bodies read up to a limit.

use std::io::Read as _;
use std::time::Duration;

use cloudcrew_ports::model::ModelFault;
use flate2::read::GzDecoder;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Response, Url, redirect, retry};

use super::{OpenAiSettings, fault};

/// Connection timeout.
const CONNECT: Duration = Duration::from_secs(5);

/// A client and the endpoint it calls.
#[derive(Debug)]
pub struct Endpoint {
    /// The client; it holds the key.
    pub client: Client,
    /// URL of chat completions.
    pub url: Url,
}

impl Endpoint {
    /// Prepares the client; sends nothing yet.
    ///
    /// # Errors
    /// Fails when the URL or the key is unusable.
    pub fn new(settings: &OpenAiSettings) -> Result<Endpoint, ModelFault> {
        let url = url(&settings.base_url)?;
        let mut headers = HeaderMap::new();
        if let Some(key) = settings.key.as_deref().map(str::trim).filter(|key| !key.is_empty()) {
            headers.insert(AUTHORIZATION, bearer(key, settings.key_name.as_deref())?);
        }
        // Keeps a provider that is already installed. Without any, building a client panics.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .user_agent(concat!("cloudcrew/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(CONNECT)
            // Do not follow redirects: the conversation and the key must not go anywhere else.
            // Retries are the swarm's job.
            .redirect(redirect::Policy::none())
            .retry(retry::never());
        if url.scheme() == "http" {
            // Loading the system's certificates takes longer than everything else before the first
            // call.
            client = client.tls_certs_only([]);
        }
        if is_here(&url) {
            client = client.no_proxy();
        }
        let client =
            client.build().map_err(|error| fault::of_call(&error, &shown(&settings.base_url)))?;
        Ok(Endpoint { client, url })
    }
}

fn url(base: &str) -> Result<Url, ModelFault> {
    let unusable = |why: &str| {
        let message = format!(
            "`{}` is not a server URL: {why}; check `models.*.endpoint` in agents.yaml",
            shown(base)
        );
        ModelFault::denied("InvalidEndpoint", message)
    };
    let mut url = Url::parse(base.trim()).map_err(|error| unusable(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(unusable("it must start with http:// or https:// and a host"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let path = if path.ends_with("/chat/completions") { path } else { path + "/chat/completions" };
    url.set_path(&path);
    Ok(url)
}

/// The URL without any user name and password.
pub fn shown(base: &str) -> String {
    let base = base.trim().trim_end_matches('/');
    let Ok(mut url) = Url::parse(base) else { return base.to_owned() };
    if url.username().is_empty() && url.password().is_none() && url.query().is_none() {
        return base.to_owned();
    }
    url.set_query(None);
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.as_str().trim_end_matches('/').to_owned()
}

/// Whether the server is on this machine; it is then called without a proxy.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn bearer(key: &str, name: Option<&str>) -> Result<HeaderValue, ModelFault> {
    let value = HeaderValue::from_str(&format!("Bearer {key}"));
    let mut value = value.map_err(|_| {
        let name = name.unwrap_or("the environment");
        ModelFault::denied(
            "InvalidKey",
            format!("the key in {name} contains invalid characters; set it again"),
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The next bytes of an answer; `None` at its end.
///
/// # Errors
/// Fails when they do not arrive in time, or at all.
pub async fn chunk(
    response: &mut Response,
    silence: Duration,
) -> Result<Option<impl AsRef<[u8]> + use<>>, ModelFault> {
    match tokio::time::timeout(silence, response.chunk()).await {
        Err(_) => Err(ModelFault::silent(silence)),
        Ok(chunk) => chunk.map_err(|error| fault::of_body(&error)),
    }
}

/// Decompresses a gzip body of at most `most` bytes.
///
/// # Errors
/// Fails when it is incomplete or larger.
pub fn unpacked(body: &[u8], most: usize) -> Result<Vec<u8>, ModelFault> {
    let mut plain = Vec::new();
    let limit = most as u64 + 1;
    let read = GzDecoder::new(body).take(limit).read_to_end(&mut plain);
    match read {
        Ok(_) if plain.len() > most => Err(ModelFault::too_large()),
        Ok(_) => Ok(plain),
        Err(error) => Err(ModelFault::denied(
            "UnknownEncoding",
            format!("cannot decompress the answer: {error}"),
        )),
    }
}

/// A complete body of at most `most` bytes.
///
/// # Errors
/// As [`chunk`]; stops reading at the limit.
pub async fn whole(
    response: &mut Response,
    silence: Duration,
    most: usize,
) -> Result<Vec<u8>, ModelFault> {
    let mut body = Vec::new();
    while let Some(bytes) = chunk(response, silence).await? {
        body.extend_from_slice(bytes.as_ref());
        if body.len() > most {
            return Err(ModelFault::too_large());
        }
    }
    Ok(body)
}
