//! The only place where adapters are chosen.

use std::path::Path;
use std::sync::Arc;

use cloudcrew_local::clock::RehearsalClock;
use cloudcrew_local::rehearsal::RehearsalModel;
use cloudcrew_local::repo::{GitRepo, MissingRepo};
use cloudcrew_local::store::Store;
use cloudcrew_runtime::engagement::Engagement;
use cloudcrew_runtime::ports::Ports;
use cloudcrew_runtime::ports::repo::Repo;
use cloudcrew_runtime::ports::watch::Watch;

use crate::exit::Failure;

/// The world of an engagement. No live model is configured here: the crew is rehearsed, and every screen says so.
pub fn ports(store: &Store, engagement: &Engagement, watch: Arc<dyn Watch>) -> Result<Ports, Failure> {
    let started = &engagement.state.started;
    let repo: Arc<dyn Repo> = match GitRepo::open(Path::new(&started.repo), &engagement.project) {
        Ok(repo) => Arc::new(repo),
        // Nothing is read or written on the way to the end.
        Err(why) if engagement.state.cancel.is_some() => Arc::new(MissingRepo::new(&started.repo, &started.branch, &why)),
        Err(why) => {
            let project = &engagement.project;
            return Err(Failure::world(format!(
                "the repository of `{project}` cannot be opened: {why}\nbring it back, or end the engagement with `cloudcrew cancel {project}`"
            )));
        }
    };
    let rehearsal = started.rehearsal.as_ref().and_then(|name| engagement.definition.rehearsal(name)).cloned();
    let clock = RehearsalClock::default();
    clock.not_before(engagement.state.times.1);
    Ok(Ports {
        journal: Arc::new(store.clone()),
        blobs: Arc::new(store.clone()),
        ledger: Arc::new(store.clone()),
        repo,
        model: Arc::new(RehearsalModel::new(engagement.definition.clone(), rehearsal)),
        clock: Arc::new(clock),
        watch,
    })
}
