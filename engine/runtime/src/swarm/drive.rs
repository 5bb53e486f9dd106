//! The async loop that feeds the machine.

use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_planted::Fault;
use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};

use super::machine::Swarm;
use super::record::Status;
use super::step::{Input, ModelCall, Note, Step, ToolCalls};
use cloudcrew_ports::model::{ModelFault, ModelReply, ToolResult, ToolUse};

/// How long a reply may be held back by tools that run, before it goes on record.
const HELD_BACK: Duration = Duration::from_millis(10);

/// Why driving stopped before the swarm came to rest.
#[derive(Debug)]
pub enum Stop<E> {
    /// Somebody asked the process to stop between steps; the swarm goes on later.
    Halted,
    /// The world failed.
    Failed(E),
}

/// What a tool said.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolAnswer {
    /// A result, and whether the tool's body ran.
    Result(ToolResult, bool),
    /// It asks the customer: name, question.
    Asks(String, String),
}

/// Does what the machine needs.
#[async_trait]
pub trait Host: Sync {
    /// What can go wrong.
    type Error: Send;

    /// An agent gets the floor: its prompt is made; extra sections of its input.
    async fn open_visit(
        &self,
        swarm: &Swarm,
        visit: u32,
        agent: &str,
    ) -> Result<Vec<Note>, Stop<Self::Error>>;
    /// A model is about to be called. Nothing of this is cut off by a deadline.
    async fn before_model(&self, _: &Swarm, _: &ModelCall) -> Result<(), Stop<Self::Error>> {
        Ok(())
    }
    /// A reply to the conversation.
    async fn call_model(
        &self,
        swarm: &Swarm,
        call: &ModelCall,
    ) -> Result<Result<ModelReply, ModelFault>, Stop<Self::Error>>;
    /// Tools are about to run.
    async fn before_tools(&self, calls: &ToolCalls) -> Result<(), Stop<Self::Error>>;
    /// Runs a tool.
    async fn call_tool(
        &self,
        calls: &ToolCalls,
        index: usize,
        call: &ToolUse,
    ) -> Result<ToolAnswer, Stop<Self::Error>>;
    /// Waits before a call is tried again.
    async fn wait(&self, time: Duration);
    /// Ends after so much real time: a deadline.
    async fn deadline(&self, time: Duration);
    /// Time since some fixed moment.
    fn elapsed(&self) -> Duration;
    /// Between 0 and 1.
    fn jitter(&self) -> f64;
    /// Puts an input on record, before the machine takes it; one from which nothing outside follows
    /// by itself may be held back.
    async fn record(&self, input: &Input, elapsed: Duration) -> Result<(), Stop<Self::Error>>;
    /// Hears which calls of the reply that was just taken in the swarm itself refused, and why: for
    /// who looks on.
    async fn refused(&self, _: Vec<(ToolUse, String)>) {}
    /// Puts on record what was held back.
    async fn settle(&self) -> Result<(), Stop<Self::Error>> {
        Ok(())
    }
    /// What came from outside, asked before each step.
    async fn inbound(&self) -> Result<Option<Input>, Stop<Self::Error>>;
}

/// Drives a swarm until it rests.
///
/// # Errors
/// When the host stops.
pub async fn drive<H: Host>(swarm: &mut Swarm, host: &H) -> Result<Status, Stop<H::Error>> {
    loop {
        let step = swarm.next_step();
        if let Step::Rest(status) = step {
            return Ok(status);
        }
        if let Some(input) = host.inbound().await? {
            accept(swarm, host, input, Duration::ZERO).await?;
            continue;
        }
        let began = host.elapsed();
        match step {
            Step::OpenVisit { visit, agent } => {
                let notes = host.open_visit(swarm, visit, &agent).await?;
                accept(swarm, host, Input::VisitOpened { notes }, Duration::ZERO).await?;
            }
            Step::CallModel(call) => {
                host.before_model(swarm, &call).await?;
                let (input, took) = call_model(swarm, host, &call, began).await?;
                accept(swarm, host, input, took).await?;
            }
            Step::Wait(time) => {
                // A fault is on record already; nothing may wait that is not.
                host.settle().await?;
                host.wait(time).await;
                accept(swarm, host, Input::Waited, time).await?;
            }
            Step::CallTools(calls) => call_tools(swarm, host, &calls, began).await?,
            Step::Rest(_) => {}
        }
    }
}

async fn accept<H: Host>(
    swarm: &mut Swarm,
    host: &H,
    input: Input,
    elapsed: Duration,
) -> Result<(), Stop<H::Error>> {
    // The record holds milliseconds; the machine takes what the record says.
    let elapsed = Duration::from_millis(elapsed.as_millis() as u64);
    host.record(&input, elapsed).await?;
    let calls: Vec<ToolUse> = match &input {
        Input::Reply(reply) => reply.calls().cloned().collect(),
        _ => Vec::new(),
    };
    swarm.accept(input, elapsed).expect(
        "the input answers the step that the machine asked for, or is a cancel before its end",
    );
    if !calls.is_empty() {
        host.refused(swarm.refused(&calls)).await;
    }
    Ok(())
}

