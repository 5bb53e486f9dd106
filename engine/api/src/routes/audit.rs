//! The journal as it is stored, so that anyone can verify its chain of hashes.

use axum::Json;
use axum::extract::State;
use cloudcrew_ports::journal::Head;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refusals::OfReader;
use crate::access::{Opened, Read};
use crate::app::App;
use crate::body::Asked;
use crate::problem::{Kind, Problem};

/// Maximum entries of a page.
const MOST: usize = 500;

/// Where to start.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct After {
    /// Only entries after this number.
    #[param(maximum = 9_223_372_036_854_775_807_i64)]
    after: Option<u64>,
}

/// A page of the stored journal.
///
/// The hash of an entry is the SHA-256 over the hash of the entry before it (empty for the first),
/// `seq`, `at`, `kind` and `payload`, each as text behind its length in bytes as a big-endian
/// 64-bit number.
#[derive(Serialize, ToSchema)]
pub(crate) struct Audit {
    /// The entries, in order.
    entries: Vec<AuditEntry>,
    /// Hash of the entry before the first; empty at the beginning.
    before: String,
    /// Pass as `after` to read on.
    after: u64,
    /// Number of the last entry of the journal.
    as_of: u64,
    /// Hash of the last entry of the journal.
    head: String,
}

/// A stored entry.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its number, from 1, without gaps.
    seq: u64,
    /// When it was recorded, in milliseconds since 1970 UTC.
    at: i64,
    /// What happened.
    kind: String,
    /// Its JSON, byte for byte.
    payload: String,
    /// Hex SHA-256.
    hash: String,
}

/// The journal as it is stored, with its chain of hashes.
#[utoipa::path(get, path = "/projects/{id}/audit",
    operation_id = "read_audit", tag = "engagements",
    params(("id" = String, Path, description = "The engagement"), After),
    responses((status = 200, body = Audit), OfReader))]
pub(crate) async fn audit(
    State(app): State<App>,
    opened: Opened<Read>,
    Asked(After { after }): Asked<After>,
) -> Result<Json<Audit>, Problem> {
    let after = after.unwrap_or(0);
    if i64::try_from(after).is_err() {
        return Err(Problem::new(Kind::Malformed, "`after` is larger than any number"));
    }
    let Head { seq: as_of, hash: head } = opened.head.clone();
    let journal = &app.ports().journal;
    let at = journal.head_at(&opened.project, after.min(as_of)).await?.unwrap_or_default();
    let read = journal.read(&opened.project, &at, MOST).await?;
    let entries: Vec<AuditEntry> = read
        .into_iter()
        .take_while(|entry| entry.seq <= as_of)
        .map(|entry| AuditEntry {
            seq: entry.seq,
            at: entry.at,
            kind: entry.kind,
            payload: entry.payload.to_string(),
            hash: entry.hash,
        })
        .collect();
    let after = entries.last().map_or(at.seq, |entry| entry.seq);
    Ok(Json(Audit { entries, before: at.hash, after, as_of, head }))
}
