//! Drives an engagement until it waits or ends, and shows its progress.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::wiring::holder;
use crate::wiring::store::Store;
use cloudcrew_definition::shown::row;
use cloudcrew_runtime::engagement::{Driver, EndReason, Engagement, Options, RequestKind, Rest};

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::models::served;
use crate::out::{note, put};
use crate::shell::pasted;
use crate::show::{behind, fixes, unpushed, waits};
use crate::signals::Signals;
use crate::summary::summary;
use crate::view::View;
use crate::{home, wiring, workspace};

pub async fn drive(
    args: &Args,
    store: &Store,
    mut engagement: Engagement,
    approve_all: bool,
    format: Format,
) -> Result<Exit, Failure> {
    let project = &engagement.project.clone();
    let root = workspace::find(args).ok();
    let rerouted = root.map(|root| workspace::rerouted(&root, &engagement)).unwrap_or_default();
    for model in &rerouted {
        let route = model.live.clone().map(|live| (live, model.price));
        engagement.state.routes.extend(route.map(|route| (model.name.clone(), route)));
        note!("{project}: calling {} as configured in agents.yaml: {}", model.name, served(model));
    }
    let view = Arc::new(View::new(format));
    view.open(&engagement.state);
    let ports = wiring::ports(store, &engagement, view.clone()).await?;
    let holder = holder::this_process();
    let driver = Driver::acquire(
        ports,
        engagement,
        &holder,
        Options { approve_all, lingers: true, ..Options::default() },
    )
    .await?;
    driver.reroute(rerouted).await?;
    let stop = view.clone();
    let mut signals = Signals::new()?;
    let rest = tokio::select! {
        rest = driver.drive() => rest,
        () = async {
            signals.next().await;
            stop.aside(&format!("{project}: stopping after this step; repeat to stop immediately"));
            stop.stop();
            signals.next().await;
        } => Ok(Rest::Stopped),
        never = ticks(&view) => match never {},
    };
    view.finish();
    let released = driver.release().await;
    let rest = rest?;
    released?;
    let ended = driver.engagement().await;
    let there = home::delivered(store, &ended).await;
    let text = summary(&ended, &home::repo_path(store, &ended), &there);
    let moved = home::moved_on(store, &ended);
    let (unpushed, fixes) = (unpushed(&ended), fixes(&ended));
    drop(ended);
    let (exit, mut last) = outcome(project, &rest);
    if matches!(rest, Rest::Blocked(_)) {
        last = format!("{last}\n{}", fixes.trim_end());
    }
    if format == Format::Human {
        put!("{text}");
    }
    let at_gate = matches!(&rest,
        Rest::Waiting(requests) if requests.iter().any(|r| matches!(r.kind,
            RequestKind::Approval { .. })));
    if let Some(moved) = moved.filter(|_| at_gate) {
        note!("{project}: {}", behind(&moved));
    }
    if let Some(unpushed) = unpushed.filter(|_| at_gate) {
        note!("{project}: {unpushed}");
    }
    note!("{last}");
    Ok(exit)
}

/// Updates the view every second.
async fn ticks(view: &View) -> Infallible {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        view.tick();
    }
}

/// The exit code of an engagement that rests, and what to say about it.
pub fn outcome(project: &str, rest: &Rest) -> (Exit, String) {
    let resume = pasted(&format!("resume {project}"));
    match rest {
        Rest::Ended(end) => {
            let exit = match end.kind {
                EndReason::Completed => Exit::Done,
                EndReason::Failed => Exit::Failed,
                EndReason::BudgetExhausted => Exit::Budget,
                EndReason::Expired => Exit::Expired,
                EndReason::Cancelled => Exit::Cancelled,
            };
            let key = if end.key.is_empty() || end.text.contains(&end.key) {
                String::new()
            } else {
                format!(" [{}]", end.key)
            };
            let again = match exit {
                Exit::Failed | Exit::Budget | Exit::Expired => {
                    format!("\n    retry:    {}", pasted(&format!("retry {project}")))
                }
                _ => String::new(),
            };
            (exit, format!("{project}: {}{key}{again}", end.text))
        }
        Rest::Waiting(requests) => {
            let lines: Vec<String> =
                requests.iter().map(|request| waits(project, request)).collect();
            (Exit::Waiting, lines.join("\n"))
        }
        Rest::Blocked(reason) => (Exit::Waiting, format!("{project} is waiting: {}", row(reason))),
        Rest::Stopped | Rest::Left | Rest::Away => {
            (Exit::Waiting, format!("{project} stopped\n    continue:  {resume}"))
        }
    }
}
