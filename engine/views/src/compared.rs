//! Gathers two versions of the files of a request, for the service and the command line.

use cloudcrew_ports::StoreError;
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::{Decision, Engagement, Request};

use crate::api::Versions;

/// Maximum number of files to compare.
pub const MOST: usize = 300;
/// Maximum bytes of a file to compare.
const MOST_OF_A_FILE: usize = 1024 * 1024;
/// Bytes of all files after which no more are compared.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Placeholder for content too large to compare: bytes that are not valid text.
const TOO_LARGE: &[u8] = &[0xff];

/// Whether a request was approved.
pub fn is_approved(request: &Request) -> bool {
    let answer = request.answer.as_ref();
    answer.is_some_and(|answer| matches!(answer.decision, Decision::Approve { .. }))
}

/// A file, and the object ids of two versions of it.
pub type Pair = (String, Option<String>, Option<String>);

/// The files that a request covers, each with the version in the last of the `earlier` requests
/// that covers it, or before the engagement; then those that its phase no longer hands over.
///
/// # Errors
/// When the repository cannot be read.
pub async fn pairs(
    e: &Engagement,
    repo: &dyn Repo,
    request: &Request,
    earlier: &[&Request],
) -> Result<Vec<Pair>, StoreError> {
    let last = earlier.iter().rev().find(|one| one.phase == request.phase);
    let mut pairs = Vec::new();
    for (path, oid) in request.subject.iter().take(MOST) {
        let before = before(e, repo, earlier, path).await?;
        pairs.push((path.clone(), before, Some(oid.clone())));
    }
    for (path, oid) in last.map(|one| &one.subject).into_iter().flatten().take(MOST) {
        if !request.subject.iter().any(|(there, _)| there == path) {
            pairs.push((path.clone(), Some(oid.clone()), None));
        }
    }
    Ok(pairs)
}

/// Object id of the version of a file in the last of these requests, or that the customer had.
async fn before(
    e: &Engagement,
    repo: &dyn Repo,
    earlier: &[&Request],
    path: &str,
) -> Result<Option<String>, StoreError> {
    let subjects = earlier.iter().rev().flat_map(|one| &one.subject);
    let mut versions = subjects.filter(|(there, _)| there == path);
    if let Some((_, oid)) = versions.next() {
        return Ok(Some(oid.clone()));
    }
    let Some(base) = &e.state.started.base else { return Ok(None) };
    Ok(repo.find(&base.commit, path).await?.map(|found| found.oid))
}

/// Reads both versions of files. The second result says whether some were too many to read; those
/// count as too large to compare.
///
/// # Errors
/// When the repository cannot be read.
pub async fn contents(
    repo: &dyn Repo,
    pairs: Vec<Pair>,
) -> Result<(Vec<Versions>, bool), StoreError> {
    let (mut files, mut left) = (Vec::new(), MOST_BYTES);
    for (path, old, new) in pairs {
        let old = version(repo, old, &mut left).await?;
        let new = version(repo, new, &mut left).await?;
        files.push(Versions { path, old, new });
    }
    Ok((files, left == 0))
}

/// A version with its content, or with bytes that are no text when it is too large to compare.
async fn version(
    repo: &dyn Repo,
    oid: Option<String>,
    left: &mut usize,
) -> Result<Option<(String, Vec<u8>)>, StoreError> {
    let Some(oid) = oid else { return Ok(None) };
    let bytes = match *left {
        0 => TOO_LARGE.to_vec(),
        _ => repo.blob(&oid).await?,
    };
    *left = left.saturating_sub(bytes.len());
    let bytes = if bytes.len() > MOST_OF_A_FILE { TOO_LARGE.to_vec() } else { bytes };
    Ok(Some((oid, bytes)))
}
