//! Sessions of browsers: a cookie in place of a token.

use axum::http::{HeaderMap, header};
use cloudcrew_ports::StoreError;
use cloudcrew_ports::pass::Passes;

use crate::passes::{self, Kind};
use crate::people::Person;

/// Name of the cookie.
const COOKIE: &str = "cloudcrew_session";
/// How long a session lasts, in milliseconds: 12 hours.
const LASTS: i64 = 12 * 3600 * 1000;
/// How long one lasts for a person of an identity provider, whose groups may change: 1 hour.
const VOUCHED: i64 = 3600 * 1000;

/// Begins a session; returns the header that sets its cookie. Pages of other sites cannot send it,
/// and scripts cannot read it.
pub(crate) async fn begin(
    passes: &dyn Passes,
    person: &Person,
    secret: &str,
    now: i64,
) -> Result<String, StoreError> {
    let lasts = if person.vouched { VOUCHED } else { LASTS };
    let times = (now + lasts, now);
    passes::keep(passes, (Kind::Session, secret), &person.name, person, times).await?;
    let seconds = lasts / 1000;
    Ok(format!("{COOKIE}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}"))
}

/// The person of the session whose cookie the request carries.
pub(crate) async fn of(
    passes: &dyn Passes,
    headers: &HeaderMap,
    now: i64,
) -> Result<Option<Person>, StoreError> {
    let Some(secret) = cookie(headers, COOKIE) else { return Ok(None) };
    passes::find(passes, (Kind::Session, secret), now).await
}

/// Ends a session; returns the header that removes its cookie.
pub(crate) async fn end(
    passes: &dyn Passes,
    headers: &HeaderMap,
    now: i64,
) -> Result<String, StoreError> {
    if let Some(secret) = cookie(headers, COOKIE) {
        passes::take::<Person>(passes, (Kind::Session, secret), now).await?;
    }
    Ok(format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"))
}

/// A cookie by its name.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .find_map(|one| one.trim().strip_prefix(name)?.strip_prefix('='))
        .filter(|secret| !secret.is_empty())
}
