//! Driving an engagement to its next wait, with somebody looking on.

use std::sync::Arc;

use cloudcrew_local::holder;
use cloudcrew_local::store::Store;
use cloudcrew_runtime::engagement::{Driver, EndReason, Options, Rest, open};

use crate::args::Format;
use crate::exit::{Exit, Failure};
use crate::out::{note, put};
use crate::show::waits;
use crate::summary::summary;
use crate::view::View;
use crate::wiring;

pub async fn drive(store: &Store, project: &str, approve_all: bool, format: Format) -> Result<Exit, Failure> {
    let engagement = open(store, store, project).await?;
    let view = Arc::new(View::new(format));
    let ports = wiring::ports(store, &engagement, view.clone())?;
    drop(engagement);
    let driver = Driver::acquire(ports, project, &holder::this_process(), Options { approve_all }).await?;
    let stop = view.clone();
    let signals = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.stop();
        }
    });
    let rest = driver.drive().await;
    signals.abort();
    view.finish();
    driver.release().await?;
    let rest = rest?;
    let text = driver.look(summary).await;
    let (exit, last) = outcome(project, &rest);
    if format == Format::Human {
        put!("{text}");
    }
    note!("{last}");
    Ok(exit)
}

fn outcome(project: &str, rest: &Rest) -> (Exit, String) {
    match rest {
        Rest::Ended(end) => {
            let exit = match end.kind {
                EndReason::Completed => Exit::Done,
                EndReason::Failed => Exit::Failed,
                EndReason::BudgetExhausted => Exit::Budget,
                EndReason::Expired => Exit::Expired,
                EndReason::Cancelled => Exit::Cancelled,
            };
            let key = if end.key.is_empty() || end.text.contains(&end.key) { String::new() } else { format!(" [{}]", end.key) };
            (exit, format!("{project}: {}{key}", end.text))
        }
        Rest::Waiting(requests) => {
            let lines: Vec<String> = requests.iter().map(|request| waits(project, request)).collect();
            (Exit::Waiting, lines.join("\n"))
        }
        Rest::Stopped => (Exit::Waiting, format!("{project} stopped between two steps; go on with `cloudcrew resume {project}`")),
    }
}
