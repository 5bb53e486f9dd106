//! Passes with typed content, by the secret that opens them.

use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::pass::{Pass, Passes};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Kinds of passes. A secret of one kind is not valid for another.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A session of a browser.
    Session,
    /// A WebSocket.
    Ticket,
    /// A login that has begun.
    Login,
    /// A finished login whose cookie has not been set yet.
    Done,
}

impl Kind {
    fn key(self, secret: &str) -> String {
        sha256(format!("{self:?}\0{secret}").as_bytes())
    }
}

/// Keeps a value for a secret until a time; `owner` is empty before anyone is known.
pub(crate) async fn keep<T: Serialize + Sync>(
    passes: &dyn Passes,
    (kind, secret): (Kind, &str),
    owner: &str,
    value: &T,
    (until, now): (i64, i64),
) -> Result<(), StoreError> {
    let (key, owner) = (kind.key(secret), owner.to_owned());
    let value = serde_json::to_string(value).unwrap_or_default();
    passes.keep(&Pass { key, owner, value, until }, now).await
}

/// What a secret opens.
pub(crate) async fn find<T: DeserializeOwned>(
    passes: &dyn Passes,
    (kind, secret): (Kind, &str),
    now: i64,
) -> Result<Option<T>, StoreError> {
    let found = passes.find(&kind.key(secret), now).await?;
    // A value from an incompatible version is ignored.
    Ok(found.and_then(|value| serde_json::from_str(&value).ok()))
}

/// What a secret opens, once.
pub(crate) async fn take<T: DeserializeOwned>(
    passes: &dyn Passes,
    (kind, secret): (Kind, &str),
    now: i64,
) -> Result<Option<T>, StoreError> {
    let taken = passes.take(&kind.key(secret), now).await?;
    Ok(taken.and_then(|value| serde_json::from_str(&value).ok()))
}
