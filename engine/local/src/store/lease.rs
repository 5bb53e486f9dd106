//! Who may drive an engagement. The row remains when the lease is released: its epoch only grows.

use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::journal::AppendError;
use cloudcrew_ports::lease::{Holder, Lease, LeaseError, Leases};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::fault::{Fault, Stop};
use super::{Store, now};
use crate::holder::is_running;

/// A lease that was not renewed for this long is free.
pub const LEASE_TTL: Duration = Duration::from_secs(15);

#[async_trait]
impl Leases for Store {
    async fn acquire(&self, engagement: &str, holder: &Holder) -> Result<Lease, LeaseError> {
        let (engagement, holder) = (engagement.to_owned(), holder.clone());
        self.write(move |connection| acquire(connection, &engagement, &holder)).await
    }

    async fn renew(&self, engagement: &str, lease: &Lease) -> Result<bool, StoreError> {
        let (engagement, epoch) = (engagement.to_owned(), lease.epoch);
        self.write(move |connection| renew(connection, &engagement, epoch)).await
    }

    async fn release(&self, engagement: &str, lease: &Lease) -> Result<(), StoreError> {
        let (engagement, epoch) = (engagement.to_owned(), lease.epoch);
        self.write(move |connection| release(connection, &engagement, epoch)).await
    }

    async fn lease(&self, engagement: &str) -> Result<Option<(Lease, bool)>, StoreError> {
        self.look(|connection| current(connection, engagement))
    }
}

/// A row: epoch, holder, time of the last renewal.
struct Held {
    epoch: u64,
    holder: Option<Holder>,
    renewed: i64,
}

impl Held {
    /// A clock set back by more than the time to live must not keep a lease forever.
    fn is_alive(&self) -> bool {
        let fresh = u128::from(now().abs_diff(self.renewed)) < LEASE_TTL.as_millis();
        fresh && self.holder.as_ref().is_some_and(|holder| is_running(holder) != Some(false))
    }
}

fn find(connection: &Connection, engagement: &str) -> Result<Option<Held>, Fault> {
    let mut select = connection
        .prepare_cached("SELECT epoch, holder, renewed FROM lease WHERE engagement = ?1")?;
    let row = select.query_row([engagement], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?, row.get(2)?))
    });
    let Some((epoch, holder, renewed)) = row.optional()? else { return Ok(None) };
    let holder = holder.map(|text| holder_of(engagement, &text)).transpose()?;
    Ok(Some(Held { epoch: epoch as u64, holder, renewed }))
}

fn holder_of(engagement: &str, text: &str) -> Result<Holder, Fault> {
    serde_json::from_str(text)
        .map_err(|e| Fault::Damaged(format!("cannot read the lease holder of `{engagement}`: {e}")))
}

/// The holder of a row, if it counts as alive.
pub(super) fn living(
    engagement: &str,
    holder: Option<String>,
    renewed: Option<i64>,
) -> Result<Option<Holder>, Fault> {
    let (Some(holder), Some(renewed)) = (holder, renewed) else { return Ok(None) };
    let held = Held { epoch: 0, holder: Some(holder_of(engagement, &holder)?), renewed };
    Ok(if held.is_alive() { held.holder } else { None })
}

fn acquire(
    connection: &Connection,
    engagement: &str,
    holder: &Holder,
) -> Result<Lease, Stop<LeaseError>> {
    let there = find(connection, engagement)?;
    let epoch = match there {
        None => 1,
        Some(held) if held.holder.as_ref() == Some(holder) => held.epoch,
        Some(held) if !held.is_alive() => held.epoch + 1,
        Some(Held { epoch, holder: None, .. }) => epoch + 1,
        Some(Held { holder: Some(holder), .. }) => {
            return Err(Stop::Refused(LeaseError::Held {
                engagement: engagement.to_owned(),
                holder,
            }));
        }
    };
    let text = serde_json::to_string(holder)
        .map_err(|e| Fault::Unusable(format!("cannot serialize the holder: {e}")))?;
    let sql = "INSERT INTO lease (engagement, epoch, holder, renewed) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (engagement) DO UPDATE SET epoch = ?2, holder = ?3, renewed = ?4";
    connection.prepare_cached(sql)?.execute(params![engagement, epoch as i64, text, now()])?;
    Ok(Lease { epoch, holder: holder.clone() })
}

/// Rejects a driver whose epoch is not current.
pub(super) fn held(
    connection: &Connection,
    engagement: &str,
    epoch: u64,
) -> Result<(), Stop<AppendError>> {
    // This runs with every append; the holder is read only to report it.
    let sql = "SELECT 1 FROM lease WHERE engagement = ?1 AND epoch = ?2 AND holder IS NOT NULL";
    if connection.prepare_cached(sql)?.exists(params![engagement, epoch as i64])? {
        return Ok(());
    }
    let (holder, in_force) = match find(connection, engagement)? {
        Some(Held { epoch, holder, .. }) => (holder.map(|holder| holder.name), epoch),
        None => (None, 0),
    };
    Err(Stop::Refused(AppendError::LeaseLost {
        holder: holder.unwrap_or_else(|| "nobody".to_owned()),
        epoch: in_force,
    }))
}

fn renew(connection: &Connection, engagement: &str, epoch: u64) -> Result<bool, Stop<StoreError>> {
    let sql =
        "UPDATE lease SET renewed = ?3 WHERE engagement = ?1 AND epoch = ?2 AND holder IS NOT NULL";
    Ok(connection.prepare_cached(sql)?.execute(params![engagement, epoch as i64, now()])? == 1)
}

fn release(connection: &Connection, engagement: &str, epoch: u64) -> Result<(), Stop<StoreError>> {
    let sql = "UPDATE lease SET holder = NULL WHERE engagement = ?1 AND epoch = ?2";
    connection.prepare_cached(sql)?.execute(params![engagement, epoch as i64])?;
    Ok(())
}

fn current(
    connection: &Connection,
    engagement: &str,
) -> Result<Option<(Lease, bool)>, Stop<StoreError>> {
    let Some(held) = find(connection, engagement)? else { return Ok(None) };
    let alive = held.is_alive();
    Ok(held.holder.map(|holder| (Lease { epoch: held.epoch, holder }, alive)))
}
