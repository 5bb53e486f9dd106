//! What a token says.

use serde::Deserialize;

use crate::people::Person;

/// Maximum number of groups of a person.
const MOST_GROUPS: usize = 200;
/// Maximum bytes of a name.
const MAX_NAME: usize = 200;

/// The claims that matter.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    sub: String,
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    token_use: Option<String>,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    aud: Option<Audience>,
    #[serde(default)]
    at_hash: Option<String>,
    #[serde(default)]
    email: Option<String>,
    /// Cognito writes it as text.
    #[serde(default)]
    email_verified: Option<serde_json::Value>,
    #[serde(default)]
    pub(super) nonce: Option<String>,
    #[serde(default, rename = "cognito:groups")]
    cognito_groups: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Whether it was not issued in the future.
    pub(super) fn is_issued(&self, now: i64, skew: u64) -> bool {
        self.iat.is_none_or(|at| at <= (now / 1000) as f64 + skew as f64)
    }

    /// Whether it is an access token for this client. Cognito says what a token is for; without
    /// that, the client must be in its audience.
    pub(super) fn is_access_for(&self, client: &str, issuer: &str) -> bool {
        match self.token_use.as_deref() {
            Some(purpose) => purpose == "access" && self.client_id.as_deref() == Some(client),
            // An identity token is for the client too, and says more than an access token.
            None => {
                let is_identity = self.nonce.is_some() || self.at_hash.is_some();
                !is_cognito(issuer) && self.is_for(client) && !is_identity
            }
        }
    }

    /// Whether its audience is this client.
    pub(super) fn is_for(&self, client: &str) -> bool {
        match &self.aud {
            Some(Audience::One(one)) => one == client,
            Some(Audience::Several(several)) => several.iter().any(|one| one == client),
            None => false,
        }
    }

    /// The person's e-mail address, if the provider has verified it.
    pub(super) fn email(&self) -> Option<String> {
        let verified = self.email_verified.as_ref().is_some_and(|v| *v == true || *v == "true");
        self.email.clone().filter(|_| verified)
    }

    /// The person, known by the subject: people choose their user names, and may choose another's.
    pub(super) fn person(self, operators: Option<&str>) -> Option<Person> {
        let (email, name) = (self.email(), self.sub);
        let is_name = (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control);
        let mut groups = self.cognito_groups;
        groups.extend(self.groups);
        groups.truncate(MOST_GROUPS);
        let operates = operators.is_some_and(|operators| groups.iter().any(|g| g == operators));
        is_name.then_some(Person { name, groups, operates, by: None, vouched: true, email })
    }
}

/// Whether an issuer is a user pool of Amazon Cognito.
fn is_cognito(issuer: &str) -> bool {
    let host = issuer.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    host.is_some_and(|host| host.starts_with("cognito-idp.") && host.contains(".amazonaws.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> Claims {
        serde_json::from_str(text).expect("claims")
    }

    #[test]
    fn a_token_must_be_an_access_token_for_this_client() {
        let pool = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_x";
        let other = "https://login.example";
        let access = claims(r#"{"sub":"1","token_use":"access","client_id":"us"}"#);
        assert!(access.is_access_for("us", pool) && !access.is_access_for("them", pool));
        let id = claims(r#"{"sub":"1","token_use":"id","aud":"us"}"#);
        assert!(!id.is_access_for("us", pool) && !id.is_access_for("us", other));
        let standard = claims(r#"{"sub":"1","aud":["them","us"]}"#);
        assert!(standard.is_access_for("us", other) && !standard.is_access_for("us", pool));
        assert!(!claims(r#"{"sub":"1","client_id":"us"}"#).is_access_for("us", other));
        let identity = claims(r#"{"sub":"1","aud":"us","nonce":"n"}"#);
        assert!(!identity.is_access_for("us", other));
    }

    #[test]
    fn people_are_known_by_their_subject_and_not_by_a_name_that_they_choose() {
        let text = r#"{"sub":"s-1","username":"ada","groups":["finance"]}"#;
        let person = claims(text).person(Some("finance")).expect("a person");
        assert_eq!((person.name.as_str(), person.operates), ("s-1", true));
        let text = r#"{"sub":"s-1","username":"ada","token_use":"access","cognito:groups":["x"]}"#;
        let person = claims(text).person(Some("finance")).expect("a person");
        assert_eq!((person.name.as_str(), person.operates), ("s-1", false));
        assert!(claims(r#"{"sub":""}"#).person(None).is_none());
        assert!(claims(r#"{"sub":"a\nb"}"#).person(None).is_none());
    }
}
