//! People whom an identity provider vouches for (OpenID Connect): their access tokens, and login in
//! a browser. Amazon Cognito is one; its access tokens name their client as `client_id` and say
//! that they are access tokens, while others name it in `aud`.

mod claims;
mod keys;
mod login;
mod ring;

use std::sync::Arc;

use async_trait::async_trait;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use crate::people::Person;
use claims::Claims;
use keys::Keys;
pub(crate) use login::Logins;

/// Maximum bytes of a token.
const MAX_TOKEN: usize = 16 * 1024;
/// By how much clocks may differ, in seconds.
const SKEW: u64 = 60;
/// How long what the provider says about itself is kept, in milliseconds.
const KEPT: i64 = 24 * 3600 * 1000;

/// Settings of an identity provider.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its address, exactly as its tokens name it.
    pub issuer: String,
    /// The id under which it knows this service.
    pub client_id: String,
    /// The secret that belongs to it, if it has one.
    pub client_secret: Option<String>,
    /// Where its keys are; by default, where it says itself.
    pub keys_url: Option<String>,
    /// The group whose members operate the service.
    pub operators: Option<String>,
}

/// What the service asks of the web: only its identity provider. Replies are bounded by the
/// adapter, and redirects are not followed.
#[async_trait]
pub trait Web: Send + Sync {
    /// Reads a document.
    async fn get(&self, url: &str) -> Result<Vec<u8>, String>;

    /// Sends a form; `basic` is a name and a password.
    async fn post(
        &self,
        url: &str,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Vec<u8>, String>;
}

/// How long to wait after a failure before the provider is asked again, in milliseconds.
const PAUSE: i64 = 10_000;

/// An identity provider.
pub struct Oidc {
    settings: Settings,
    web: Arc<dyn Web>,
    keys: Keys,
    found: Mutex<Option<(Result<Endpoints, String>, i64)>>,
}

/// What the provider says about itself.
#[derive(Debug, Clone, Deserialize)]
struct Endpoints {
    issuer: String,
    jwks_uri: String,
    #[serde(default)]
    authorization_endpoint: String,
    #[serde(default)]
    token_endpoint: String,
}

impl Oidc {
    /// An identity provider.
    ///
    /// # Errors
    /// When an address is neither HTTPS nor on this machine.
    pub fn new(settings: Settings, web: Arc<dyn Web>) -> Result<Oidc, String> {
        ring::install();
        for url in [Some(&settings.issuer), settings.keys_url.as_ref()].into_iter().flatten() {
            safe(url)?;
        }
        Ok(Oidc { settings, web, keys: Keys::default(), found: Mutex::default() })
    }

    /// The person whose access token this is; `None` when it is not valid for this service. `now`
    /// is in milliseconds since 1970 UTC.
    pub(crate) async fn person(&self, token: &str, now: i64) -> Option<Person> {
        let claims = self.verified(token, now).await?;
        claims.is_access_for(&self.settings.client_id, &self.settings.issuer).then_some(())?;
        claims.person(self.settings.operators.as_deref())
    }

    /// The claims of a token that the provider signed and that is valid now.
    async fn verified(&self, token: &str, now: i64) -> Option<Claims> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let header = decode_header(token).ok()?;
        // The algorithm is ours to choose, and `jku`, `jwk` or `x5u` are not looked at.
        if header.alg != Algorithm::RS256 {
            return None;
        }
        let key = self.keys.find(&header.kid?, now, self.fetch(now)).await?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = SKEW;
        validation.validate_nbf = true;
        // Checked below: Cognito's access tokens have none.
        validation.validate_aud = false;
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        let claims = decode::<Claims>(token, &key, &validation).ok()?.claims;
        claims.is_issued(now, SKEW).then_some(claims)
    }

    /// Reads the provider's keys.
    async fn fetch(&self, now: i64) -> Result<Vec<u8>, String> {
        let url = match &self.settings.keys_url {
            Some(url) => url.clone(),
            None => self.endpoints(now).await?.jwks_uri,
        };
        self.web.get(safe(&url)?.as_str()).await
    }

    /// What the provider says about itself.
    async fn endpoints(&self, now: i64) -> Result<Endpoints, String> {
        let mut found = self.found.lock().await;
        match &*found {
            Some((Ok(endpoints), at)) if now - at < KEPT => return Ok(endpoints.clone()),
            Some((Err(why), at)) if now - at < PAUSE => return Err(why.clone()),
            _ => {}
        }
        let said = self.discovered().await;
        *found = Some((said.clone(), now));
        said
    }

    async fn discovered(&self) -> Result<Endpoints, String> {
        let issuer = self.settings.issuer.trim_end_matches('/');
        let bytes = self.web.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
        let said: Endpoints = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        if said.issuer != self.settings.issuer {
            return Err(format!("its discovery document names another issuer: `{}`", said.issuer));
        }
        Ok(said)
    }
}

/// An address that may be asked: HTTPS, or on this machine.
fn safe(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}`: {error}"))?;
    let is_local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local => Ok(url),
        _ => Err(format!("`{text}` must be an `https` URL")),
    }
}
