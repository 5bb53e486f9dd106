//! `list`: all engagements of a home.

use cloudcrew_definition::shown::row;
use cloudcrew_local::store::Store;
use cloudcrew_ports::journal::Journal;
use cloudcrew_runtime::engagement::open;

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{note, say};
use crate::output::{List, Project, VERSION, pretty};
use crate::show::silence;

pub async fn list(args: &Args, format: Format) -> Result<Exit, Failure> {
    let store = Store::open_existing(&home::path(args)?)?;
    let listings = match &store {
        Some(store) => {
            store.list().await?.into_iter().map(|listing| (store.clone(), listing)).collect()
        }
        None => Vec::new(),
    };
    if format == Format::Human && listings.is_empty() {
        note!("no engagements yet; start one with `cloudcrew run`");
    }
    let (mut projects, mut broken) = (Vec::new(), Exit::Done);
    for (store, listing) in listings {
        let engagement = match open(&store, &store, &listing.engagement).await {
            Ok(mut engagement) => {
                home::settle(&store, &mut engagement).await?;
                engagement
            }
            Err(error) => {
                note!("{}: {error}", listing.engagement);
                broken = Exit::World;
                continue;
            }
        };
        let state = &engagement.state;
        let waits: Vec<&str> = state.open_requests().map(|r| r.id.as_str()).collect();
        let lease = store
            .lease(&listing.engagement)
            .await?
            .filter(|(_, alive)| *alive)
            .map(|(l, _)| l.holder.name);
        if format == Format::Human {
            let blocked = state.parked.as_ref().filter(|parked| parked.blocked);
            let what = match (&state.end, waits.is_empty(), &lease) {
                (Some(end), _, _) => row(&end.text).into_owned(),
                (None, true, None) if blocked.is_some() => {
                    let reason = blocked.map(|parked| row(&parked.reason)).unwrap_or_default();
                    format!(
                        "waits: {reason}; mend that, then `cloudcrew resume {}`",
                        listing.engagement
                    )
                }
                (None, false, _) => {
                    let until = state
                        .open_requests()
                        .find_map(silence)
                        .map_or(String::new(), |until| format!(", {until}"));
                    format!("waits for {}{until}", waits.join(", "))
                }
                (None, true, Some(holder)) => format!("driven by {holder}"),
                (None, true, None)
                    if state.gate_request().is_some_and(|request| request.expired) =>
                {
                    format!(
                        "expired before it was decided; `cloudcrew resume {}` ends it",
                        listing.engagement
                    )
                }
                (None, true, None) => {
                    format!("rests; go on with `cloudcrew resume {}`", listing.engagement)
                }
            };
            say!("{:24} {:20} {what}", listing.engagement, state.at);
        }
        projects.push(Project {
            created: listing.created,
            state: state.at.clone(),
            workflow: state.started.workflow.clone(),
            blocked: state
                .parked
                .as_ref()
                .filter(|parked| parked.blocked)
                .map(|parked| parked.reason.clone()),
            until: state.open_requests().filter_map(|request| request.expires).min(),
            waiting: waits.into_iter().map(str::to_owned).collect(),
            driver: lease,
            end: state.end.clone(),
            events: listing.head.seq,
            project: listing.engagement,
        });
    }
    if format == Format::Json {
        say!("{}", pretty(&List { version: VERSION, projects }));
    }
    Ok(broken)
}
