//! Leaves a state with an outcome: to the next state of the plan, or first to an approved gate that
//! must reopen.

use cloudcrew_plan::{Kind, Outcome};

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Event, Why, bound_words};
use crate::engagement::load::Engagement;

/// The phase that ends with this outcome, if it has no gate.
fn left_ungated(e: &Engagement, to: &str, on: Outcome) -> Option<String> {
    if !matches!(on, Outcome::Finished | Outcome::Passed) {
        return None;
    }
    let phase = e.state.phase()?;
    let next = e.state.plan().state(to)?.phase.as_deref();
    (next != Some(phase)).then(|| phase.to_owned())
}

impl Driver {
    /// Leaves the state with an outcome.
    pub(in crate::engagement) async fn go(&self, on: Outcome) -> Result<(), EngagementError> {
        self.go_because(on, None).await
    }

    /// Leaves the state with an outcome and a reason. A used-up bound is added to the reason.
    pub(in crate::engagement) async fn go_because(
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
                if let Some(phase) = self.look(|e| left_ungated(e, &state, on)).await {
                    self.leave_ungated(&phase).await?;
                }
                let (state, resume, why) = match self.reopened(&state, on).await? {
                    Some((gate, why)) => (gate, Some(state), Some(why)),
                    None => (state, None, why),
                };
                self.append(vec![Event::Entered { state, on: Some(on), resume, why }]).await
            }
            Err(no_way) => Err(self
                .damaged(format!("`{}` has no transition on `{}`", no_way.state, on.name()))
                .await),
        }
    }

    /// Returns the work to an earlier phase.
    pub(in crate::engagement) async fn go_back(&self, phase: &str) -> Result<(), EngagementError> {
        let on = Outcome::Returned;
        let back = self.look(|e| {
            let back = e.state.plan().back(&e.state.at, phase, &e.state.counters);
            back.map(|way| way.to.clone())
        });
        match back.await {
            Ok(state) => {
                self.append(vec![Event::Entered { state, on: Some(on), resume: None, why: None }])
                    .await
            }
            Err(no_way) => {
                let why = format!("`{}` has no way back to `{phase}`", no_way.state);
                Err(self.damaged(why).await)
            }
        }
    }

    /// The gate that must reopen before `to` may start, and why: someone changed what was approved
    /// there.
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
        let starts = self
            .look(|e| {
                e.state
                    .plan()
                    .state(to)
                    .is_some_and(|s| matches!(s.kind, Kind::Swarm | Kind::Finalize | Kind::Done))
            })
            .await;
        if !starts {
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
}
