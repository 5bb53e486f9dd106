//! `watch`: follow an engagement that another process is driving.

use std::time::Duration;

use cloudcrew_ports::journal::{Head, Journal};
use cloudcrew_ports::lease::Leases;
use cloudcrew_runtime::engagement::{Record, Rest, open};
use cloudcrew_runtime::watch::Watch;

use super::drive::outcome;
use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{note, say};
use crate::shell::pasted;
use crate::view::View;

/// How often to poll.
const EVERY: Duration = Duration::from_millis(200);

pub async fn watch(args: &Args, project: &str, format: Format) -> Result<Exit, Failure> {
    let (store, mut engagement) = home::engagement(args, project).await?;
    let view = View::new(format);
    if format == Format::Human {
        say!("{project} is at {}", engagement.state.at);
    }
    loop {
        for (entry, event) in engagement.catch_up(Record::of(&store)).await? {
            view.happened(entry.seq, entry.at, &event, &engagement);
        }
        let driven = store.lease(project).await?.is_some_and(|(_, alive)| alive);
        let head: Option<Head> = store.head(project).await?;
        if !driven && head.is_some_and(|h| h.seq == engagement.head.seq) {
            view.finish();
            engagement = open(Record::of(&store), project).await?;
            let waiting: Vec<_> = engagement.state.open_requests().cloned().collect();
            let rest = match &engagement.state.end {
                Some(end) => Rest::Ended(end.clone()),
                None if !waiting.is_empty() => Rest::Waiting(waiting),
                None => {
                    let resume = pasted(&format!("resume {project}"));
                    note!("{project}: no process is driving it\n    continue:  {resume}");
                    return Ok(Exit::Waiting);
                }
            };
            let (exit, words) = outcome(project, &rest);
            note!("{words}");
            return Ok(exit);
        }
        view.tick();
        tokio::time::sleep(EVERY).await;
    }
}