async fn call_model<H: Host>(
    swarm: &Swarm,
    host: &H,
    call: &ModelCall,
    began: Duration,
) -> Result<(Input, Duration), Stop<H::Error>> {
    let answer = tokio::select! {
        biased;
        answer = host.call_model(swarm, call) => Some(answer?),
        () = host.deadline(call.time_left) => None,
    };
    let took = match &answer {
        Some(Ok(reply)) => reply.took,
        Some(Err(fault)) => fault.took,
        None => None,
    };
    let elapsed = took.unwrap_or_else(|| host.elapsed().saturating_sub(began));
    match answer {
        Some(_) if elapsed > call.time_left => {
            Ok((Input::TimedOut { finished: Vec::new() }, call.time_left))
        }
        Some(Ok(reply)) => Ok((Input::Reply(reply), elapsed)),
        Some(Err(fault)) => Ok((Input::Fault { fault, jitter: host.jitter() }, elapsed)),
        None => Ok((Input::TimedOut { finished: Vec::new() }, call.time_left)),
    }
}

/// Runs the tools of a turn at the same time; results go on record in the order of the calls.
async fn call_tools<H: Host>(
    swarm: &mut Swarm,
    host: &H,
    calls: &ToolCalls,
    began: Duration,
) -> Result<(), Stop<H::Error>> {
    host.before_tools(calls).await?;
    let mut running: FuturesUnordered<_> = calls
        .calls
        .iter()
        .map(|(index, call)| async move { (*index, host.call_tool(calls, *index, call).await) })
        .collect();
    let mut answers = Answers::of(calls);
    let mut counted = Duration::ZERO;
    let mut held = pin!(host.deadline(HELD_BACK));
    let mut holds = true;
    while !answers.are_taken() {
        let left = calls.time_left.saturating_sub(host.elapsed().saturating_sub(began));
        tokio::select! {
            biased;
            // First: the timer is set when no tool is ready, and most are.
            Some((index, answer)) = running.next() => answers.put(index, answer),
            () = &mut held, if holds => {
                holds = false;
                beside(&mut running, &mut answers, host.settle()).await?;
            }
            () = host.deadline(left) => {
                drop(running);
                let input = Input::TimedOut { finished: answers.finished() };
                return accept(swarm, host, input, calls.time_left.saturating_sub(counted)).await;
            }
            else => return Ok(()),
        }
        while let Some((index, answer)) = answers.take() {
            let elapsed =
                host.elapsed().saturating_sub(began).min(calls.time_left).saturating_sub(counted);
            counted += elapsed;
            let input = match answer? {
                ToolAnswer::Result(result, started) => Input::ToolResult { index, result, started },
                ToolAnswer::Asks(name, question) => Input::Asked { index, name, question },
            };
            beside(&mut running, &mut answers, accept(swarm, host, input, elapsed)).await?;
        }
    }
    Ok(())
}

/// Puts something on record while tools run. One of them may be next in line for a lock that
/// recording needs; left alone, it would never let go of its place.
async fn beside<E>(
    running: &mut (impl Stream<Item = (usize, Answer<E>)> + Unpin),
    answers: &mut Answers<E>,
    recording: impl Future<Output = Result<(), Stop<E>>>,
) -> Result<(), Stop<E>> {
    let mut recording = pin!(recording);
    loop {
        tokio::select! {
            biased;
            recorded = &mut recording => return recorded,
            Some((index, answer)) = running.next() => answers.put(index, answer),
        }
    }
}

/// What came of one tool.
type Answer<E> = Result<ToolAnswer, Stop<E>>;

/// What the tools of a turn said, by the order of the calls.
struct Answers<E> {
    calls: Vec<(usize, Option<Answer<E>>)>,
    /// The first that was not taken.
    next: usize,
}

impl<E> Answers<E> {
    fn of(calls: &ToolCalls) -> Self {
        Answers { calls: calls.calls.iter().map(|(index, _)| (*index, None)).collect(), next: 0 }
    }

    fn put(&mut self, index: usize, answer: Answer<E>) {
        let Some(at) = self.calls.iter().position(|(i, _)| *i == index) else { return };
        self.calls[at].1 = Some(answer);
        if Fault::ByCompletion.is_planted() {
            self.calls.swap(at, self.next);
        }
    }

    /// The next in order, when it is there.
    fn take(&mut self) -> Option<(usize, Answer<E>)> {
        let (index, answer) = self.calls.get_mut(self.next)?;
        let answer = answer.take()?;
        self.next += 1;
        Some((*index, answer))
    }

    fn are_taken(&self) -> bool {
        self.next == self.calls.len()
    }

    /// Results that are there and were not taken.
    fn finished(&self) -> Vec<(usize, ToolResult)> {
        let there = self.calls.iter().filter_map(|(index, answer)| match answer {
            Some(Ok(ToolAnswer::Result(result, _))) => Some((*index, result.clone())),
            _ => None,
        });
        there.collect()
    }
}
