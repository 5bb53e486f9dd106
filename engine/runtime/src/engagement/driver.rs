//! A driver: an engagement, its ports and its lease. Every change that it makes goes through here.

use std::sync::Arc;
use std::time::Duration;

use cloudcrew_definition::crew::Model;
use cloudcrew_plan::Kind;
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::append::{Appended, Ready, Record};
use super::decide::Tried;
use super::error::EngagementError;
use super::event::Event;
use super::load::{Engagement, open};
use super::meter::Charge;
use super::state::State;
use crate::ports::Ports;
use cloudcrew_ports::clock::next;
use cloudcrew_ports::journal::{Entry, Head, Writer};
use cloudcrew_ports::lease::{Holder, Lease, LeaseError};

/// Options for driving an engagement.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Approve gates without a person when the review found nothing. The journal records this.
    pub approve_all: bool,
    /// Act only in these states of the plan, until the first of them is left, and wait for nothing.
    /// Someone else schedules. Back from a park, the phase continues.
    pub only: Option<Vec<String>>,
    /// Stay for answers to questions as long as the phase says.
    pub lingers: bool,
}

/// Drives one engagement while it holds its lease.
pub struct Driver {
    pub(super) ports: Ports,
    pub(super) options: Options,
    pub(super) lease: Lease,
    pub(super) inner: Mutex<Inner>,
    /// Held while a program runs.
    pub(super) programs: Mutex<()>,
    /// How often a state had been entered when the lease was taken, and the state.
    began: (u64, String),
    project: String,
}

/// The engagement, and what only this process knows about it.
pub(super) struct Inner {
    pub(super) engagement: Engagement,
    /// Events that need not be on disk yet. The next append writes them first. After a crash they
    /// are lost and happen again.
    deferred: Vec<Event>,
    /// What the call cost whose reply is deferred.
    unrecorded: Option<Charge>,
    /// What this driver has tried.
    pub(super) tried: Tried,
    /// When the lease was last renewed, in the clock's elapsed time.
    renewed: Duration,
}

/// How often the lease is renewed.
pub(super) const RENEW: Duration = Duration::from_secs(3);

impl Driver {
    /// Opens an engagement and takes its lease.
    ///
    /// # Errors
    /// See [`Driver::acquire`].
    pub async fn open(
        ports: Ports,
        project: &str,
        holder: &Holder,
        options: Options,
    ) -> Result<Driver, EngagementError> {
        let record = Record::new(&*ports.journal, &*ports.blobs);
        let engagement = open(record, project).await?;
        Driver::acquire(ports, engagement, holder, options).await
    }

    /// Takes the lease of an open engagement and applies what was written since it was opened.
    ///
    /// # Errors
    /// [`EngagementError::Held`] when another live process drives it.
    pub async fn acquire(
        ports: Ports,
        mut engagement: Engagement,
        holder: &Holder,
        options: Options,
    ) -> Result<Driver, EngagementError> {
        let project = engagement.project.clone();
        // A process that stops normally releases its lease. A lease that another holder still has
        // belongs to a process that died.
        let left = ports.leases.lease(&project).await?;
        let died = left.is_some_and(|(lease, _)| lease.holder != *holder);
        let lease = match ports.leases.acquire(&project, holder).await {
            Ok(lease) => lease,
            Err(LeaseError::Held { holder, .. }) => {
                return Err(EngagementError::Held { project, holder: holder.name });
            }
            Err(LeaseError::Store(e)) => return Err(e.into()),
        };
        // The last driver may have written before it released the lease.
        let record = Record::new(&*ports.journal, &*ports.blobs);
        engagement.follow(record, |_, _, _| {}).await?;
        // A repository that cannot be read is reported where it is needed.
        if let Ok(Some(claim)) = ports.repo.claim().await {
            engagement.knows(&claim, ports.repo.branch())?;
        }
        let renewed = ports.clock.elapsed();
        let began = (engagement.state.entered, engagement.state.at.clone());
        let inner = Inner {
            engagement,
            deferred: Vec::new(),
            unrecorded: None,
            tried: Tried::default(),
            renewed,
        };
        let (programs, inner) = (Mutex::default(), Mutex::new(inner));
        let driver = Driver { ports, options, lease, inner, programs, began, project };
        if died {
            driver.note_death().await?;
        }
        Ok(driver)
    }

    /// Whether the engagement is where another driver is to continue ([`Options::only`]).
    pub(super) async fn has_left(&self) -> bool {
        let Some(only) = &self.options.only else { return false };
        let (entered, from) = &self.began;
        self.look(|e| {
            let kind = |name: &str| e.state.plan().state(name).map(|state| state.kind);
            let is_over = e.state.end.is_some() || kind(&e.state.at).is_some_and(Kind::is_final);
            let is_back = e.state.entered == entered + 1 && kind(from) == Some(Kind::Park);
            let is_there = only.contains(&e.state.at) && (e.state.entered == *entered || is_back);
            !is_over && !is_there
        })
        .await
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

    /// What this driver has tried. Marks a provider that refuses as tried.
    pub(super) async fn tried(&self) -> Tried {
        let mut inner = self.inner.lock().await;
        let away = inner.engagement.state.parked.is_some();
        let tried = inner.tried.clone();
        inner.tried.provider |= away;
        tried
    }

    /// Records other settings for models, effective from now on.
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

    /// Releases the lease.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release(&self) -> Result<(), EngagementError> {
        Ok(self.ports.leases.release(&self.project, &self.lease).await?)
    }

