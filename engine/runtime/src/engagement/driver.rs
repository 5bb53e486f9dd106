//! A driver: an engagement, its ports and its lease. Everything that it changes goes through here.

use std::sync::Arc;
use std::time::Duration;

use cloudcrew_definition::crew::Model;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::append::{Appended, Ready, Record};
use super::error::EngagementError;
use super::event::Event;
use super::load::{Engagement, open};
use super::meter::Charge;
use super::state::State;
use crate::ports::Ports;
use cloudcrew_ports::clock::next;
use cloudcrew_ports::journal::{Entry, Head, Writer};
use cloudcrew_ports::lease::{Holder, Lease, LeaseError};

/// How an engagement is driven.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Gates whose review found nothing are approved without a person, and the record says so.
    pub approve_all: bool,
}

/// Drives one engagement while it holds the lease.
pub struct Driver {
    pub(super) ports: Ports,
    pub(super) options: Options,
    pub(super) lease: Lease,
    pub(super) inner: Mutex<Inner>,
    project: String,
}

/// The engagement, and what only this process knows of it.
pub(super) struct Inner {
    pub(super) engagement: Engagement,
    /// What happened and need not be on disk yet: it goes with the next append, before it. A crash
    /// takes it back, and it happens again.
    deferred: Vec<Event>,
    /// What the call cost whose reply is among them.
    said: Option<Charge>,
    /// Whether this driver has called the provider since it refused.
    pub(super) tried: bool,
    /// When the lease was renewed last, on the clock's elapsed time.
    renewed: Duration,
}

/// The lease is renewed this often.
pub(super) const RENEW: Duration = Duration::from_secs(3);

impl Driver {
    /// Opens an engagement and takes its lease.
    ///
    /// # Errors
    /// As [`Driver::acquire`].
    pub async fn open(
        ports: Ports,
        project: &str,
        holder: &Holder,
        options: Options,
    ) -> Result<Driver, EngagementError> {
        let record = Record { journal: &*ports.journal, blobs: &*ports.blobs };
        let engagement = open(record, project).await?;
        Driver::acquire(ports, engagement, holder, options).await
    }

    /// Takes the lease of an engagement that was opened, and takes in what was written since.
    ///
    /// # Errors
    /// [`EngagementError::Held`] when a living process drives it.
    pub async fn acquire(
        ports: Ports,
        mut engagement: Engagement,
        holder: &Holder,
        options: Options,
    ) -> Result<Driver, EngagementError> {
        let project = engagement.project.clone();
        // Who left in good order gave the lease back; a lease that somebody else still holds was
        // held by a process that died.
        let left = ports.leases.lease(&project).await?;
        let died = left.is_some_and(|(lease, _)| lease.holder != *holder);
        let lease = match ports.leases.acquire(&project, holder).await {
            Ok(lease) => lease,
            Err(LeaseError::Held { holder, .. }) => {
                return Err(EngagementError::Held { project, holder: holder.name });
            }
            Err(LeaseError::Store(e)) => return Err(e.into()),
        };
        // What the last driver wrote before it gave the lease back.
        let record = Record { journal: &*ports.journal, blobs: &*ports.blobs };
        engagement.follow(record, |_, _, _| {}).await?;
        // A repository that cannot be read is told of by what needs it.
        if let Ok(Some(claim)) = ports.repo.claim().await {
            engagement.knows(&claim, ports.repo.branch())?;
        }
        let renewed = ports.clock.elapsed();
        let inner = Inner { engagement, deferred: Vec::new(), said: None, tried: false, renewed };
        let driver = Driver { ports, options, lease, inner: Mutex::new(inner), project };
        if died {
            driver.note_death().await?;
        }
        Ok(driver)
    }

    /// Whether it is time to renew the lease.
    async fn lease_is_due(&self) -> bool {
        let now = self.ports.clock.elapsed();
        let mut inner = self.inner.lock().await;
        let due = now.saturating_sub(inner.renewed) >= RENEW;
        if due {
            inner.renewed = now;
        }
        due
    }

    /// Whether this driver has called the provider since it refused; from now on it has.
    pub(super) async fn has_tried(&self) -> bool {
        let mut inner = self.inner.lock().await;
        let away = inner.engagement.state.parked.is_some();
        let tried = inner.tried;
        inner.tried = tried || away;
        tried
    }

    /// Models are called in another way from here on.
    ///
    /// # Errors
    /// When the lease is lost or the store fails.
    pub async fn reroute(&self, models: Vec<Model>) -> Result<(), EngagementError> {
        for Model { name: model, live, price, .. } in models {
            if let Some(live) = live.map(Box::new) {
                self.append(vec![Event::Rerouted { model, live, price }]).await?;
            }
        }
        Ok(())
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release(&self) -> Result<(), EngagementError> {
        Ok(self.ports.leases.release(&self.project, &self.lease).await?)
    }

    /// The engagement as it stands, for as long as it is not driven on.
    pub async fn engagement(&self) -> MappedMutexGuard<'_, Engagement> {
        MutexGuard::map(self.inner.lock().await, |inner| &mut inner.engagement)
    }

