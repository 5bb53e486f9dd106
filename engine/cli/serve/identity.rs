//! The identity provider, as the service reaches it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_api::PublicUrl;
use cloudcrew_api::oidc::{Oidc, Settings, Web};
use futures_util::StreamExt as _;
use reqwest::{Client, RequestBuilder, redirect};

use crate::args::Serve;
use crate::exit::Failure;

/// Maximum bytes of a reply.
const MOST: usize = 256 * 1024;
/// How long to wait for one.
const PATIENCE: Duration = Duration::from_secs(5);
/// Environment variable with the secret of the client.
const SECRET: &str = "OIDC_CLIENT_SECRET";

/// The identity provider, and the public address, if the operator names them.
pub fn identity(serve: &Serve) -> Result<(Option<Arc<Oidc>>, Option<PublicUrl>), Failure> {
    let public = serve.public_url.as_deref().map(|url| {
        PublicUrl::parse(url).map_err(|why| Failure::usage(format!("`--public-url {url}`: {why}")))
    });
    let public = public.transpose()?;
    let (Some(issuer), Some(client_id)) = (&serve.issuer, &serve.client_id) else {
        return Ok((None, public));
    };
    let settings = Settings {
        issuer: issuer.clone(),
        client_id: client_id.clone(),
        client_secret: std::env::var(SECRET).ok().filter(|secret| !secret.is_empty()),
        keys_url: serve.keys_url.clone(),
        operators: serve.operators.clone(),
    };
    let oidc = Oidc::new(settings, Arc::new(Reached::new()?)).map_err(Failure::usage)?;
    Ok((Some(Arc::new(oidc)), public))
}

/// The web, bounded and without redirects.
struct Reached(Client);

impl Reached {
    fn new() -> Result<Reached, Failure> {
        // Keeps a provider that is already installed. Without any, building a client panics.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().redirect(redirect::Policy::none()).timeout(PATIENCE).build();
        client.map(Reached).map_err(|error| Failure::world(error.to_string()))
    }

    async fn bytes(request: RequestBuilder) -> Result<Vec<u8>, String> {
        let response = request.send().await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("it answered {}", response.status()));
        }
        let (mut chunks, mut all) = (response.bytes_stream(), Vec::new());
        while let Some(chunk) = chunks.next().await {
            all.extend_from_slice(&chunk.map_err(|error| error.to_string())?);
            if all.len() > MOST {
                return Err(format!("its reply has more than {MOST} bytes"));
            }
        }
        Ok(all)
    }
}

#[async_trait]
impl Web for Reached {
    async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        Reached::bytes(self.0.get(url)).await
    }

    async fn post(
        &self,
        url: &str,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Vec<u8>, String> {
        let body = form.iter().map(|(name, value)| format!("{name}={}", escaped(value)));
        let body = body.collect::<Vec<_>>().join("&");
        let form = "application/x-www-form-urlencoded";
        let mut request = self.0.post(url).header("content-type", form).body(body);
        if let Some((name, password)) = basic {
            request = request.basic_auth(escaped(name), Some(escaped(password)));
        }
        Reached::bytes(request).await
    }
}

/// A value of a form.
fn escaped(value: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let each = |byte: u8| match plain(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    value.bytes().map(each).collect()
}