    /// Locks the engagement; the driver cannot continue while the guard lives.
    pub async fn engagement(&self) -> MappedMutexGuard<'_, Engagement> {
        MutexGuard::map(self.inner.lock().await, |inner| &mut inner.engagement)
    }

    /// Reads the engagement in its current state.
    pub async fn look<T>(&self, look: impl FnOnce(&Engagement) -> T) -> T {
        look(&self.inner.lock().await.engagement)
    }

    /// Renews the lease when due; fails when another process has taken over.
    pub(super) async fn keep_lease(&self) -> Result<(), EngagementError> {
        if !self.lease_is_due().await {
            return Ok(());
        }
        self.check_lease().await
    }

    /// Renews the lease, or says who has taken over.
    pub(super) async fn check_lease(&self) -> Result<(), EngagementError> {
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

    /// The current time, milliseconds since 1970 UTC; see [`next`].
    pub(super) async fn now(&self) -> i64 {
        let last = self.look(|e| e.state.times.1).await;
        next(self.ports.clock.now(), last)
    }

    /// Appends what this driver decided. Entries that others appended in the meantime are applied
    /// first. They do not affect what a driver has started, with one exception: a request that was
    /// answered in the meantime is neither reminded of nor expired. Such events are dropped, and
    /// the driver decides again.
    pub(super) async fn append(&self, events: Vec<Event>) -> Result<(), EngagementError> {
        let deferred = self.take_deferred().await;
        // Events that may be dropped are never deferred or appended together with deferred ones: a
        // swarm rests before a person is asked.
        debug_assert!(
            deferred.is_empty() || !events.iter().any(State::is_about_an_open_request),
            "{events:?}"
        );
        let events =
            if deferred.is_empty() { events } else { deferred.into_iter().chain(events).collect() };
        let ready = Ready::new(&*self.ports.blobs, &events, self.now().await).await?;
        // Several appends keep the order. A crash between them loses only events that may happen
        // again.
        for part in ready.parts() {
            self.append_together(&part).await?;
        }
        Ok(())
    }

    /// Appends all of the events, or none when their request has been settled in the meantime.
    async fn append_together(&self, ready: &Ready<'_>) -> Result<(), EngagementError> {
        loop {
            let inner = &mut self.inner.lock().await.engagement;
            if !ready.events().iter().all(|event| inner.state.still_asks(event)) {
                return Ok(());
            }
            let first = inner.head.seq + 1;
            let writer = Writer::Driver(self.lease.epoch);
            match inner.append(self.record(), writer, ready).await? {
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

    /// Appends a reservation to the very state that `fits` accepts. Returns `false`, and appends
    /// nothing, when it does not fit any more.
    pub(super) async fn reserve(
        &self,
        event: Event,
        fits: impl Fn(&Engagement) -> bool,
    ) -> Result<bool, EngagementError> {
        self.settle_deferred().await?;
        let events = [event];
        let ready = Ready::new(&*self.ports.blobs, &events, self.now().await).await?;
        loop {
            let inner = &mut self.inner.lock().await.engagement;
            let new = inner.catch_up(self.record()).await?;
            self.show(&new, inner);
            if !fits(inner) {
                return Ok(false);
            }
            let writer = Writer::Driver(self.lease.epoch);
            match inner.append(self.record(), writer, &ready).await? {
                Appended::Done => {
                    self.ports.watch.happened(inner.head.seq, ready.at(), &events[0], inner);
                    return Ok(true);
                }
                Appended::Behind(new) => self.show(&new, inner),
            }
        }
    }

    /// The stores that hold the engagement.
    fn record(&self) -> Record<'_> {
        Record::new(&*self.ports.journal, &*self.ports.blobs)
    }

    /// Defers events to the next append. Only for events that may happen again because they had no
    /// effect outside: a visit was opened, a model replied, a tool read something. `charge` is what
    /// a reply cost.
    pub(super) async fn defer(
        &self,
        events: impl IntoIterator<Item = Event>,
        charge: Option<Charge>,
    ) {
        let mut inner = self.inner.lock().await;
        inner.deferred.extend(events);
        inner.unrecorded = charge.or(inner.unrecorded);
    }

    /// What the last call cost, while its reply is not recorded yet.
    pub(super) async fn unrecorded_charge(&self) -> Option<Charge> {
        self.inner.lock().await.unrecorded
    }

    /// Records the deferred events.
    pub(super) async fn settle_deferred(&self) -> Result<(), EngagementError> {
        let none = self.inner.lock().await.deferred.is_empty();
        if none { Ok(()) } else { self.append(Vec::new()).await }
    }

    async fn take_deferred(&self) -> Vec<Event> {
        let mut inner = self.inner.lock().await;
        inner.unrecorded = None;
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
