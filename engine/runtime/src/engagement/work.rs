//! A phase's work: its swarm is made, driven until it rests, and what came out is told to the plan.

use cloudcrew_definition::crew::{Context, Phase};
use cloudcrew_plan::{Counter, Outcome};

use super::context::variables;
use super::drive::{Driver, Rest};
use super::error::EngagementError;
use super::event::{Event, Why, ms};
use super::host::{SwarmHost, tool_names};
use super::load::Engagement;
use super::request::RequestKind;
use crate::prompt::render;
use crate::swarm::{
    ContextRule, Input, Limits, Member, Reason, RetryPolicy, Status, Stop, SwarmSpec, drive,
};
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::model::Purpose;
use cloudcrew_sow::{Item, SectionKind};
use cloudcrew_tools::Toolbox;

/// How long a provider that is away is left alone before it is tried again, in milliseconds.
const PARK_MS: i64 = 60_000;
/// A provider that asks for a longer wait is tried again all the same, in milliseconds: what it
/// says may be wrong.
pub(super) const MAX_PARK_MS: i64 = 3_600_000;
/// How often in a visit a model that said nothing, or announced calls and made none, is asked
/// again.
pub(super) const ASKS_AGAIN: u32 = 2;

impl Driver {
    /// In a swarm's state.
    pub(super) async fn work(&self) -> Result<Option<Rest>, EngagementError> {
        let Some(phase) = self.phase().await else {
            return Err(self.damaged("a swarm without a phase".into()).await);
        };
        if self.unraised().await.is_some() {
            // The process died right after it asked.
            self.go(Outcome::Asked).await?;
            return Ok(None);
        }
        self.commit_sow().await?;
        self.seed_ledger(&phase).await?;
        if self.look(|e| e.state.swarm.is_none()).await {
            let spec = match self.look(|e| work_spec(e, &self.ports.tools, &phase)).await {
                Ok(spec) => spec,
                Err(text) => {
                    let key = format!("phases/{}.yaml task", phase.name);
                    self.go_because(Outcome::Failed, Some(Why { text, key })).await?;
                    return Ok(None);
                }
            };
            let number = self.look(|e| e.state.progress(&phase.name).swarms + 1).await;
            let swarm = format!("{}.{number}", phase.name);
            let event = Event::SwarmBegan {
                swarm,
                purpose: Purpose::Work,
                spec: Box::new(spec),
                findings: Vec::new(),
            };
            self.append(vec![event]).await?;
        }
        let Some((status, reason)) = self.run_swarm(&phase).await? else {
            return Ok(Some(Rest::Stopped));
        };
        match status {
            SwarmEnd::Rests(Status::Completed) => self.delivered(&phase).await?,
            SwarmEnd::Rests(Status::Interrupted) => self.go(Outcome::Asked).await?,
            SwarmEnd::Rests(Status::Cancelled) => self.go(Outcome::Cancelled).await?,
            SwarmEnd::Rests(status) if away(status, reason.as_ref()) => {
                self.go(Outcome::Parked).await?;
                self.append(vec![self.parked_until(status, reason.as_ref()).await]).await?;
            }
            SwarmEnd::Rests(_) => {
                let (outcome, why) = failed(&phase, reason.as_ref());
                self.go_because(outcome, Some(why)).await?;
            }
            SwarmEnd::Exhausted(why, asks) => self.exhausted(why, asks).await?,
            SwarmEnd::Unrendered(why) => self.stop_unrendered(why).await?,
        }
        Ok(None)
    }

    /// The swarm ended by itself: the engine looks for what the phase owes, whatever the agents
    /// say.
    async fn delivered(&self, phase: &Phase) -> Result<(), EngagementError> {
        // Plans of older versions leave that to the review.
        let looks = self.look(|e| {
            let plan = e.state.plan();
            plan.state(&e.state.at)
                .is_some_and(|state| state.on.iter().any(|way| way.on == Outcome::Incomplete))
        });
        if !looks.await {
            return self.go(Outcome::Finished).await;
        }
        let findings = self.seen_by_engine(phase).await?;
        let known = self.look(|e| e.state.progress(&phase.name).findings).await;
        let first = findings.first().cloned();
        // What a review found stays in mind until the next one.
        let cleared = findings.is_empty() && (known.is_empty() || phase.review.is_some());
        if findings != known && !cleared {
            self.append(vec![Event::Checked {
                phase: phase.name.clone(),
                findings: findings.clone(),
            }])
            .await?;
        }
        let Some(first) = first else { return self.go(Outcome::Finished).await };
        let more = if findings.len() > 1 {
            format!(" and {} more", findings.len() - 1)
        } else {
            String::new()
        };
        let text = format!("{} is incomplete: {}{more} [{}]", phase.name, first.text, first.key);
        self.go_because(Outcome::Incomplete, Some(Why { text, key: first.key })).await
    }

    /// A text of the pinned definitions cannot be rendered, which is no matter of budgets.
    pub(super) async fn stop_unrendered(&self, why: Why) -> Result<(), EngagementError> {
        self.go_because(Outcome::Failed, Some(why)).await
    }

