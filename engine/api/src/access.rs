//! The only way from a request to an engagement: the caller is known, the engagement is open, and
//! the caller has the right. Anything else looks as if the engagement did not exist.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use cloudcrew_ports::clock::next;
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::{Engagement, EngagementError, Request, settle};

use crate::app::App;
use crate::people::{Person, Right, may};
use crate::problem::{Kind, Problem};
use crate::store::Current;

/// The person who sends the request.
#[derive(Debug, Clone)]
pub struct Caller(pub(crate) Person);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Caller, Problem> {
        // `shield` has read the token already.
        parts.extensions.get::<Caller>().cloned().ok_or_else(unknown_caller)
    }
}

/// The refusal of a request whose sender is unknown.
pub(crate) fn unknown_caller() -> Problem {
    let detail = "send the token of the service as `Authorization: Bearer TOKEN`";
    Problem::new(Kind::Unauthenticated, detail)
}

/// A right, as a type: a handler names in its signature what its caller needs.
pub(crate) trait Needs: Send + Sync {
    const RIGHT: Right;
}

/// To see an engagement.
pub(crate) struct Read;
/// To answer its requests.
pub(crate) struct Decide;
/// To write to its contact.
pub(crate) struct Talk;
/// To cancel, resume or retry it.
pub(crate) struct Operate;

/// To give roles to others.
pub(crate) struct Own;

impl Needs for Own {
    const RIGHT: Right = Right::Own;
}

impl Needs for Read {
    const RIGHT: Right = Right::Read;
}

impl Needs for Decide {
    const RIGHT: Right = Right::Decide;
}

impl Needs for Talk {
    const RIGHT: Right = Right::Talk;
}

impl Needs for Operate {
    const RIGHT: Right = Right::Operate;
}

/// An engagement in which the caller has a right.
pub struct Opened<N> {
    engagement: Current,
    /// The caller.
    pub(crate) caller: Person,
    right: PhantomData<N>,
}

impl<N> Opened<N> {
    /// Passes on a failure. The engagement is read from its journal next time: it may be ahead of
    /// it.
    pub(crate) fn failed(mut self, error: EngagementError) -> Problem {
        self.engagement.forget();
        error.into()
    }
}

impl<N> Deref for Opened<N> {
    type Target = Engagement;

    fn deref(&self) -> &Engagement {
        &self.engagement
    }
}

impl<N> DerefMut for Opened<N> {
    fn deref_mut(&mut self) -> &mut Engagement {
        &mut self.engagement
    }
}

/// Records what is due, so that an answer counts by its time.
async fn settled(app: &App, engagement: &mut Current) -> Result<(), Problem> {
    let ports = app.ports();
    let now = next(ports.clock.now(), engagement.state.times.1);
    let is_due = |request: &Request| request.due().is_some_and(|due| due <= now);
    if !engagement.state.open_requests().any(is_due) {
        return Ok(());
    }
    let repo: Option<Arc<dyn Repo>> = ports.repos.open(engagement).await.ok();
    if let Err(error) = settle(app.record(), &*ports.clock, repo.as_deref(), engagement).await {
        engagement.forget();
        return Err(error.into());
    }
    ports.changes.grown(&engagement.project);
    ports.wakes.wake(&engagement.project);
    Ok(())
}

impl<N: Needs> FromRequestParts<App> for Opened<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Opened<N>, Problem> {
        let Caller(caller) = Caller::from_request_parts(parts, app).await?;
        let params = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|error| Problem::new(Kind::Malformed, error.body_text()))?;
        let project = params.iter().find(|(name, _)| *name == "id").map(|(_, id)| id.to_owned());
        let project = project.unwrap_or_default();
        let mut engagement = app.kept().open(app.record(), &project).await?;
        if !may(&caller, &engagement, Right::Read) {
            return Err(Problem::hidden(&project));
        }
        if !may(&caller, &engagement, N::RIGHT) {
            let detail = format!("{} has no role in `{project}` that allows this", caller.name);
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        settled(app, &mut engagement).await?;
        Ok(Opened { engagement, caller, right: PhantomData })
    }
}
