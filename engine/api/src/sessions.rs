//! Sessions of browsers: a cookie in place of a token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use cloudcrew_definition::digest::sha256;

use crate::people::Person;

/// Name of the cookie.
const COOKIE: &str = "cloudcrew_session";
/// How long a session lasts, in milliseconds: 12 hours.
const LASTS: i64 = 12 * 3600 * 1000;
/// How long one lasts for a person of an identity provider, whose groups may change: 1 hour.
const VOUCHED: i64 = 3600 * 1000;
/// Maximum number of sessions of one person.
const EACH: usize = 100;
/// Maximum number of sessions; the oldest ends when another begins.
const MOST: usize = 10_000;

/// The sessions of this process, by the hash of their cookie.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, (Person, i64)>>);

impl Sessions {
    /// Begins a session; returns the header that sets its cookie. Pages of other sites cannot send
    /// it, and scripts cannot read it.
    pub(crate) fn begin(&self, person: Person, secret: &str, now: i64) -> String {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (_, until)| *until > now);
        let own = all.iter().filter(|(_, (there, _))| there.name == person.name).count();
        if all.len() >= MOST || own >= EACH {
            // Opening many sessions must not end those of other people.
            let mine = |there: &Person| own < EACH || there.name == person.name;
            let those = all.iter().filter(|(_, (there, _))| mine(there));
            let oldest = those.min_by_key(|(_, (_, until))| *until).map(|(key, _)| key.clone());
            oldest.into_iter().for_each(|key| drop(all.remove(&key)));
        }
        let lasts = if person.vouched { VOUCHED } else { LASTS };
        all.insert(sha256(secret.as_bytes()), (person, now + lasts));
        let seconds = lasts / 1000;
        format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}")
    }

    /// The person of the session whose cookie the request carries.
    pub(crate) fn of(&self, headers: &HeaderMap, now: i64) -> Option<Person> {
        let key = sha256(cookie(headers, COOKIE)?.as_bytes());
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&key).filter(|(_, until)| *until > now).map(|(person, _)| person.clone())
    }

    /// Ends a session; returns the header that removes its cookie.
    pub(crate) fn end(&self, headers: &HeaderMap) -> String {
        if let Some(secret) = cookie(headers, COOKIE) {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.remove(&sha256(secret.as_bytes()));
        }
        format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")
    }
}

/// A cookie by its name.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .find_map(|one| one.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|secret| !secret.is_empty())
}
