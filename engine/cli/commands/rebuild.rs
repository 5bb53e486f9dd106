//! `doctor --rebuild`: makes what follows from the journals again.

use cloudcrew_ports::index::{Index, Which};
use cloudcrew_ports::memory::{Memory, Space};
use cloudcrew_ports::metrics::Metrics;
use cloudcrew_runtime::engagement::memory::{space, sync};
use cloudcrew_runtime::metrics::{counts, whole};

use crate::args::Args;
use crate::exit::Failure;
use crate::home;
use crate::out::say;
use crate::words::counted;

pub async fn rebuild(args: &Args) -> Result<(), Failure> {
    let store = home::existing(&home::path(args)?)?;
    Memory::forget_all(&store).await?;
    Metrics::forget_all(&store).await?;
    let listings = Index::list(&store, Which::All).await?;
    for listing in &listings {
        let engagement = home::opened(&store, &listing.engagement).await?;
        sync(&store, &engagement).await?;
        if counts(&engagement) && engagement.state.end.is_some() {
            whole(&store, &engagement, None).await?;
        }
        let memories = &engagement.state.memories;
        let foreign = memories.shown().filter(|id| memories.record(id).is_none());
        let ids: Vec<String> = foreign.map(str::to_owned).collect();
        let own = space(&engagement.state.started);
        store.shown(&own, &ids, &engagement.project).await?;
        store.shown(&Space::published(own.rehearsal), &ids, &engagement.project).await?;
    }
    say!("ok   rebuilt from {}", counted(listings.len(), "journal"));
    Ok(())
}
