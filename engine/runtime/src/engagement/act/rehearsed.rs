//! The rehearsed customer.

use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Decision, ms};
use crate::engagement::request::{Request, RequestKind};

/// Maximum number of reminders to send one by one during a rehearsed silence.
const MOST_REMINDERS: i64 = 100;

impl Driver {
    /// Lets the rehearsed customer act at a gate; returns `true` when something happened.
    pub(in crate::engagement) async fn rehearsed_customer(
        &self,
        request: &Request,
    ) -> Result<bool, EngagementError> {
        let Some(rehearsal) = self.rehearsal().await else { return Ok(false) };
        for bend in
            rehearsal.gates.iter().filter(|b| b.phase == request.phase && request.revision == 1)
        {
            let waited = self.now().await - request.opened;
            if let Some(silent) = bend.silent_for.filter(|s| waited < ms(*s) as i64) {
                // Beyond the maximum, one reminder stands for all of them.
                let many = request.remind_after.is_some_and(|every| {
                    (ms(silent) as i64 - waited) / every.max(1) > MOST_REMINDERS
                });
                let next =
                    request.due().filter(|_| !many).map_or(i64::MAX, |due| due - request.opened);
                let until = next.min(ms(silent) as i64).max(waited + 1);
                self.ports
                    .clock
                    .sleep(std::time::Duration::from_millis((until - waited) as u64))
                    .await;
                return Ok(true);
            }
        }
        // A gate is approved without a person only with `--approve all`.
        let decisions =
            rehearsal.gates.iter().filter(|b| b.phase == request.phase).filter_map(|b| {
                match (&b.revises, &b.approves) {
                    (Some(words), _) => {
                        let (words, to) = (words.clone(), b.to.clone());
                        Some(Decision::Revise { words, to, ratings: Vec::new() })
                    }
                    (None, Some(ratings)) if self.options.approve_all => {
                        Some(Decision::Approve { ratings: ratings.clone() })
                    }
                    _ => None,
                }
            });
        let Some(decision) = decisions.into_iter().nth(request.revision as usize - 1) else {
            return Ok(false);
        };
        // Without revisions left, a person has to decide.
        if matches!(decision, Decision::Revise { .. })
            && matches!(request.kind, RequestKind::Approval { may_revise: false, .. })
        {
            return Ok(false);
        }
        // Nor to a phase that this workflow leaves out.
        if let (Decision::Revise { to: Some(to), .. }, RequestKind::Approval { revise_to, .. }) =
            (&decision, &request.kind)
            && !revise_to.contains(to)
        {
            return Ok(false);
        }
        self.answer_for(request, decision, "rehearsed customer", "rehearsal").await?;
        Ok(true)
    }

    pub(in crate::engagement) async fn rehearsed_answer(
        &self,
        request: &Request,
    ) -> Result<bool, EngagementError> {
        let (Some(rehearsal), RequestKind::Question { question, .. }) =
            (self.rehearsal().await, &request.kind)
        else {
            return Ok(false);
        };
        let asked = question.to_lowercase();
        let Some(answer) =
            rehearsal.answers.iter().find(|a| asked.contains(&a.question.to_lowercase()))
        else {
            return Ok(false);
        };
        let decision = Decision::Answer { value: answer.answer.clone().into() };
        self.answer_for(request, decision, "rehearsed customer", "rehearsal").await?;
        Ok(true)
    }

    pub(in crate::engagement) async fn rehearsal(
        &self,
    ) -> Option<cloudcrew_definition::crew::Rehearsal> {
        self.look(|e| {
            e.state
                .started
                .rehearsal
                .as_ref()
                .and_then(|name| e.definition.rehearsal(name))
                .cloned()
        })
        .await
    }
}
