//! The pass port in memory: passes end with the process, and people log in again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::pass::{Pass, Passes as Port};

/// Maximum number of passes of one owner.
const EACH: usize = 100;
/// Maximum number of passes; the oldest ends when another is kept.
const MOST: usize = 10_000;

/// The passes of this process.
#[derive(Debug, Default)]
pub struct Passes(Mutex<HashMap<String, Pass>>);

impl Passes {
    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<String, Pass>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Port for Passes {
    async fn keep(&self, pass: &Pass, now: i64) -> Result<(), StoreError> {
        let mut all = self.all();
        if all.len() >= MOST {
            all.retain(|_, there| there.until > now);
        }
        // Whoever opens many must not end those of other people.
        let of_owner = |there: &&Pass| !pass.owner.is_empty() && there.owner == pass.owner;
        let has_many = all.values().filter(of_owner).count() >= EACH;
        if has_many || all.len() >= MOST {
            let those = all.values().filter(|there| !has_many || of_owner(there));
            let oldest = those.min_by_key(|there| there.until).map(|there| there.key.clone());
            oldest.into_iter().for_each(|key| drop(all.remove(&key)));
        }
        all.insert(pass.key.clone(), pass.clone());
        Ok(())
    }

    async fn find(&self, key: &str, now: i64) -> Result<Option<String>, StoreError> {
        let all = self.all();
        Ok(all.get(key).filter(|pass| pass.until > now).map(|pass| pass.value.clone()))
    }

    async fn take(&self, key: &str, now: i64) -> Result<Option<String>, StoreError> {
        let pass = self.all().remove(key).filter(|pass| pass.until > now);
        Ok(pass.map(|pass| pass.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_opens_many_ends_only_their_own() {
        let passes = Passes::default();
        let pass = |owner: &str, n: i64| Pass {
            key: format!("{owner}-{n}"),
            owner: owner.to_owned(),
            value: String::new(),
            until: 1_000 + n,
        };
        passes.keep(&pass("bea", 0), 0).await.expect("it is kept");
        for n in 0..=100 {
            passes.keep(&pass("ada", n), 0).await.expect("it is kept");
        }
        let there = async |key: &str| passes.find(key, 0).await.expect("a store").is_some();
        assert!(!there("ada-0").await && there("ada-1").await && there("ada-100").await);
        assert!(there("bea-0").await);
    }
}
