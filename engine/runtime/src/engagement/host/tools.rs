//! The tools of one turn. They run in parallel, their effects happen in the order of the calls, and
//! their results are bounded in total.

use std::collections::HashSet;

use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::crew::{Agent, Grant};
use cloudcrew_ports::StoreError;
use cloudcrew_ports::bounds::cut;
use cloudcrew_ports::model::{Purpose, ToolResult, ToolSpec, ToolStatus, ToolUse};
use cloudcrew_tools::{AnswerForm, Broken, CallQuestion, MAX_SHOWN, Outcome, ToolError, Toolbox};

use tokio::sync::Mutex;

use super::{HostError, SwarmHost, failed};
use crate::engagement::error::EngagementError;
use crate::engagement::event::Event;
use crate::engagement::workplace::CallWorkplace;
use crate::swarm::{Stop, Swarm, ToolAnswer, ToolCalls, handoff_spec};

/// Maximum total size of a turn's tool results in bytes, attachments included: more than any model
/// reads at once.
const MAX_TURN: usize = 4 * 1024 * 1024;
/// Maximum bytes of a call's arguments in a question.
const MAX_INPUT: usize = 2 * 1024;
/// Maximum number of questions in one turn.
const MAX_QUESTIONS: usize = 16;

impl SwarmHost<'_> {
    pub(super) async fn tools(&self, agent: &Agent, swarm: &Swarm) -> Vec<ToolSpec> {
        let tools = &self.driver.ports.tools;
        // What the swarm began with, which may be more than the definition grants.
        let member = swarm.spec().members.iter().find(|member| member.name == agent.name);
        let names = match member {
            Some(member) => member.tools.clone(),
            None => tool_names(tools, agent, self.purpose),
        };
        let registered = names.iter().filter_map(|name| tools.find(name));
        let mut specs: Vec<ToolSpec> = registered.map(|tool| tool.spec.clone()).collect();
        if swarm.spec().may_hand_off(&agent.name) {
            specs.push(handoff_spec());
        }
        specs
    }

    pub(super) async fn announce(&self, calls: &ToolCalls) -> Result<(), Stop<HostError>> {
        self.effects.send_replace(0);
        {
            let mut turn = self.turn();
            (turn.bytes, turn.questions) = (0, 0);
        }
        let names: Vec<(String, String)> = calls
            .calls
            .iter()
            .map(|(i, c)| (self.step(calls.visit, calls.turn, &format!("c{i}")), c.name.clone()))
            .collect();
        let called = self.driver.look(|e| e.state.swarm.as_ref().map(|run| run.called.clone()));
        let called = called.await.unwrap_or_default();
        self.turn().repeated = names
            .iter()
            .map(|(step, _)| step)
            .filter(|step| called.contains(step))
            .cloned()
            .collect();
        let event = Event::ToolsCalled { agent: calls.agent.clone(), calls: names };
        // Calls of tools that only read need not be on disk before they are made.
        let reads = calls.calls.iter().all(|(_, call)| {
            self.driver
                .ports
                .tools
                .find(&call.name)
                .is_none_or(|tool| tool.info.effect == Effect::Pure)
        });
        self.turn().reads = reads;
        if reads {
            self.driver.defer([event], None).await;
            return Ok(());
        }
        self.driver.append(vec![event]).await.map_err(failed)
    }

    pub(super) async fn call(
        &self,
        calls: &ToolCalls,
        index: usize,
        call: &ToolUse,
    ) -> Result<ToolAnswer, Stop<HostError>> {
        let place = calls.calls.iter().position(|(i, _)| *i == index).unwrap_or(0);
        let pass_on = || self.effects.send_modify(|t| *t = (*t).max(place + 1));
        let answer = |status, text: String, started| {
            ToolAnswer::Result(
                ToolResult { id: call.id.clone(), status, text, attachments: Vec::new() },
                started,
            )
        };
        let Some(registered) = self.driver.ports.tools.find(&call.name) else {
            self.my_turn(place).await;
            pass_on();
            return Ok(answer(
                ToolStatus::Error,
                format!("No tool named \"{}\".", call.name),
                false,
            ));
        };
        if let Some(why) = registered.mismatch(&call.input) {
            self.my_turn(place).await;
            pass_on();
            return Ok(answer(
                ToolStatus::Error,
                format!("Invalid input for {}: {why}", call.name),
                false,
            ));
        }
        let active = self.turn().active.clone().filter(|active| active.agent.name == calls.agent);
        let fresh;
        let agent = match &active {
            Some(active) => &active.agent,
            // A process that resumes in the middle of a turn has not prepared its agent.
            None => {
                fresh = self.agent(&calls.agent).await?;
                &fresh
            }
        };
        if registered.info.effect != Effect::Pure {
            self.my_turn(place).await;
        }
        let step = self.step(calls.visit, calls.turn, &format!("c{index}"));
        if registered.info.effect == Effect::Uncertain && self.turn().repeated.contains(&step) {
            pass_on();
            return Ok(uncertain(&calls.agent, call));
        }
        let (driver, phase) = (self.driver, &self.phase.name);
        let workplace = CallWorkplace { driver, agent, phase, step, found: Mutex::default() };
        let outcome = registered.call(&workplace, call.input.clone()).await;
        if registered.info.effect == Effect::Pure {
            self.my_turn(place).await;
        }
        pass_on();
        match outcome {
            Ok(Outcome::Done(text, done)) => {
                self.turn().done.insert(index, done);
                Ok(answer(ToolStatus::Success, self.within_turn(text), true))
            }
            Ok(Outcome::Shows(text, _)) if !self.has_room(MAX_SHOWN) => {
                let why = format!(
                    "{text} It was not shown: this turn's results are too large together; look at \
                     it in a turn of its own."
                );
                Ok(answer(ToolStatus::Error, why, true))
            }
            Ok(Outcome::Shows(text, attachment)) => {
                let id = call.id.clone();
                let result = ToolResult {
                    id,
                    status: ToolStatus::Success,
                    text,
                    attachments: vec![attachment],
                };
                Ok(ToolAnswer::Result(result, true))
            }
            Ok(Outcome::Asks { name, question, form }) => {
                let asked = {
                    let mut turn = self.turn();
                    turn.questions += 1;
                    turn.questions
                };
                if asked > MAX_QUESTIONS {
                    let why = format!("Not asked: at most {MAX_QUESTIONS} questions in one turn.");
                    return Ok(answer(ToolStatus::Error, why, true));
                }
                Ok(ToolAnswer::Asks(name, question, form))
            }
            Err(ToolError::Refused(why)) => {
                Ok(answer(ToolStatus::Error, self.within_turn(why), true))
            }
            Err(ToolError::Failed(broken)) => Err(failed(engagement_error(broken))),
        }
    }

    /// Reserves bytes for a result; `false` when the results of this turn leave no room for them.
    fn has_room(&self, bytes: usize) -> bool {
        let mut turn = self.turn();
        let fits = turn.bytes.saturating_add(bytes) <= MAX_TURN;
        if fits {
            turn.bytes += bytes;
        }
        fits
    }

    /// Cuts a tool's result to the room that is left in this turn.
    fn within_turn(&self, mut text: String) -> String {
        if self.has_room(text.len()) {
            return text;
        }
        let room = {
            let mut turn = self.turn();
            let room = MAX_TURN.saturating_sub(turn.bytes);
            turn.bytes = MAX_TURN;
            room
        };
        let whole = text.len();
        cut(&mut text, room);
        let kept = text.len();
        text.push_str(&format!(
            "\n[{kept} of {whole} bytes: the results of one turn are at most {MAX_TURN} bytes \
             together; ask for the rest in another turn]"
        ));
        text
    }

    /// Waits until the effects of all earlier calls have happened. `place` counts only running
    /// calls: the machine answers some itself, such as a handoff between two writes.
    async fn my_turn(&self, place: usize) {
        let mut turn = self.effects.subscribe();
        // The sender lives as long as this host.
        let _ = turn.wait_for(|t| *t >= place).await;
    }
}

