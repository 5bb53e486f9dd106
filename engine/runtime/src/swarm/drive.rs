//! The async loop that drives the machine.

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
use cloudcrew_tools::AnswerForm;

/// How long running tools may delay the recording of a reply.
const HELD_BACK: Duration = Duration::from_millis(10);

/// Why driving stopped before the swarm rested.
#[derive(Debug)]
pub enum Stop<E> {
    /// The process was asked to stop between steps; the swarm can resume later.
    Halted,
    /// The host failed.
    Failed(E),
}

/// The answer of a tool.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolAnswer {
    /// A result, and whether the tool's body ran.
    Result(ToolResult, bool),
    /// A question to the customer: name, question, how it may be answered.
    Asks(String, String, AnswerForm),
}

/// Performs the steps that the machine needs.
#[async_trait]
pub trait Host: Sync {
    /// Error of the host.
    type Error: Send;

    /// Prepares the prompt of a visit; returns extra sections of the visit's input.
    async fn open_visit(
        &self,
        swarm: &Swarm,
        visit: u32,
        agent: &str,
    ) -> Result<Vec<Note>, Stop<Self::Error>>;
    /// Prepares a model call. No deadline interrupts this method.
    async fn before_model(&self, _: &Swarm, _: &ModelCall) -> Result<(), Stop<Self::Error>> {
        Ok(())
    }
    /// Calls the model with the conversation.
    async fn call_model(
        &self,
        swarm: &Swarm,
        call: &ModelCall,
    ) -> Result<Result<ModelReply, ModelFault>, Stop<Self::Error>>;
    /// Prepares a turn's tool calls.
    async fn before_tools(&self, calls: &ToolCalls) -> Result<(), Stop<Self::Error>>;
    /// Calls a tool.
    async fn call_tool(
        &self,
        calls: &ToolCalls,
        index: usize,
        call: &ToolUse,
    ) -> Result<ToolAnswer, Stop<Self::Error>>;
    /// Waits before a call is retried.
    async fn wait(&self, time: Duration);
    /// Completes after the given real time, as a deadline.
    async fn deadline(&self, time: Duration);
    /// Time since a fixed moment.
    fn elapsed(&self) -> Duration;
    /// A random number between 0 and 1.
    fn jitter(&self) -> f64;
    /// Records an input before the machine accepts it. An input without effects outside may be
    /// deferred.
    async fn record(&self, input: &Input, elapsed: Duration) -> Result<(), Stop<Self::Error>>;
    /// Reports which calls of the last reply the swarm refused, and why. Only for observers.
    async fn refused(&self, _: Vec<(ToolUse, String)>) {}
    /// Records deferred inputs.
    async fn settle(&self) -> Result<(), Stop<Self::Error>> {
        Ok(())
    }
    /// Returns input from outside that the machine accepts now; called before each step.
    async fn inbound(&self, swarm: &Swarm) -> Result<Option<Input>, Stop<Self::Error>>;
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
        if let Some(input) = host.inbound(swarm).await? {
            accept(swarm, host, input, Duration::ZERO).await?;
            continue;
        }
        let started = host.elapsed();
        match step {
            Step::OpenVisit { visit, agent } => {
                let notes = host.open_visit(swarm, visit, &agent).await?;
                accept(swarm, host, Input::VisitOpened { notes }, Duration::ZERO).await?;
            }
            Step::CallModel(call) => {
                host.before_model(swarm, &call).await?;
                let (input, took) = call_model(swarm, host, &call, started).await?;
                accept(swarm, host, input, took).await?;
            }
            Step::Wait(time) => {
                // Record everything before waiting.
                host.settle().await?;
                host.wait(time).await;
                accept(swarm, host, Input::Waited, time).await?;
            }
            Step::CallTools(calls) => call_tools(swarm, host, &calls, started).await?,
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
    // Records hold milliseconds; the machine must see the same value.
    let elapsed = Duration::from_millis(elapsed.as_millis() as u64);
    host.record(&input, elapsed).await?;
    let calls: Vec<ToolUse> = match &input {
        Input::Reply(reply) => reply.calls().cloned().collect(),
        _ => Vec::new(),
    };
    swarm
        .accept(input, elapsed)
        .expect("the input answers the machine's step, or cancels it before its end");
    if !calls.is_empty() {
        host.refused(swarm.refused(&calls)).await;
    }
    Ok(())
}

async fn call_model<H: Host>(
    swarm: &Swarm,
    host: &H,
    call: &ModelCall,
    started: Duration,
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
    let elapsed = took.unwrap_or_else(|| host.elapsed().saturating_sub(started));
    match answer {
        Some(_) if elapsed > call.time_left => {
            Ok((Input::TimedOut { finished: Vec::new() }, call.time_left))
        }
        Some(Ok(reply)) => Ok((Input::Reply(reply), elapsed)),
        Some(Err(fault)) => Ok((Input::Fault { fault, jitter: host.jitter() }, elapsed)),
        None => Ok((Input::TimedOut { finished: Vec::new() }, call.time_left)),
    }
}

/// Runs the tools of a turn in parallel; records results in the order of the calls.
async fn call_tools<H: Host>(
    swarm: &mut Swarm,
    host: &H,
    calls: &ToolCalls,
    started: Duration,
) -> Result<(), Stop<H::Error>> {
    host.before_tools(calls).await?;
    let mut running: FuturesUnordered<_> = calls
        .calls
        .iter()
        .map(|(index, call)| async move { (*index, host.call_tool(calls, *index, call).await) })
        .collect();
    let mut answers = Answers::of(calls);
    let mut counted = Duration::ZERO;
    let mut delay = pin!(host.deadline(HELD_BACK));
    let mut deferred = true;
    while !answers.are_taken() {
        let left = calls.time_left.saturating_sub(host.elapsed().saturating_sub(started));
        tokio::select! {
            biased;
            // Poll tools first: most are ready, and then no timer is set.
            Some((index, answer)) = running.next() => answers.put(index, answer),
                () = &mut delay, if deferred => {
                   deferred = false;
                record_meanwhile(&mut running, &mut answers, host.settle()).await?;
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
                host.elapsed().saturating_sub(started).min(calls.time_left).saturating_sub(counted);
            counted += elapsed;
            let input = match answer? {
                ToolAnswer::Result(result, started) => Input::ToolResult { index, result, started },
                ToolAnswer::Asks(name, question, form) => {
                    Input::Asked { index, name, question, form }
                }
            };
            record_meanwhile(&mut running, &mut answers, accept(swarm, host, input, elapsed))
                .await?;
        }
    }
    Ok(())
}

/// Records something while tools run. The tools must be polled meanwhile: one of them may be next
/// in line for a lock that recording needs.
async fn record_meanwhile<E>(
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

/// The answer of one tool call.
type Answer<E> = Result<ToolAnswer, Stop<E>>;

/// The answers to a turn's tool calls, in the order of the calls.
struct Answers<E> {
    calls: Vec<(usize, Option<Answer<E>>)>,
    /// The first that has not been taken.
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

    /// The next answer in order, if it has arrived.
    fn take(&mut self) -> Option<(usize, Answer<E>)> {
        let (index, answer) = self.calls.get_mut(self.next)?;
        let answer = answer.take()?;
        self.next += 1;
        Some((*index, answer))
    }

    fn are_taken(&self) -> bool {
        self.next == self.calls.len()
    }

    /// Results that have arrived but have not been taken.
    fn finished(&self) -> Vec<(usize, ToolResult)> {
        let arrived = self.calls.iter().filter_map(|(index, answer)| match answer {
            Some(Ok(ToolAnswer::Result(result, _))) => Some((*index, result.clone())),
            _ => None,
        });
        arrived.collect()
    }
}
