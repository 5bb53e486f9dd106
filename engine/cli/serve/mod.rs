//! `serve`: one process for many engagements.

mod allowed;
mod host;
mod identity;
pub mod log;
pub mod notify;
mod otlp;
mod people;
mod place;
mod starts;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cloudcrew_api::changes::Changes;
use cloudcrew_api::notices::Sender;
use cloudcrew_api::traces::Traces;
use cloudcrew_api::{App, AppPorts, Live};
use cloudcrew_ports::clock::Clock as _;

use tokio::task::JoinSet;

use crate::args::{Args, Serve};
use crate::exit::{Exit, Failure};
use crate::out::{note, say};
use crate::signals::Signals;
use crate::wiring::clock::SystemClock;
use crate::wiring::passes::Passes;
use crate::wiring::store::Store;
use crate::{home, workspace};

pub use allowed::Allowed;
use host::Host;
pub use identity::identity;
use otlp::Collector;
use place::Place;
pub use starts::{Definitions, Workspace};

/// How long open WebSockets may take to end after a stop.
const FAREWELL: Duration = Duration::from_secs(5);
/// How often to look for notifications to send.
const NOTIFY: Duration = Duration::from_secs(1);

pub async fn serve(args: &Args, serve: &Serve) -> Result<Exit, Failure> {
    log::start(serve.log, &serve.log_level)?;
    let (oidc, public) = identity(serve)?;
    let collector = serve.otlp.as_deref().map(Collector::new).transpose()?;
    if oidc.is_none() {
        local(serve.listen)?;
    }
    let root = workspace::find(args)?;
    workspace::definition(&root)?;
    let store = Store::open(&home::path(args)?)?;
    let allowed = Allowed::new(serve)?;
    let channels = match serve.notify.as_deref() {
        Some(file) => notify::channels(file).await?,
        None => Vec::new(),
    };
    let (people, printed) = people::people(serve.people.as_deref())?;
    let changes = Changes::default();
    let host = Host::new(store.clone(), root.clone(), changes.clone());
    let app = App::new(AppPorts {
        journal: Arc::new(store.clone()),
        blobs: Arc::new(store.clone()),
        index: Arc::new(store.clone()),
        ledger: Arc::new(store.clone()),
        memory: Arc::new(store.clone()),
        metrics: Arc::new(store.clone()),
        patterns: Arc::new(store.clone()),
        receipts: Arc::new(store.clone()),
        passes: Arc::new(Passes::default()),
        files: None,
        repos: Arc::new(Place(store.clone())),
        starts: Arc::new(Workspace {
            definitions: Definitions::Folder(root),
            ground: Arc::new(store.clone()),
            uploads: None,
            allowed,
        }),
        wakes: Arc::new(host.clone()),
        clock: Arc::new(SystemClock::default()),
        people,
        oidc: oidc.clone(),
        public,
        changes,
        live: Live::Here,
        pages: cloudcrew_dashboard::file,
        secret: crate::wiring::holder::identity,
    });
    if let Some(provider) = &oidc {
        let now = SystemClock::default().now();
        if let Err(why) = provider.answers(now).await {
            tracing::warn!("the identity provider does not answer, so people cannot log in: {why}");
        }
    }
    let listener = tokio::net::TcpListener::bind(serve.listen)
        .await
        .map_err(|error| Failure::world(format!("cannot listen on {}: {error}", serve.listen)))?;
    let address = listener.local_addr()?;
    say!("listening on http://{address}");
    let has_pages = cloudcrew_dashboard::file("index.html").is_some();
    match printed {
        Some(token) => {
            note!("token: {token}");
            if has_pages {
                note!("dashboard: http://{address}/#token={token}");
            }
        }
        // Whoever gave the token may also want every line of stderr to be JSON.
        None if has_pages => tracing::info!("the dashboard is at http://{address}/"),
        None => {}
    }
    let mut signals = Signals::new()?;
    let sweep = tokio::spawn(host.clone().sweep());
    let mut notifying = JoinSet::new();
    for channel in channels {
        let clock = Arc::new(SystemClock::default());
        let (journal, blobs) = (Arc::new(store.clone()), Arc::new(store.clone()));
        let outbox = Arc::new(store.clone());
        let sender =
            Sender::new((journal, blobs), outbox, clock, channel, |why| tracing::warn!("{why}"));
        notifying.spawn(sender.await?.run(NOTIFY));
    }
    if let Some(collector) = collector {
        let (journal, blobs) = (Arc::new(store.clone()), Arc::new(store.clone()));
        let (outbox, collector) = (Arc::new(store.clone()), Box::new(collector));
        let traces = Traces::new(journal, blobs, outbox, collector, |why| tracing::warn!("{why}"));
        notifying.spawn(traces.await?.run(NOTIFY));
    }
    let stop = host.clone();
    let router = cloudcrew_api::router(app.clone());
    let serving = wire::serve(listener, router, async move {
        signals.next().await;
        tracing::info!("stopping after the current steps; repeat to stop immediately");
        stop.stop();
        tokio::select! {
            () = stop.rested() => {}
            () = signals.next() => {}
        }
    });
    serving.await;
    let _ = tokio::time::timeout(FAREWELL, app.sockets_closed()).await;
    sweep.abort();
    notifying.shutdown().await;
    Ok(Exit::Done)
}

/// Without an identity provider, only this machine is served.
fn local(address: SocketAddr) -> Result<(), Failure> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{address} is not a loopback address; to identify callers from other machines, name an \
         identity provider with `--issuer`, `--client-id` and `--public-url`"
    )))
}

/// Why a file of the service cannot be read, and where its format is described.
fn not_read(error: &serde_json::Error) -> String {
    format!("{error}; `docs/service.md` shows what this JSON file contains")
}
