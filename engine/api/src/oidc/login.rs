//! Login in a browser: the authorization code flow with PKCE, which the server runs, so that no
//! token reaches a page.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloudcrew_definition::digest::{sha256, sha256_bytes};
use serde::Deserialize;

use super::{Oidc, safe};
use crate::people::Person;

/// How long a login may take, in milliseconds: 10 minutes.
pub(crate) const LASTS: i64 = 600_000;
/// Maximum number of logins under way.
const MOST: usize = 10_000;

/// Logins that have begun, and those that only lack their cookie, by the hash of their secret.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    begun: Mutex<HashMap<String, Begun>>,
    done: Mutex<HashMap<String, Done>>,
}

/// A login that only lacks its cookie.
#[derive(Debug)]
struct Done {
    person: Person,
    /// The secret of the browser in which the login began.
    state: String,
    then: String,
    until: i64,
}

/// A login that has begun.
#[derive(Debug, Clone)]
pub(crate) struct Begun {
    /// The secret that the code is bound to.
    verifier: String,
    /// The secret that the identity token must repeat.
    nonce: String,
    /// Where to go afterwards: a path of this service.
    pub(crate) then: String,
    until: i64,
}

/// Adds something under a secret. When it is full, the oldest entry is dropped.
fn add<T>(
    all: &Mutex<HashMap<String, T>>,
    secret: &str,
    new: T,
    until: impl Fn(&T) -> i64,
    now: i64,
) {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= MOST {
        all.retain(|_, there| until(there) > now);
    }
    if all.len() >= MOST {
        let oldest = all.iter().min_by_key(|(_, there)| until(there)).map(|(key, _)| key.clone());
        oldest.into_iter().for_each(|key| drop(all.remove(&key)));
    }
    all.insert(sha256(secret.as_bytes()), new);
}

fn take<T>(all: &Mutex<HashMap<String, T>>, secret: &str) -> Option<T> {
    all.lock().unwrap_or_else(PoisonError::into_inner).remove(&sha256(secret.as_bytes()))
}

impl Logins {
    /// Takes a login that has begun.
    pub(crate) fn take(&self, state: &str, now: i64) -> Option<Begun> {
        take(&self.begun, state).filter(|begun| begun.until > now)
    }

    /// Keeps a person until the browser in which the login began asks for its cookie from a page of
    /// this site.
    pub(crate) fn finish(
        &self,
        once: &str,
        person: Person,
        (state, then): (&str, String),
        now: i64,
    ) {
        let (state, until) = (sha256(state.as_bytes()), now + 60_000);
        add(&self.done, once, Done { person, state, then, until }, |done| done.until, now);
    }

    /// The person who has logged in with this browser, and where to go.
    pub(crate) fn finished(&self, once: &str, state: &str, now: i64) -> Option<(Person, String)> {
        let done = take(&self.done, once).filter(|done| done.until > now)?;
        (done.state == sha256(state.as_bytes())).then_some((done.person, done.then))
    }
}

/// The reply of a token endpoint.
#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    #[serde(default)]
    id_token: Option<String>,
}

impl Oidc {
    /// Begins a login; returns the address of the provider's page.
    ///
    /// # Errors
    /// When the provider cannot be reached, or offers no login.
    pub(crate) async fn begin(
        &self,
        logins: &Logins,
        secret: fn() -> String,
        (state, back, then): (&str, &str, String),
        now: i64,
    ) -> Result<String, String> {
        let endpoints = self.endpoints(now).await?;
        let mut url = safe(&endpoints.authorization_endpoint)?;
        // 256 bits, in the alphabet of a verifier.
        let (verifier, nonce) = (secret() + &secret(), secret());
        let challenge = URL_SAFE_NO_PAD.encode(sha256_bytes(verifier.as_bytes()));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", back)
            .append_pair("scope", "openid profile email")
            .append_pair("state", state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        let begun = Begun { verifier, nonce, then, until: now + LASTS };
        add(&logins.begun, state, begun, |begun| begun.until, now);
        Ok(url.into())
    }

    /// Exchanges the code of a login for a person; `None` when the provider's tokens are not valid.
    ///
    /// # Errors
    /// When the provider cannot be reached or refuses the code.
    pub(crate) async fn exchange(
        &self,
        begun: &Begun,
        code: &str,
        back: &str,
        now: i64,
    ) -> Result<Option<Person>, String> {
        let endpoints = self.endpoints(now).await?;
        let url = safe(&endpoints.token_endpoint)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("client_id", &self.settings.client_id),
            ("code_verifier", &begun.verifier),
        ];
        let secret = self.settings.client_secret.as_deref();
        let basic = secret.map(|secret| (self.settings.client_id.as_str(), secret));
        let bytes = self.web.post(url.as_str(), &form, basic).await?;
        let tokens: Tokens = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        // The identity token proves that this answer belongs to this login.
        let Some(id) = tokens.id_token else { return Ok(None) };
        let Ok(claims) = self.verified(&id, now).await else { return Ok(None) };
        if !claims.is_for(&self.settings.client_id) || claims.nonce.as_ref() != Some(&begun.nonce) {
            return Ok(None);
        }
        if let Some(person) = self.person(&tokens.access_token, now).await {
            // Access tokens of Cognito hold no address.
            let email = person.email.clone().or_else(|| claims.email());
            return Ok(Some(Person { email, ..person }));
        }
        // Access tokens of some providers are for themselves alone.
        Ok(claims.person(self.settings.operators.as_deref()))
    }
}
