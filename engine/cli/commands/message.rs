//! `message` and `chat`: talk with the contact of an engagement. This process answers unless
//! another one does, or the contact is at work in a phase.

use std::sync::Arc;
use std::time::Duration;

use cloudcrew_definition::shown::row;
use cloudcrew_ports::lease::Leases as _;
use cloudcrew_runtime::engagement::{
    Engagement, EngagementError, Event, NewMessage, Record, converse, message as record_message,
};
use cloudcrew_runtime::watch::{Live, Watch};
use cloudcrew_views::api::{MessageRow, MessageState};

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::lines::Lines;
use crate::out::{document, note, say};
use crate::output::pretty;
use crate::shell::pasted;
use crate::wiring::clock::SystemClock;
use crate::wiring::holder;
use crate::wiring::store::Store;
use crate::{home, wiring};

/// How often to look for the answer of another process.
const EVERY: Duration = Duration::from_millis(200);
/// How long to wait for it before saying so.
const PATIENCE: Duration = Duration::from_secs(3);

/// Sends one message and prints its answer.
pub async fn message(
    args: &Args,
    project: &str,
    words: &str,
    format: Format,
) -> Result<Exit, Failure> {
    let (store, mut engagement) = home::engagement(args, project).await?;
    let id = send(&store, &mut engagement, words).await?;
    let answer = answer(&store, engagement, &id).await?;
    match format {
        Format::Json => document(&pretty(&answer)),
        Format::Human => print(&answer),
    }
    Ok(exit(&answer))
}

/// Sends each line of stdin as a message, until it ends.
pub async fn chat(args: &Args, project: &str) -> Result<Exit, Failure> {
    let (store, engagement) = home::engagement(args, project).await?;
    let contact = engagement.definition.contact(&engagement.state.started.workflow);
    note!("talking with {}; press Ctrl-D to end", row(contact.unwrap_or("no agent")));
    drop(engagement);
    let mut lines = Lines::of_stdin();
    while let Some(line) = lines.next().await? {
        let mut engagement = home::opened(&store, project).await?;
        let id = send(&store, &mut engagement, &line).await?;
        print(&answer(&store, engagement, &id).await?);
    }
    Ok(Exit::Done)
}

async fn send(store: &Store, engagement: &mut Engagement, words: &str) -> Result<String, Failure> {
    if words.trim().is_empty() {
        return Err(Failure::usage("the message is empty"));
    }
    let id = format!("m-{}", &holder::identity()[..16]);
    let words = words.to_owned();
    let message = NewMessage { id: id.clone(), actor: home::actor(), words };
    record_message(Record::of(store), &SystemClock::default(), engagement, message).await?;
    Ok(id)
}

/// Answers a message, or waits until another process has.
async fn answer(
    store: &Store,
    mut engagement: Engagement,
    id: &str,
) -> Result<MessageRow, Failure> {
    let began = std::time::Instant::now();
    let mut announced = false;
    loop {
        engagement.catch_up(Record::of(store)).await?;
        let exchanges = &engagement.state.conversation.exchanges;
        let found = exchanges.iter().find(|exchange| exchange.message.id == id);
        let Some(exchange) = found else {
            return Err(Failure::world(format!("message `{id}` is not in the journal")));
        };
        if exchange.reply.is_some() {
            return Ok(MessageRow::new(exchange));
        }
        if engagement.state.to_answer().is_some() {
            let project = engagement.project.clone();
            let ports = wiring::talk_ports(store, &engagement, Arc::new(Quiet)).await?;
            match converse(ports, engagement, &holder::this_process()).await {
                // Another process answers it.
                Ok(_) | Err(EngagementError::Held { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            engagement = home::opened(store, &project).await?;
        } else if began.elapsed() > PATIENCE
            && !store.lease(&engagement.project).await?.is_some_and(|(_, alive)| alive)
        {
            let resume = pasted(&format!("resume {}", engagement.project));
            let to = row(&exchange.message.to);
            note!("your message is recorded; {to} answers it once the phase goes on:  {resume}");
            return Ok(MessageRow::new(exchange));
        } else if !announced && began.elapsed() > PATIENCE {
            let to = row(&exchange.message.to).into_owned();
            note!("{to} is at work and will answer in its next turn; waiting");
            announced = true;
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Prints an answer: the words of an agent, which are not trusted.
fn print(answer: &MessageRow) {
    let Some(answer) = &answer.answer else { return };
    match &answer.fault {
        Some(fault) => note!("no answer: {}", row(fault)),
        None => {
            let (agent, lines) = (row(&answer.agent), answer.text.lines());
            let lines: Vec<String> = lines.map(|line| format!("  {}", row(line))).collect();
            say!("{agent}:\n{}", lines.join("\n"));
        }
    }
}

fn exit(answer: &MessageRow) -> Exit {
    match answer.state {
        MessageState::Answered => Exit::Done,
        MessageState::Waiting => Exit::Waiting,
        MessageState::Failed => Exit::Failed,
    }
}

/// Shows nothing while an answer is made.
struct Quiet;

impl Watch for Quiet {
    fn happened(&self, _: u64, _: i64, _: &Event, _: &Engagement) {}

    fn live(&self, _: &str, _: Live<'_>) {}

    fn stop_wanted(&self) -> bool {
        false
    }
}
