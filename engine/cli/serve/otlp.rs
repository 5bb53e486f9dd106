//! The OpenTelemetry collector of the operator.

use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_api::notices::Failed;
use cloudcrew_api::traces::Collects;
use reqwest::{Client, Url, redirect};

use crate::exit::Failure;

/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Environment variable with headers, as `name=value,name=value`.
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// A collector that speaks OTLP over HTTP.
pub struct Collector {
    client: Client,
    url: Url,
    headers: Vec<(String, String)>,
}

impl Collector {
    pub fn new(endpoint: &str) -> Result<Collector, Failure> {
        let refused = |why: String| Failure::usage(format!("`{endpoint}`: {why}"));
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|error| refused(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("not an HTTP address".to_owned()));
        }
        let given = std::env::var(HEADERS).unwrap_or_default();
        let pairs = given.split(',').filter_map(|pair| pair.split_once('='));
        let headers = pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        // Keeps a provider that is already installed. Without any, building a client panics.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(PATIENCE).build();
        let client = client.map_err(|error| Failure::world(error.to_string()))?;
        Ok(Collector { client, url, headers: headers.collect() })
    }
}

#[async_trait]
impl Collects for Collector {
    async fn collect(&self, body: String) -> Result<(), Failed> {
        let mut request = self.client.post(self.url.clone());
        request = request.header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answered = request.body(body).send().await;
        let unreached = |_| Failed::Later("the collector cannot be reached".to_owned());
        let status = answered.map_err(unreached)?.status();
        let why = format!("the collector answered {}", status.as_u16());
        let is_busy = matches!(status.as_u16(), 408 | 429);
        match status {
            status if status.is_success() => Ok(()),
            status if status.is_client_error() && !is_busy => Err(Failed::Never(why)),
            _ => Err(Failed::Later(why)),
        }
    }
}
