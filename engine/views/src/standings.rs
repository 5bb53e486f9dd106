//! Summaries of all engagements of a home, read from the index alone where possible.

use cloudcrew_ports::StoreError;
use cloudcrew_ports::index::{Index, Listing, Which};
use cloudcrew_runtime::engagement::{Engagement, EngagementError, Record, Standing, open};

/// An engagement in the index, with its summary.
#[derive(Debug)]
pub struct Found {
    /// Its line in the index.
    pub listing: Listing,
    /// Its summary, or why it cannot be read.
    pub standing: Result<Standing, EngagementError>,
}

/// Reads the summaries of engagements. A journal is read only when something is due at `now`, when
/// its row is partial, or when an older version wrote it. `settle` is called for each engagement
/// whose journal is read.
///
/// # Errors
/// When the index cannot be read, or `settle` fails.
pub async fn standings<E: From<StoreError>>(
    record: Record<'_>,
    index: &dyn Index,
    which: Which,
    now: i64,
    settle: impl AsyncFnMut(&mut Engagement) -> Result<(), E>,
) -> Result<Vec<Found>, E> {
    of(record, index, index.list(which).await?, now, settle).await
}

/// Reads the summaries of these engagements, as [`standings`] does.
///
/// # Errors
/// When the index cannot be written, or `settle` fails.
pub async fn of<E: From<StoreError>>(
    record: Record<'_>,
    index: &dyn Index,
    listings: Vec<Listing>,
    now: i64,
    mut settle: impl AsyncFnMut(&mut Engagement) -> Result<(), E>,
) -> Result<Vec<Found>, E> {
    let mut found = Vec::new();
    for mut listing in listings {
        let row = listing.row.as_ref();
        let due = row.is_some_and(|row| row.due.is_some_and(|due| due <= now));
        let known = row.filter(|_| !due).and_then(Standing::read);
        let standing = match known {
            Some(standing) => Ok(standing),
            None => match open(record, &listing.engagement).await {
                Err(error) => Err(error),
                Ok(mut engagement) => {
                    settle(&mut engagement).await?;
                    let standing = Standing::of(&engagement.state);
                    listing.head = engagement.head.clone();
                    if row.is_none() {
                        // If the home cannot be written, the journal is read again next time.
                        let row = standing.row();
                        let _ = index.fill(&listing.engagement, &listing.head, row).await;
                    }
                    Ok(standing)
                }
            },
        };
        found.push(Found { listing, standing });
    }
    Ok(found)
}