/// Asks a person whether a call that was cut off had its effect: repeating it could do it twice.
fn uncertain(agent: &str, call: &ToolUse) -> ToolAnswer {
    let mut input = serde_json::to_string_pretty(&call.input).unwrap_or_default();
    cut(&mut input, MAX_INPUT);
    let question = format!(
        "The process ended while {agent} was calling {}, and no result was recorded. Did the call \
         have its effect? Look where it would show.\n\n{input}",
        call.name
    );
    let choices = ["it had its effect", "it had no effect", "nobody knows"];
    let form = AnswerForm {
        choices: choices.map(str::to_owned).into(),
        optional: false,
        call: Some(CallQuestion::Effect { tool: call.name.clone() }),
        ..AnswerForm::default()
    };
    ToolAnswer::Asks("effect".to_owned(), question, form)
}

/// Names of an agent's tools.
pub(in crate::engagement) fn tool_names(
    tools: &Toolbox,
    agent: &Agent,
    purpose: Purpose,
) -> Vec<String> {
    let info = |name: &str| tools.find(name).map(|tool| &tool.info);
    let keep = |name: &&String| match purpose {
        Purpose::Work => true,
        Purpose::Review => info(name).is_some_and(|info| info.in_review),
        Purpose::Conversation => info(name).is_some_and(|info| match info.capability {
            Capability::WriteLedger => true,
            Capability::Ask
            | Capability::Judge
            | Capability::Run
            | Capability::Command
            | Capability::Board
            | Capability::Server => false,
            _ => info.effect == Effect::Pure,
        }),
    };
    let granted = agent.grants.iter().flat_map(Grant::names);
    let mut names: Vec<String> = agent.tools.iter().cloned().chain(granted).collect();
    names.retain(|name| keep(&name));
    // Two grants may name one tool, with different arguments.
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// Converts an error that a tool passed on.
pub(in crate::engagement) fn engagement_error(Broken(error): Broken) -> EngagementError {
    match error.downcast::<EngagementError>() {
        Ok(error) => *error,
        Err(error) => match error.downcast::<StoreError>() {
            Ok(error) => (*error).into(),
            Err(error) => EngagementError::World(error.to_string()),
        },
    }
}
