//! Login in a browser: the authorization code flow with PKCE, which the server runs, so that no
//! token reaches a page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloudcrew_definition::digest::{sha256, sha256_bytes};
use cloudcrew_ports::StoreError;
use cloudcrew_ports::pass::Passes;
use serde::{Deserialize, Serialize};

use super::{Oidc, safe};
use crate::passes::{self, Kind};
use crate::people::Person;

/// How long a login may take, in milliseconds: 10 minutes.
pub(crate) const LASTS: i64 = 600_000;
/// How long a login may lack its cookie, in milliseconds: 1 minute.
const ENDS: i64 = 60_000;

/// A login that only lacks its cookie.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LoggedIn {
    /// The person who has logged in.
    pub(crate) person: Person,
    /// Hash of the secret of the browser in which the login began.
    state: String,
    /// Where to go: a path of this service.
    pub(crate) then: String,
}

/// A login that has begun.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// The secret that the code is bound to.
    verifier: String,
    /// The secret that the identity token must repeat.
    nonce: String,
    /// Where to go afterwards: a path of this service.
    pub(crate) then: String,
}

impl Begun {
    /// Takes a login that has begun.
    pub(crate) async fn take(
        passes: &dyn Passes,
        state: &str,
        now: i64,
    ) -> Result<Option<Begun>, StoreError> {
        passes::take(passes, (Kind::Login, state), now).await
    }

    /// Keeps a person until the browser in which the login began asks for its cookie from a page of
    /// this site.
    pub(crate) async fn finish(
        self,
        passes: &dyn Passes,
        once: &str,
        (person, state): (Person, &str),
        now: i64,
    ) -> Result<(), StoreError> {
        let done = LoggedIn { person, state: sha256(state.as_bytes()), then: self.then };
        let owner = &done.person.name;
        passes::keep(passes, (Kind::Done, once), owner, &done, (now + ENDS, now)).await
    }
}

impl LoggedIn {
    /// The person who has logged in with this browser, and where to go.
    pub(crate) async fn take(
        passes: &dyn Passes,
        (once, state): (&str, &str),
        now: i64,
    ) -> Result<Option<LoggedIn>, StoreError> {
        let done: Option<LoggedIn> = passes::take(passes, (Kind::Done, once), now).await?;
        Ok(done.filter(|done| done.state == sha256(state.as_bytes())))
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
        passes: &dyn Passes,
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
        let begun = Begun { verifier, nonce, then };
        let kept = passes::keep(passes, (Kind::Login, state), "", &begun, (now + LASTS, now)).await;
        kept.map_err(|error| error.to_string())?;
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
