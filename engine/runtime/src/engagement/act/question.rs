//! Questions of an agent to the customer.

use cloudcrew_plan::Outcome;
use cloudcrew_ports::ledger::LedgerKind;
use serde_json::json;

use crate::engagement::asked::{new_question, question_id};
use crate::engagement::drive::Rest;
use crate::engagement::driver::Driver;
use crate::engagement::error::EngagementError;
use crate::engagement::event::{Decision, Event};
use crate::engagement::request::Request;
use crate::swarm::{Input, Question};

impl Driver {
    /// Opens the request for a question.
    pub(in crate::engagement) async fn ask(
        &self,
        question: &Question,
    ) -> Result<(), EngagementError> {
        let request = self
            .look(|e| {
                let swarm = e.state.swarm.as_ref().map(|run| run.id.as_str());
                let id = question_id(swarm, &question.id);
                new_question(e, e.state.phase().unwrap_or_default(), &id, question)
            })
            .await;
        let request = Box::new(self.opened_now(request).await);
        self.append(vec![Event::RequestOpened(request)]).await
    }

    /// Waits for answers, unless the rehearsed customer has one.
    pub(in crate::engagement) async fn hear(
        &self,
        open: Vec<Request>,
    ) -> Result<Option<Rest>, EngagementError> {
        for request in &open {
            if self.rehearsed_answer(request).await? {
                return Ok(None);
            }
        }
        Ok(Some(Rest::Waiting(open)))
    }

    /// Passes the answers to the swarm.
    pub(in crate::engagement) async fn take_answers(
        &self,
        answered: &[(Question, Request)],
    ) -> Result<(), EngagementError> {
        let mut answers = Vec::new();
        for (question, request) in answered {
            if let Some(Decision::Answer { value }) = request.answer.as_ref().map(|a| &a.decision) {
                let words = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.note(request, LedgerKind::Answer, &question.question, &words).await?;
                answers.push(json!({ "interrupt": question.id, "answer": value }));
            }
        }
        let input = Box::new(Input::Answers(answers.into()));
        self.append(vec![Event::SwarmInput { input, elapsed_ms: 0, settled: None, done: None }])
            .await?;
        self.go(Outcome::Answered).await
    }
}
