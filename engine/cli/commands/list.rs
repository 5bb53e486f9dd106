//! `list`: all engagements of a home.

use cloudcrew_local::store::Store;
use cloudcrew_runtime::engagement::open;
use cloudcrew_runtime::ports::journal::Journal;
use serde_json::json;

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{note, say};

pub async fn list(args: &Args, format: Format) -> Result<Exit, Failure> {
    let Some(store) = Store::open_existing(&home::path(args)?)? else {
        if format == Format::Json {
            say!("{}", json!({ "version": 1, "projects": [] }));
        } else {
            note!("no engagements yet; start one with `cloudcrew run`");
        }
        return Ok(Exit::Done);
    };
    let mut projects = Vec::new();
    for listing in store.list().await? {
        let engagement = open(&store, &store, &listing.engagement).await?;
        let state = &engagement.state;
        let waits: Vec<&str> = state.open_requests().map(|r| r.id.as_str()).collect();
        let lease = store.lease(&listing.engagement).await?.filter(|(_, alive)| *alive).map(|(l, _)| l.holder.name);
        if format == Format::Human {
            let what = match (&state.end, waits.is_empty(), &lease) {
                (Some(end), _, _) => end.text.clone(),
                (None, false, _) => format!("waits for {}", waits.join(", ")),
                (None, true, Some(holder)) => format!("driven by {holder}"),
                (None, true, None) => format!("rests; go on with `cloudcrew resume {}`", listing.engagement),
            };
            say!("{:24} {:20} {what}", listing.engagement, state.at);
        }
        projects.push(json!({
            "project": listing.engagement, "created": listing.created, "state": state.at, "workflow": state.started.workflow,
            "waiting": waits, "driver": lease, "end": state.end, "events": listing.head.seq,
        }));
    }
    if format == Format::Json {
        say!("{:#}", json!({ "version": 1, "projects": projects }));
    }
    Ok(Exit::Done)
}
