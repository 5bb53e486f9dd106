//! The async loop: decide, act through ports, append, repeat, until a person is waited for or the
//! end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloudcrew_definition::crew::Model;
use cloudcrew_plan::{Kind, Outcome};
use tokio::sync::Mutex;

use super::answer::readable;
use super::append::{Appended, Ready, Record};
use super::budget::is_budget;
use super::error::EngagementError;
use super::event::{Answered, Decision, End, EndReason, Event, Why, bound_words};
use super::load::{Engagement, open};
use super::meter::Charge;
use super::request::{Request, RequestKind};
use super::state::State;
use super::work::MAX_PARK_MS;
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

/// Why driving stopped.
#[derive(Debug, Clone, PartialEq)]
pub enum Rest {
    /// The engagement has ended.
    Ended(End),
    /// A person must answer these.
    Waiting(Vec<Request>),
    /// The provider refuses, for this reason, until somebody changes something.
    Blocked(String),
    /// Somebody asked this process to stop between steps.
    Stopped,
}

/// Drives one engagement while it holds the lease.
pub struct Driver {
    pub(super) ports: Ports,
    pub(super) options: Options,
    pub(super) lease: Lease,
    pub(super) inner: Mutex<Engagement>,
    project: String,
    /// What happened and need not be on disk yet: it goes with the next append, before it. A crash
    /// takes it back, and it happens again.
    deferred: std::sync::Mutex<Deferred>,
    /// Whether this driver has tried yet what the provider refused to another.
    pub(super) tried: AtomicBool,
    /// When the lease was renewed last, on the clock's elapsed time.
    renewed: std::sync::Mutex<Duration>,
}

/// What waits for the next append.
#[derive(Default)]
struct Deferred {
    events: Vec<Event>,
    /// What the call cost whose reply waits.
    said: Option<Charge>,
}

