//! Drives a swarm, for a phase's work or its review, and interprets its end.

use cloudcrew_definition::crew::{Context, Phase};
use cloudcrew_plan::Outcome;
use cloudcrew_ports::model::Purpose;
use cloudcrew_tools::{ANSWER_REMARK, Toolbox};

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Event, Why, ms};
use crate::engagement::host::{HostError, SwarmHost, tool_names};
use crate::engagement::load::Engagement;
use crate::engagement::request::RequestKind;
use crate::swarm::{ContextRule, Input, Limits, Member, Reason, RetryPolicy, Status, Stop, drive};

/// Minimum wait before an unavailable provider is tried again, in milliseconds.
const PARK_MS: i64 = 60_000;
/// Maximum wait, in milliseconds, even when the provider asks for more: it may be wrong.
pub(in crate::engagement) const MAX_PARK_MS: i64 = 3_600_000;
/// How often per visit a model is asked again after an empty reply, or one that announced tool
/// calls but made none.
pub(in crate::engagement) const ASKS_AGAIN: u32 = 2;

impl Driver {
    /// Fails the phase because a text of the pinned definitions cannot be rendered.
    pub(in crate::engagement) async fn stop_unrendered(
        &self,
        why: Why,
    ) -> Result<(), EngagementError> {
        self.go_because(Outcome::Failed, Some(why)).await
    }

    /// The event for a provider that is unavailable, or refuses until someone fixes the cause.
    pub(in crate::engagement) async fn parked_until(
        &self,
        status: Status,
        reason: Option<&Reason>,
    ) -> Event {
        let blocked = status == Status::Failed;
        self.inner.lock().await.tried.provider = true;
        let asked = reason.and_then(|r| r.retry_after).map_or(0, |wait| ms(wait) as i64);
        let wait = asked.clamp(PARK_MS, MAX_PARK_MS);
        Event::ParkedUntil {
            at: self.now().await.saturating_add(wait),
            reason: words(reason),
            blocked,
        }
    }

    /// The definition of the current phase.
    pub(in crate::engagement) async fn phase(&self) -> Option<Phase> {
        self.look(|e| e.state.phase().and_then(|p| e.definition.phase(p)).cloned()).await
    }

    /// Drives the current swarm; returns `None` when the process was asked to stop.
    pub(in crate::engagement) async fn run_swarm(
        &self,
        phase: &Phase,
    ) -> Result<Option<(SwarmEnd, Option<Reason>)>, EngagementError> {
        let taken = {
            let mut inner = self.inner.lock().await;
            inner
                .engagement
                .state
                .swarm
                .as_mut()
                .and_then(|s| Some((s.id.clone(), s.purpose, s.machine.take()?)))
        };
        let Some((id, purpose, mut machine)) = taken else {
            return Err(self.damaged("no swarm is running".into()).await);
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
        // The machine has accepted the deferred inputs already. Record what was paid for even when
        // a tool failed.
        let settled = self.settle_deferred().await;
        // After a failure the machine may be ahead of the journal, so it is not put back: the next
        // driver reads the journal again.
        if let Err(Stop::Failed(HostError::Failed(error))) = driven {
            return Err(error);
        }
        settled?;
        let reason = machine.reason().cloned();
        if let Some(run) = self.inner.lock().await.engagement.state.swarm.as_mut() {
            run.machine = Some(machine);
        }
        let end = match driven {
            Ok(status) => SwarmEnd::Rests(status),
            Err(Stop::Halted) => return Ok(None),
            Err(Stop::Failed(HostError::Failed(error))) => return Err(error),
            Err(Stop::Failed(HostError::OverBudget(why, asks))) => SwarmEnd::Exhausted(why, asks),
            Err(Stop::Failed(HostError::Unrendered(why))) => SwarmEnd::Unrendered(why),
        };
        Ok(Some((end, reason)))
    }
}

/// How driving a swarm ended.
pub(in crate::engagement) enum SwarmEnd {
    /// The swarm rests.
    Rests(Status),
    /// A budget is used up; with the request for a person, if the budget allows one.
    Exhausted(Why, Option<Box<RequestKind>>),
    /// A prompt or a template cannot be rendered.
    Unrendered(Why),
}

/// Whether the swarm can continue later: by itself, or once someone has fixed the cause.
pub(in crate::engagement) fn away(status: Status, reason: Option<&Reason>) -> bool {
    status == Status::ProviderUnavailable
        || (status == Status::Failed && reason.is_some_and(|r| r.mendable))
}

fn words(reason: Option<&Reason>) -> String {
    reason.map(|r| r.text.clone()).unwrap_or_default()
}

/// Converts a failed swarm to an outcome of the plan and a reason with the YAML key to raise.
pub(in crate::engagement) fn failed(phase: &Phase, reason: Option<&Reason>) -> (Outcome, Why) {
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

pub(in crate::engagement) fn member(
    engagement: &Engagement,
    tools: &Toolbox,
    phase: &Phase,
    name: &str,
    purpose: Purpose,
) -> Option<Member> {
    let agent = &phase.cast(engagement.definition.agent(name)?);
    let model = engagement.state.started.model_of(agent);
    let model = engagement.definition.model(&model);
    let max_tokens = model.map_or(4096, |m| m.max_tokens);
    let mut granted = tool_names(tools, agent, purpose);
    if purpose == Purpose::Work && engagement.state.remarks_for(name).next().is_some() {
        granted.push(ANSWER_REMARK.to_owned());
    }
    Some(Member {
        name: name.to_owned(),
        description: Some(agent.description.clone()),
        tools: granted,
        max_tokens,
        context: model.and_then(|m| Some(context_rule(m.context?, max_tokens))),
    })
}

/// The rule in tokens, with room for a reply in the window.
fn context_rule(rule: Context, max_tokens: u32) -> ContextRule {
    let room = rule.window.saturating_sub(max_tokens.into());
    let trim_at = ((rule.window as f64 * rule.trim_at) as u64).min(room);
    ContextRule { trim_at, trim_to: (trim_at as f64 * rule.trim_to / rule.trim_at) as u64 }
}

pub(in crate::engagement) fn limits(phase: &Phase) -> Limits {
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

pub(in crate::engagement) fn retry(phase: &Phase) -> RetryPolicy {
    let s = &phase.swarm;
    RetryPolicy {
        max_attempts: s.provider_max_attempts,
        initial_delay: s.provider_initial_delay,
        max_delay: s.provider_max_delay,
    }
}
