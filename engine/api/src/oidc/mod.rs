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
pub(crate) use login::{Begun, LoggedIn};

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
        match self.identified(token, now).await {
            Ok(person) => Some(person),
            Err(why) => {
                // The caller is not given the reason, and the token is not written anywhere.
                tracing::info!("a token was refused: {why}");
                None
            }
        }
    }

    async fn identified(&self, token: &str, now: i64) -> Result<Person, String> {
        let claims = self.verified(token, now).await?;
        if !claims.is_access_for(&self.settings.client_id, &self.settings.issuer) {
            return Err("it is not an access token for this client".to_owned());
        }
        let person = claims.person(self.settings.operators.as_deref());
        person.ok_or_else(|| "it names no person".to_owned())
    }

    /// Checks that the provider answers, as far as logging in needs it.
    ///
    /// # Errors
    /// Says why it does not.
    pub async fn answers(&self, now: i64) -> Result<(), String> {
        self.endpoints(now).await.map(drop)
    }

    /// The claims of a token that the provider signed and that is valid now.
    async fn verified(&self, token: &str, now: i64) -> Result<Claims, String> {
        if token.len() > MAX_TOKEN {
            return Err(format!("it has more than {MAX_TOKEN} bytes"));
        }
        let header = decode_header(token).map_err(|_| "it is not a signed token".to_owned())?;
        // The algorithm is ours to choose, and `jku`, `jwk` or `x5u` are not looked at.
        if header.alg != Algorithm::RS256 {
            return Err(format!("it is signed with {:?}, not RS256", header.alg));
        }
        let kid = header.kid.ok_or("it names no key")?;
        let key = self.keys.find(&kid, now, self.fetch(now)).await;
        let key = key.ok_or("its key is unknown, or the provider does not answer")?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.leeway = SKEW;
        validation.validate_nbf = true;
        // Checked below: Cognito's access tokens have none.
        validation.validate_aud = false;
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        let decoded = decode::<Claims>(token, &key, &validation);
        let claims = decoded.map_err(|error| error.to_string())?.claims;
        match claims.is_issued(now, SKEW) {
            true => Ok(claims),
            false => Err("it was issued in the future".to_owned()),
        }
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