/// The lease is renewed this often.
const RENEW: Duration = Duration::from_secs(3);

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
        let renewed = std::sync::Mutex::new(ports.clock.elapsed());
        let driver = Driver {
            ports,
            options,
            lease,
            inner: Mutex::new(engagement),
            project,
            tried: AtomicBool::new(false),
            deferred: std::sync::Mutex::default(),
            renewed,
        };
        if died {
            driver.note_death().await?;
        }
        Ok(driver)
    }

    /// Whether it is time to renew the lease.
    pub(super) fn lease_is_due(&self) -> bool {
        let now = self.ports.clock.elapsed();
        let mut renewed = self.renewed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = now.saturating_sub(*renewed) >= RENEW;
        if due {
            *renewed = now;
        }
        due
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
    pub async fn engagement(&self) -> tokio::sync::MutexGuard<'_, Engagement> {
        self.inner.lock().await
    }

    /// Looks at the engagement as it stands.
    pub async fn look<T>(&self, look: impl FnOnce(&Engagement) -> T) -> T {
        look(&*self.inner.lock().await)
    }

    /// Drives until a person is waited for, the end, or `stop` says so.
    ///
    /// # Errors
    /// When the lease is lost or the world fails; everything that was acknowledged is on record.
    pub async fn drive(&self) -> Result<Rest, EngagementError> {
        tokio::select! {
            biased;
            rest = self.to_next_wait() => rest,
            lost = self.stay_alive() => Err(lost),
        }
    }

    /// Says that this process lives; an error when another has taken over.
    pub(super) async fn keep_lease(&self) -> Result<(), EngagementError> {
        if !self.lease_is_due() {
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

    /// Renews the lease also while a model thinks or a provider is waited for; ends when another
    /// process has taken over.
    async fn stay_alive(&self) -> EngagementError {
        loop {
            tokio::time::sleep(RENEW).await;
            if let Err(error) = self.keep_lease().await {
                return error;
            }
        }
    }

    async fn to_next_wait(&self) -> Result<Rest, EngagementError> {
        loop {
            if self.ports.watch.stop_wanted() {
                return Ok(Rest::Stopped);
            }
            self.catch_up().await?;
            self.settle_timers().await?;
            if let Some(rest) = self.step().await? {
                return Ok(rest);
            }
        }
    }

    /// One decision and what follows from it; `Some` when there is nothing more to do now.
    async fn step(&self) -> Result<Option<Rest>, EngagementError> {
        let (kind, cancelled, ended, at) = self
            .look(|e| {
                (e.state.kind(), e.state.cancel.is_some(), e.state.end.clone(), e.state.at.clone())
            })
            .await;
        if let Some(end) = ended {
            return Ok(Some(Rest::Ended(end)));
        }
        let Some(kind) = kind else {
            return Err(self.damaged(format!("the plan has no state `{at}`")).await);
        };
        if kind.is_final() {
            let end = self.look(|e| end_of(&e.state, kind)).await;
            self.append(vec![Event::Ended(end)]).await?;
            return Ok(None);
        }
        if cancelled && kind != Kind::Finalize {
            self.go(Outcome::Cancelled).await?;
            return Ok(None);
        }
        match kind {
            Kind::Swarm => self.work().await,
            Kind::Review => self.review().await,
            Kind::Question => self.question().await,
            Kind::Park => self.park(Outcome::Back).await,
            Kind::Gate => self.gate().await,
            Kind::Finalize => self.finalize().await.map(|()| None),
            _ => Ok(None),
        }
    }

    /// Leaves the state on an outcome.
    pub(super) async fn go(&self, on: Outcome) -> Result<(), EngagementError> {
        self.go_because(on, None).await
    }

    /// Leaves the state on an outcome that needs a reason. A used-up bound is part of it.
    pub(super) async fn go_because(
        &self,
        on: Outcome,
        why: Option<Why>,
    ) -> Result<(), EngagementError> {
        let bound = self
            .look(|e| e.state.plan().used_up(&e.state.at, on, &e.state.counters).cloned())
            .await;
        let why = why.map(|w| match &bound {
            Some(bound) if bound.max > 0 => {
                Why { text: format!("{}; {} and used up", w.text, bound_words(bound)), ..w }
            }
            _ => w,
        });
        let next = self
            .look(|e| e.state.plan().next(&e.state.at, on, &e.state.counters).map(|t| t.to.clone()))
            .await;
        match next {
            Ok(state) => {
                let resume = if on == Outcome::Approved {
                    self.look(|e| e.state.resume.clone()).await
                } else {
                    None
                };
                let state = resume.unwrap_or(state);
                let (state, resume, why) = match self.reopened(&state, on).await? {
                    Some((gate, why)) => (gate, Some(state), Some(why)),
                    None => (state, None, why),
                };
                self.append(vec![Event::Entered { state, on: Some(on), resume, why }]).await
            }
            Err(no_way) => Err(self
                .damaged(format!("no way out of `{}` on `{}`", no_way.state, on.name()))
                .await),
        }
    }

    /// The gate that must open again before `to` may begin, and why: somebody changed what was
    /// approved there.
    async fn reopened(
        &self,
        to: &str,
        on: Outcome,
    ) -> Result<Option<(String, Why)>, EngagementError> {
        if !matches!(on, Outcome::Approved | Outcome::Passed | Outcome::Finished) {
            return Ok(None);
        }
        let (at, approved) = self
            .look(|e| {
                let approved = e
                    .state
                    .phases
                    .iter()
                    .filter_map(|(name, p)| Some((name.clone(), p.approved.clone()?)));
                (e.state.at.clone(), approved.collect::<Vec<_>>())
            })
            .await;
        let begins = self
            .look(|e| {
                e.state
                    .plan()
                    .state(to)
                    .is_some_and(|s| matches!(s.kind, Kind::Swarm | Kind::Finalize | Kind::Done))
            })
            .await;
        if !begins {
            return Ok(None);
        }
        self.notice_foreign_commits().await?;
        for (phase, subject) in approved {
            let gate = format!("{phase}.gate");
            let now = self.subject(&phase).await?;
            if gate != at && now != subject {
                let changed: Vec<&str> = now
                    .iter()
                    .filter(|f| !subject.contains(f))
                    .map(|(path, _)| path.as_str())
                    .collect();
                let what = if changed.is_empty() {
                    "a deliverable was removed".to_owned()
                } else {
                    changed.join(", ")
                };
                let text = format!("changed after {phase} was approved: {what}");
                return Ok(Some((gate, Why { text, key: String::new() })));
            }
        }
        Ok(None)
    }

    /// Waits until the provider is tried again.
    pub(super) async fn park(&self, on: Outcome) -> Result<Option<Rest>, EngagementError> {
        if let Some(rest) = self.parked().await {
            return Ok(rest);
        }
        self.go(on).await?;
        Ok(None)
    }

    /// What there is to do while a provider is away; `None` when it is to be tried again.
    pub(super) async fn parked(&self) -> Option<Option<Rest>> {
        let parked = self.look(|e| e.state.parked.clone()).await?;
        let first = !self.tried.swap(true, Ordering::Relaxed);
        if parked.blocked {
            // Somebody has changed something: why else would they have come back.
            return if first { None } else { Some(Some(Rest::Blocked(parked.reason))) };
        }
        // A clock that was set back does not lengthen the wait.
        let left = (parked.until - self.now().await).min(MAX_PARK_MS);
        let wait = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        if wait.is_zero() {
            return None;
        }
        self.ports.clock.sleep(wait.min(Duration::from_secs(2))).await;
        Some(None)
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
        let deferred = std::mem::take(&mut *self.deferred()).events;
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
            let mut inner = self.inner.lock().await;
            if !ready.events().iter().all(|event| inner.state.still_asks(event)) {
                return Ok(());
            }
            let first = inner.head.seq + 1;
            match inner.append(self.record(), Writer::Driver(self.lease.epoch), ready).await? {
                Appended::Done => {
                    for (seq, event) in (first..).zip(ready.events()) {
                        self.ports.watch.happened(seq, ready.at(), event, &inner);
                    }
                    return Ok(());
                }
                Appended::Behind(new) => self.show(&new, &inner),
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
    pub(super) fn defer(&self, events: impl IntoIterator<Item = Event>, said: Option<Charge>) {
        let mut deferred = self.deferred();
        deferred.events.extend(events);
        deferred.said = said.or(deferred.said);
    }

    /// What the last call cost, when its reply is not on record yet.
    pub(super) fn said(&self) -> Option<Charge> {
        self.deferred().said
    }

    /// Puts on record what was deferred.
    pub(super) async fn settle_deferred(&self) -> Result<(), EngagementError> {
        let none = self.deferred().events.is_empty();
        if none { Ok(()) } else { self.append(Vec::new()).await }
    }

    fn deferred(&self) -> std::sync::MutexGuard<'_, Deferred> {
        self.deferred.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn show(&self, new: &[(Entry, Event)], engagement: &Engagement) {
        for (entry, event) in new {
            self.ports.watch.happened(entry.seq, entry.at, event, engagement);
        }
    }

    pub(super) async fn catch_up(&self) -> Result<(), EngagementError> {
        let mut inner = self.inner.lock().await;
        if self
            .ports
            .journal
            .head(&self.project)
            .await?
            .is_some_and(|h: Head| h.seq > inner.head.seq)
        {
            let new = inner.catch_up(self.record()).await?;
            self.show(&new, &inner);
        }
        Ok(())
    }

    /// A swarm or review that was under way when a process died goes on, so often as its phase
    /// allows.
    async fn note_death(&self) -> Result<(), EngagementError> {
        let (at, under_way, may) = self
            .look(|e| {
                let state = &e.state;
                let under_way = state.end.is_none()
                    && state.swarm.is_some()
                    && matches!(state.kind(), Some(Kind::Swarm | Kind::Review));
                let next = state.plan().next(&state.at, Outcome::Died, &state.counters);
                (state.at.clone(), under_way, next.is_ok_and(|t| t.to == state.at))
            })
            .await;
        if !under_way {
            return Ok(());
        }
        if may {
            return self.append(vec![Event::ProcessDied { state: at }]).await;
        }
        let phase = self.look(|e| e.state.phase().unwrap_or_default().to_owned()).await;
        let key = format!("phases/{phase}.yaml restart.max_attempts");
        self.go_because(
            Outcome::Died,
            Some(Why { text: "the process died too often at the same step".into(), key }),
        )
        .await
    }

    pub(super) async fn damaged(&self, why: String) -> EngagementError {
        let seq = self.look(|e| e.head.seq).await;
        EngagementError::Damaged { project: self.project.clone(), seq, why }
    }

    pub(super) fn project(&self) -> &str {
        &self.project
    }

    /// Answers a request for somebody who is no person: the record says which way.
    pub(super) async fn answer_for(
        &self,
        request: &Request,
        decision: Decision,
        actor: &str,
        channel: &str,
    ) -> Result<(), EngagementError> {
        if matches!(decision, Decision::Approve { .. }) {
            readable(&*self.ports.repo, request).await?;
        }
        let answer = Answered {
            decision,
            actor: actor.to_owned(),
            channel: channel.to_owned(),
            digest: request.digest.clone(),
        };
        // Somebody may have answered in between; the journal has the one that counts.
        self.catch_up().await?;
        if self.look(|e| e.state.request(&request.id).is_some_and(Request::is_open)).await {
            self.append(vec![Event::RequestAnswered { request: request.id.clone(), answer }])
                .await?;
        }
        Ok(())
    }

    pub(super) async fn definition(&self) -> Arc<cloudcrew_definition::crew::Definition> {
        self.look(|e| e.definition.clone()).await
    }
}

/// The end that belongs to a final state.
fn end_of(state: &State, kind: Kind) -> End {
    let Why { text: reason, key } =
        state.reason.clone().unwrap_or(Why { text: String::new(), key: String::new() });
    let end = |kind, text: String, key: String| End { kind, text, key };
    match kind {
        Kind::Done => end(EndReason::Completed, "all phases are done".into(), String::new()),
        Kind::Cancelled => {
            let actor = state.cancel.as_deref().unwrap_or("somebody");
            end(EndReason::Cancelled, format!("cancelled by {actor}"), String::new())
        }
        Kind::Expired => {
            let gate = state
                .requests
                .iter()
                .rev()
                .find(|r| r.expired && matches!(r.kind, RequestKind::Approval { .. }));
            let phase = gate.map(|r| r.phase.as_str()).unwrap_or_default();
            end(
                EndReason::Expired,
                format!("nobody decided in time at the gate of {phase}"),
                format!("phases/{phase}.yaml gate.expires_after"),
            )
        }
        _ if is_budget(&key) => end(EndReason::BudgetExhausted, reason, key),
        _ => end(EndReason::Failed, reason, key),
    }
}
