//! The keys of an identity provider, kept and read again when one is missing, but not often.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jsonwebtoken::DecodingKey;
use serde::Deserialize;

/// How long to wait before the keys are read again for a key that was missing, in milliseconds.
const PAUSE: i64 = 30_000;
/// How long the keys are kept, in milliseconds.
const KEPT: i64 = 6 * 3600 * 1000;
/// Maximum number of keys.
const MOST: usize = 64;

/// The keys by their id.
#[derive(Default)]
pub(super) struct Keys(Mutex<Cache>);

#[derive(Default)]
struct Cache {
    keys: HashMap<String, DecodingKey>,
    /// When they were read last, and when that was tried last.
    read: Option<i64>,
    tried: Option<i64>,
}

/// A set of keys, as providers publish it.
#[derive(Deserialize)]
struct Published {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: String,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

impl Keys {
    /// A key by its id. Whoever makes up an id causes at most one request in half a minute.
    pub(super) async fn find(
        &self,
        id: &str,
        now: i64,
        fetch: impl Future<Output = Result<Vec<u8>, String>>,
    ) -> Option<DecodingKey> {
        {
            let mut cache = self.lock();
            let known = cache.keys.get(id).cloned();
            let is_old = cache.read.is_none_or(|at| now - at >= KEPT);
            let rests = cache.tried.is_some_and(|at| (0..PAUSE).contains(&(now - at)));
            if (known.is_some() && !is_old) || rests {
                return known;
            }
            // Others go on with what is known while this request reads.
            cache.tried = Some(now);
        }
        let read = fetch.await.ok().and_then(|bytes| published(&bytes));
        let mut cache = self.lock();
        // What was read before stays valid while the provider cannot be reached.
        if let Some(keys) = read {
            (cache.keys, cache.read) = (keys, Some(now));
        }
        cache.keys.get(id).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys that sign with RS256.
fn published(bytes: &[u8]) -> Option<HashMap<String, DecodingKey>> {
    let set: Published = serde_json::from_slice(bytes).ok()?;
    let signs = |key: &Key| {
        key.kty == "RSA"
            && !key.kid.is_empty()
            && key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && key.alg.as_deref().is_none_or(|alg| alg == "RS256")
    };
    let keys = set.keys.into_iter().filter(signs).take(MOST);
    let keys = keys
        .filter_map(|key| Some((key.kid, DecodingKey::from_rsa_components(&key.n, &key.e).ok()?)));
    Some(keys.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn unknown_ids_cause_one_request_in_half_a_minute() {
        let (keys, asked) = (Keys::default(), AtomicU32::new(0));
        let published = r#"{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"},
            {"kty":"oct","kid":"b","k":"c2VjcmV0"},{"kty":"RSA","kid":"c","alg":"HS256"}]}"#;
        let fetch = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(published.as_bytes().to_vec())
        };
        assert!(keys.find("a", 0, fetch()).await.is_some());
        for (id, now) in [("b", 1), ("c", 2), ("a", 3), ("x", 29_999)] {
            assert_eq!(keys.find(id, now, fetch()).await.is_some(), id == "a", "{id}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        assert!(keys.find("x", 30_000, fetch()).await.is_none());
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        let down = async { Err("it is down".to_owned()) };
        assert!(keys.find("a", 30_000 + KEPT, down).await.is_some(), "a known key stays");
    }
}
