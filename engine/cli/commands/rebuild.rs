//! `doctor --rebuild`: rebuilds the data derived from the journals.

use cloudcrew_ports::index::{Index, Which};
use cloudcrew_ports::memory::{Memory, Space};
use cloudcrew_ports::metrics::Metrics;
use cloudcrew_runtime::engagement::Engagement;
use cloudcrew_runtime::engagement::memory::{space, sync};
use cloudcrew_runtime::metrics::{Figures, counts, rebuild_months};

use crate::args::Args;
use crate::exit::Failure;
use crate::home;
use crate::out::{note, say};
use crate::wiring::store::Store;
use crate::words::counted;

pub async fn rebuild(args: &Args) -> Result<(), Failure> {
    let store = home::existing(&home::path(args)?)?;
    let mut readable = Vec::new();
    let listings = Index::list(&store, Which::All).await?;
    for listing in &listings {
        match home::opened(&store, &listing.engagement).await {
            Ok(_) => readable.push(&listing.engagement),
            Err(error) => note!("{}: {error}", listing.engagement),
        }
    }
    if readable.len() < listings.len() {
        let broken = listings.len() - readable.len();
        return Err(Failure::world(format!(
            "{} cannot be read, so nothing was rebuilt; run `cloudcrew doctor` for what is wrong",
            counted(broken, "journal")
        )));
    }
    Memory::forget_all(&store).await?;
    Metrics::forget_all(&store).await?;
    for project in readable {
        derive(&store, &home::opened(&store, project).await?).await?;
    }
    rebuild_months(&store).await?;
    say!("ok   rebuilt from {}", counted(listings.len(), "journal"));
    Ok(())
}

/// Writes what is derived from a journal.
async fn derive(store: &Store, engagement: &Engagement) -> Result<(), Failure> {
    sync(store, engagement).await?;
    if counts(engagement) && engagement.state.end.is_some() {
        Figures::of(engagement, None)?.put(store).await?;
    }
    let memories = &engagement.state.memories;
    let foreign = memories.shown().filter(|id| memories.record(id).is_none());
    let ids: Vec<String> = foreign.map(str::to_owned).collect();
    let own = space(&engagement.state.started);
    store.shown(&own, &ids, &engagement.project).await?;
    store.shown(&Space::published(own.rehearsal), &ids, &engagement.project).await?;
    Ok(())
}
