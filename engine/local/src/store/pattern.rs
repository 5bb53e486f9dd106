//! The library port.

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::memory::Space;
use cloudcrew_ports::pattern::{Card, PatternEvent, Patterns};
use rusqlite::params;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Store;
use super::fault::{Fault, Stop};

#[async_trait]
impl Patterns for Store {
    async fn offer(&self, space: &Space, card: &Card) -> Result<(), StoreError> {
        let (key, digest, card) = (space.key(), card.pattern.digest(), written(card)?);
        self.write(move |connection| {
            let sql = "INSERT OR IGNORE INTO pattern (space, digest, card) VALUES (?1, ?2, ?3)";
            connection.prepare_cached(sql)?.execute(params![key, digest, card])?;
            Ok::<_, Stop<StoreError>>(())
        })
        .await
    }

    async fn cards(&self, space: &Space) -> Result<Vec<Card>, StoreError> {
        self.look(|connection| {
            let sql = "SELECT card FROM pattern WHERE space = ?1 ORDER BY number";
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map([space.key()], |row| row.get::<_, String>(0))?;
            rows.map(|row| understood(&row?)).collect()
        })
    }

    async fn note(
        &self,
        space: &Space,
        digest: &str,
        id: &str,
        event: &PatternEvent,
    ) -> Result<(), StoreError> {
        let (key, digest, id) = (space.key(), digest.to_owned(), id.to_owned());
        let event = written(event)?;
        self.write(move |connection| {
            let sql = "INSERT OR IGNORE INTO pattern_event (space, digest, id, event) \
                       VALUES (?1, ?2, ?3, ?4)";
            connection.prepare_cached(sql)?.execute(params![key, digest, id, event])?;
            Ok::<_, Stop<StoreError>>(())
        })
        .await
    }

    async fn events(&self, space: &Space, digest: &str) -> Result<Vec<PatternEvent>, StoreError> {
        self.look(|connection| {
            let sql = "SELECT event FROM pattern_event WHERE space = ?1 AND digest = ?2 \
                       ORDER BY number";
            let mut select = connection.prepare_cached(sql)?;
            let rows =
                select.query_map(params![space.key(), digest], |row| row.get::<_, String>(0))?;
            rows.map(|row| understood(&row?)).collect()
        })
    }
}

fn written<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unusable {
        what: "the library of patterns".to_owned(),
        why: error.to_string(),
    })
}

fn understood<T: DeserializeOwned>(text: &str) -> Result<T, Stop<StoreError>> {
    serde_json::from_str(text)
        .map_err(|e| Fault::Damaged(format!("the library of patterns cannot be read: {e}")).into())
}