    /// The provider is away for a while, or refuses until somebody changes something.
    pub(super) async fn parked_until(&self, status: Status, reason: Option<&Reason>) -> Event {
        let blocked = status == Status::Failed;
        self.tried.store(true, std::sync::atomic::Ordering::Relaxed);
        let asked = reason.and_then(|r| r.retry_after).map_or(0, |wait| ms(wait) as i64);
        let wait = asked.clamp(PARK_MS, MAX_PARK_MS);
        Event::ParkedUntil {
            at: self.now().await.saturating_add(wait),
            reason: words(reason),
            blocked,
        }
    }

    /// The definition of the phase under way.
    pub(super) async fn phase(&self) -> Option<Phase> {
        self.look(|e| e.state.phase().and_then(|p| e.definition.phase(p)).cloned()).await
    }

    /// Drives the swarm under way; `None` when the process was asked to stop.
    pub(super) async fn run_swarm(
        &self,
        phase: &Phase,
    ) -> Result<Option<(SwarmEnd, Option<Reason>)>, EngagementError> {
        let taken = {
            let mut inner = self.inner.lock().await;
            inner
                .state
                .swarm
                .as_mut()
                .and_then(|s| Some((s.id.clone(), s.purpose, s.machine.take()?)))
        };
        let Some((id, purpose, mut machine)) = taken else {
            return Err(self.damaged("no swarm is under way".into()).await);
        };
        let host = SwarmHost::new(self, id, purpose, phase);
        let mut driven = Ok(machine.status());
        if away(machine.status(), machine.reason()) {
            let resume = Input::Resume;
            let event = Event::SwarmInput {
                input: Box::new(resume.clone()),
                elapsed_ms: 0,
                settled: None,
                done: None,
            };
            self.append(vec![event]).await?;
            let accepted = machine.accept(resume, std::time::Duration::ZERO);
            debug_assert!(accepted.is_ok(), "{accepted:?}");
        }
        if machine.status() == Status::Running {
            driven = drive(&mut machine, &host).await;
        }
        // The machine has taken it in already, and is not fed with it again. What was paid for is
        // on record also when a tool failed.
        let settled = self.settle_deferred().await;
        let why = host.why.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let unrendered = host.unrendered.load(std::sync::atomic::Ordering::Relaxed);
        let asks = host.asks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        // After a failure the machine may know more than the journal: who goes on reads the journal
        // again.
        if let Err(Stop::Failed(error)) = driven {
            return Err(error);
        }
        settled?;
        let reason = machine.reason().cloned();
        if let Some(run) = self.inner.lock().await.state.swarm.as_mut() {
            run.machine = Some(machine);
        }
        match driven {
            Ok(status) => Ok(Some((SwarmEnd::Rests(status), reason))),
            Err(Stop::Halted) => Ok(None),
            Err(Stop::Exhausted) if unrendered => {
                Ok(Some((SwarmEnd::Unrendered(why.unwrap_or_else(no_budget)), reason)))
            }
            Err(Stop::Exhausted) => {
                Ok(Some((SwarmEnd::Exhausted(why.unwrap_or_else(no_budget), asks), reason)))
            }
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// An engagement that begins later than with its first phase knows what the statement of work
    /// says all the same.
    async fn seed_ledger(&self, phase: &Phase) -> Result<(), EngagementError> {
        let (later, begun, items) = self
            .look(|e| {
                let later =
                    e.state.first.as_ref().is_some_and(|first| *first != e.state.plan().start);
                let items: Vec<Item> =
                    SectionKind::ALL.iter().flat_map(|kind| e.sow.items(*kind)).cloned().collect();
                (later, e.state.phases.values().any(|progress| progress.swarms > 0), items)
            })
            .await;
        if !later || begun {
            return Ok(());
        }
        let row = |item: Item| LedgerRow {
            id: format!("start.sow.{}", item.id),
            phase: phase.name.clone(),
            author: "engine".to_owned(),
            kind: LedgerKind::Fact,
            title: format!("{}: {}", item.id, item.text),
            body: String::new(),
            source: item.source,
        };
        self.record_rows(&items.into_iter().map(row).collect::<Vec<_>>()).await
    }

    /// The statement of work stands in the repository from the beginning, so that agents and
    /// customer read the same.
    async fn commit_sow(&self) -> Result<(), EngagementError> {
        const STEP: &str = "start.sow";
        if self.look(|e| e.state.commits.contains_key(STEP)).await {
            return Ok(());
        }
        let (name, text) =
            self.look(|e| (e.state.started.sow_file.clone(), e.sow_text.as_bytes().to_vec())).await;
        for path in [format!("docs/sow/{name}"), "docs/sow/statement-of-work.md".to_owned()] {
            if self
                .commit(STEP, "engine", &[(path, text.clone())], "Add the statement of work")
                .await?
                .is_ok()
            {
                return Ok(());
            }
        }
        Err(EngagementError::World(
            "the statement of work cannot be written to the repository".into(),
        ))
    }
}

fn no_budget() -> Why {
    Why { text: "a budget is used up".into(), key: String::new() }
}

/// How driving a swarm ended.
pub(super) enum SwarmEnd {
    /// It rests.
    Rests(Status),
    /// A budget is used up; what a person is asked, if one is.
    Exhausted(Why, Option<Box<RequestKind>>),
    /// A prompt or a template cannot be rendered.
    Unrendered(Why),
}

/// Whether the swarm goes on by itself, or once somebody has changed something outside.
pub(super) fn away(status: Status, reason: Option<&Reason>) -> bool {
    status == Status::ProviderUnavailable
        || (status == Status::Failed && reason.is_some_and(|r| r.mendable))
}

fn words(reason: Option<&Reason>) -> String {
    reason.map(|r| r.text.clone()).unwrap_or_default()
}

/// A failed swarm as the plan's outcome, with the YAML key to raise.
pub(super) fn failed(phase: &Phase, reason: Option<&Reason>) -> (Outcome, Why) {
    let Some(reason) = reason else {
        return (Outcome::Failed, Why { text: "the swarm failed".into(), key: String::new() });
    };
    let key = match reason.key.as_deref() {
        Some("max_tokens") => format!("agents.yaml models.*.max_tokens (agent {})", reason.agent),
        Some(key) => format!("phases/{}.yaml swarm.{key}", phase.name),
        None => String::new(),
    };
    let outcome = if reason.key.is_some() { Outcome::Limit } else { Outcome::Failed };
    let at = if key.is_empty() { String::new() } else { format!(" [{key}]") };
    (outcome, Why { text: format!("{} in {}: {}{at}", reason.kind, phase.name, reason.text), key })
}

fn work_spec(engagement: &Engagement, tools: &Toolbox, phase: &Phase) -> Result<SwarmSpec, String> {
    let state = &engagement.state;
    let mut values = variables(engagement, phase);
    let owner = engagement.definition.agent(&phase.swarm.entry);
    values["agent"] = serde_json::json!({ "name": phase.swarm.entry, "description": owner.map(|a| a.description.as_str()).unwrap_or_default() });
    let task = render(&phase.task, &values)
        .map_err(|why| format!("the task of `{}` cannot be rendered: {why}", phase.name))?;
    let retries = state.counters.get(&phase.name, Counter::Retries);
    let factor = phase.retry.timeout_factor.powi(i32::try_from(retries).unwrap_or(i32::MAX));
    let grown = |time: std::time::Duration| {
        std::time::Duration::from_millis((time.as_millis() as f64 * factor).min(1e13) as u64)
    };
    let mut limits = limits(phase);
    limits.execution_timeout = grown(limits.execution_timeout);
    limits.node_timeout = grown(limits.node_timeout);
    let members = phase
        .swarm
        .agents
        .iter()
        .filter_map(|name| member(engagement, tools, name, Purpose::Work))
        .collect();
    Ok(SwarmSpec {
        task,
        entry: phase.swarm.entry.clone(),
        members,
        limits,
        handoff: phase.swarm.handoff,
        retry: retry(phase),
        handoffs: true,
        asks_again: ASKS_AGAIN,
    })
}

pub(super) fn member(
    engagement: &Engagement,
    tools: &Toolbox,
    name: &str,
    purpose: Purpose,
) -> Option<Member> {
    let agent = engagement.definition.agent(name)?;
    let model = engagement.state.started.model_of(agent);
    let model = engagement.definition.model(&model);
    let max_tokens = model.map_or(4096, |m| m.max_tokens);
    Some(Member {
        name: name.to_owned(),
        description: Some(agent.description.clone()),
        tools: tool_names(tools, agent, purpose),
        max_tokens,
        context: model.and_then(|m| Some(context_rule(m.context?, max_tokens))),
    })
}

/// The rule in tokens; a reply must still fit into the window.
fn context_rule(rule: Context, max_tokens: u32) -> ContextRule {
    let room = rule.window.saturating_sub(max_tokens.into());
    let trim_at = ((rule.window as f64 * rule.trim_at) as u64).min(room);
    ContextRule { trim_at, trim_to: (trim_at as f64 * rule.trim_to / rule.trim_at) as u64 }
}

pub(super) fn limits(phase: &Phase) -> Limits {
    let s = &phase.swarm;
    Limits {
        max_handoffs: s.max_handoffs,
        max_iterations: s.max_iterations,
        execution_timeout: s.execution_timeout,
        node_timeout: s.node_timeout,
        repetitive_handoff_detection_window: s.repetitive_handoff_detection_window,
        repetitive_handoff_min_unique_agents: s.repetitive_handoff_min_unique_agents,
        max_turns: s.max_turns,
        token_budget: s.token_budget,
    }
}

pub(super) fn retry(phase: &Phase) -> RetryPolicy {
    let s = &phase.swarm;
    RetryPolicy {
        max_attempts: s.provider_max_attempts,
        initial_delay: s.provider_initial_delay,
        max_delay: s.provider_max_delay,
    }
}