    /// Looks at the engagement as it stands.
    pub async fn look<T>(&self, look: impl FnOnce(&Engagement) -> T) -> T {
        look(&self.inner.lock().await.engagement)
    }

    /// Says that this process lives; an error when another has taken over.
    pub(super) async fn keep_lease(&self) -> Result<(), EngagementError> {
        if !self.lease_is_due().await {
            return Ok(());
        }
        if self.ports.leases.renew(self.project(), &self.lease).await? {
            return Ok(());
        }
        let holder = self
            .ports
            .leases
            .lease(self.project())
            .await?
            .map_or_else(|| "another process".to_owned(), |(l, _)| l.holder.name);
        Err(EngagementError::LeaseLost { project: self.project().to_owned(), holder })
    }

    /// Milliseconds since 1970 UTC; see [`next`].
    pub(super) async fn now(&self) -> i64 {
        let last = self.look(|e| e.state.times.1).await;
        next(self.ports.clock.now(), last)
    }

    /// Appends what this driver decided. When others have appended in between, their entries are taken
    /// in first. What they say changes nothing that a driver has begun, with one exception: a request
    /// that somebody answered meanwhile is neither reminded of nor expired. Such events are dropped,
    /// and the driver decides again on what is there.
    pub(super) async fn append(&self, events: Vec<Event>) -> Result<(), EngagementError> {
        let deferred = self.take_deferred().await;
        // What is dropped when somebody was faster is never held back, nor goes with what is: a swarm
        // rests before a person is asked.
        debug_assert!(
            deferred.is_empty() || !events.iter().any(State::is_about_an_open_request),
            "{events:?}"
        );
        let events =
            if deferred.is_empty() { events } else { deferred.into_iter().chain(events).collect() };
        let ready = Ready::new(&*self.ports.blobs, &events, self.now().await).await?;
        // What does not fit into one append is in order all the same; a crash in between takes back
        // what may happen again.
        for part in ready.parts() {
            self.append_together(&part).await?;
        }
        Ok(())
    }

    /// Appends all of them or, when what they are about was settled meanwhile, none.
    async fn append_together(&self, ready: &Ready<'_>) -> Result<(), EngagementError> {
        loop {
            let inner = &mut self.inner.lock().await.engagement;
            if !ready.events().iter().all(|event| inner.state.still_asks(event)) {
                return Ok(());
            }
            let first = inner.head.seq + 1;
            match inner.append(self.record(), Writer::Driver(self.lease.epoch), ready).await? {
                Appended::Done => {
                    for (seq, event) in (first..).zip(ready.events()) {
                        self.ports.watch.happened(seq, ready.at(), event, inner);
                    }
                    return Ok(());
                }
                Appended::Behind(new) => self.show(&new, inner),
            }
        }
    }

    /// Where the engagement is recorded.
    fn record(&self) -> Record<'_> {
        Record { journal: &*self.ports.journal, blobs: &*self.ports.blobs }
    }

    /// Puts events on record together with the next one. Only for what may happen again, since
    /// nothing outside has followed from it: a visit was opened, a model has replied, a tool has
    /// read. `said` is what a reply cost.
    pub(super) async fn defer(
        &self,
        events: impl IntoIterator<Item = Event>,
        said: Option<Charge>,
    ) {
        let mut inner = self.inner.lock().await;
        inner.deferred.extend(events);
        inner.said = said.or(inner.said);
    }

    /// What the last call cost, when its reply is not on record yet.
    pub(super) async fn said(&self) -> Option<Charge> {
        self.inner.lock().await.said
    }

    /// Puts on record what was deferred.
    pub(super) async fn settle_deferred(&self) -> Result<(), EngagementError> {
        let none = self.inner.lock().await.deferred.is_empty();
        if none { Ok(()) } else { self.append(Vec::new()).await }
    }

    async fn take_deferred(&self) -> Vec<Event> {
        let mut inner = self.inner.lock().await;
        inner.said = None;
        std::mem::take(&mut inner.deferred)
    }

    fn show(&self, new: &[(Entry, Event)], engagement: &Engagement) {
        for (entry, event) in new {
            self.ports.watch.happened(entry.seq, entry.at, event, engagement);
        }
    }

    pub(super) async fn catch_up(&self) -> Result<(), EngagementError> {
        let inner = &mut self.inner.lock().await.engagement;
        if self
            .ports
            .journal
            .head(&self.project)
            .await?
            .is_some_and(|h: Head| h.seq > inner.head.seq)
        {
            let new = inner.catch_up(self.record()).await?;
            self.show(&new, inner);
        }
        Ok(())
    }

    pub(super) async fn damaged(&self, why: String) -> EngagementError {
        let seq = self.look(|e| e.head.seq).await;
        EngagementError::Damaged { project: self.project.clone(), seq, why }
    }

    pub(super) fn project(&self) -> &str {
        &self.project
    }

    pub(super) async fn definition(&self) -> Arc<cloudcrew_definition::crew::Definition> {
        self.look(|e| e.definition.clone()).await
    }
}
