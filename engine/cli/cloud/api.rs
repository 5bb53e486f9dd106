//! `lambda api`: the service's router behind API Gateway.

use std::sync::Arc;

use clap::{Args as _, FromArgMatches as _};
use cloudcrew_api::changes::Changes;
use cloudcrew_api::people::People;
use cloudcrew_api::{App, AppPorts, Live, Peer, Wakes};
use lambda_http::http::{HeaderValue, header};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _, Service as _, service_fn};

use crate::args::Serve;
use crate::exit::{Exit, Failure};
use crate::serve::{Allowed, Definitions, Workspace, identity};
use crate::wiring::aws::{Clones, Cloud};
use crate::wiring::clock::SystemClock;
use crate::wiring::holder;

/// Does nothing: the table's stream triggers whatever must continue.
struct ByStream;

impl Wakes for ByStream {
    fn wake(&self, _: &str) {}

    fn talk(&self, _: &str) {}

    fn stops(&self) -> bool {
        false
    }
}

pub async fn api(cloud: Cloud) -> Result<Exit, Failure> {
    let settings = settings()?;
    let (oidc, public) = identity(&settings)?;
    if oidc.is_none() {
        return Err(Failure::usage(
            "set OIDC_ISSUER, OIDC_CLIENT_ID and CLOUDCREW_PUBLIC_URL: callers are identified by \
             an identity provider",
        ));
    }
    let host = public.as_ref().and_then(|public| public.host().parse::<HeaderValue>().ok());
    let (definition, uploads) = (cloud.definition().await?, cloud.uploads()?);
    let socket = cloud.socket();
    let (store, kept) = (Arc::new(cloud.store.clone()), cloud.clone());
    let app = App::new(AppPorts {
        journal: store.clone(),
        blobs: Arc::new(cloud.blobs.clone()),
        index: store.clone(),
        ledger: store.clone(),
        memory: Arc::new(cloud.memory()?),
        metrics: Arc::new(cloud.metrics()?),
        patterns: Arc::new(cloud.patterns()?),
        receipts: store.clone(),
        passes: store,
        files: Some(Arc::clone(&uploads)),
        repos: Arc::new(Clones::new(cloud.clone())),
        starts: Arc::new(Workspace {
            definitions: Definitions::Deployed(Box::new(definition)),
            ground: Arc::new(cloud),
            uploads: Some(uploads),
            allowed: Allowed::new(&settings)?,
        }),
        wakes: Arc::new(ByStream),
        clock: Arc::new(SystemClock::default()),
        people: People::default(),
        oidc,
        public,
        changes: Changes::default(),
        live: socket.map_or(Live::Nowhere, Live::Elsewhere),
        pages: |_| None,
        secret: holder::identity,
    });
    let router = cloudcrew_api::router(app);
    let one = service_fn(move |mut request: Request| {
        staged(&mut request, host.as_ref());
        let (cloud, mut router) = (kept.clone(), router.clone());
        async move {
            if let Err(failure) = cloud.refresh().await {
                tracing::error!("the secrets of the crew: {failure}");
            }
            router.call(request).await
        }
    });
    let served = lambda_http::run(one).await;
    served.map_err(|error| Failure::world(error.to_string()))?;
    Ok(Exit::Done)
}

/// Removes the stage from the path, records the caller's address, and names the host that the
/// caller sees: the gateway answers its own name alone, which is another one behind a distribution.
fn staged(request: &mut Request, host: Option<&HeaderValue>) {
    let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else { return };
    let stage = context.stage.as_deref().filter(|stage| *stage != "$default");
    let prefix = stage.map(|stage| format!("/{stage}"));
    let from = context.http.source_ip.as_deref().and_then(|ip| ip.parse().ok());
    let uri = request.uri();
    let bare = prefix.and_then(|prefix| {
        let path = uri.path_and_query()?.as_str().strip_prefix(&prefix)?;
        path.starts_with('/').then(|| path.parse().ok()).flatten()
    });
    if let Some(bare) = bare {
        *request.uri_mut() = bare;
    }
    if let Some(from) = from {
        request.extensions_mut().insert(Peer(from));
    }
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host.clone());
    }
}

/// The settings of the service, from the environment alone.
pub fn settings() -> Result<Serve, Failure> {
    let command = Serve::augment_args(clap::Command::new("api"));
    let read = command.try_get_matches_from(["api"]);
    let read = read.and_then(|found| Serve::from_arg_matches(&found));
    read.map_err(|error| Failure::usage(error.to_string()))
}
