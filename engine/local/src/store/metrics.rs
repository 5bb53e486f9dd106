//! The metrics port.

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::metrics::{Item, Metrics};
use rusqlite::params;

use super::Store;
use super::fault::Stop;

#[async_trait]
impl Metrics for Store {
    async fn put(&self, items: &[Item]) -> Result<(), StoreError> {
        if items.is_empty() {
            return Ok(());
        }
        let items = items.to_vec();
        self.write(move |connection| {
            let sql = "INSERT INTO metric (key, sort, as_of, body) VALUES (?1, ?2, ?3, ?4) \
                       ON CONFLICT (key, sort) DO UPDATE SET as_of = excluded.as_of, \
                       body = excluded.body WHERE excluded.as_of >= metric.as_of";
            let mut insert = connection.prepare_cached(sql)?;
            for Item { key, sort, body, as_of } in &items {
                insert.execute(params![key, sort, *as_of as i64, body])?;
            }
            Ok::<_, Stop<StoreError>>(())
        })
        .await
    }

    async fn between(
        &self,
        key: &str,
        from: &str,
        to: &str,
        most: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.look(|connection| {
            let sql = "SELECT key, sort, body, as_of FROM metric \
                       WHERE key = ?1 AND sort >= ?2 AND sort < ?3 ORDER BY sort LIMIT ?4";
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map(params![key, from, to, most], |row| {
                Ok(Item {
                    key: row.get(0)?,
                    sort: row.get(1)?,
                    body: row.get(2)?,
                    as_of: row.get::<_, i64>(3)? as u64,
                })
            })?;
            rows.map(|row| row.map_err(Stop::from)).collect()
        })
    }

    async fn forget_all(&self) -> Result<(), StoreError> {
        self.write(|connection| {
            connection.execute("DELETE FROM metric", [])?;
            Ok::<_, Stop<StoreError>>(())
        })
        .await
    }
}
