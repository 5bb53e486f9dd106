//! `lambda answer`: drives the outbox of a deployment. It takes what the table has recorded to
//! whoever is waiting for it. An event only says which engagement to look at, so it may arrive
//! late, twice or out of order.

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudcrew_plan::Kind;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::index::{Index as _, Which};
use cloudcrew_ports::lease::Leases as _;
use cloudcrew_runtime::engagement::{
    Action, Engagement, EngagementError, Standing, Tried, converse, decide, settle as record_due,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::functions::{Fault, OfProject, read};
use super::heard::Heard;
use super::{drive, holder, report, take};
use crate::exit::Failure;
use crate::wiring::aws::{Callback, Cloud, Known, Outbox, Report, Run, Timed, Timetable};
use crate::wiring::clock::SystemClock;

/// What the name of the lease ends with that is held while people are notified.
const NOTICES: &str = "/notices";
/// Minimum delay of a scheduled event, in milliseconds.
const SOON: i64 = 2_000;

/// Events that the function accepts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Trigger {
    /// Items of the table changed.
    Stream {
        #[serde(rename = "Records")]
        records: Vec<Changed>,
    },
    /// A container has stopped.
    Stopped { detail: Box<Container> },
    /// A message of an engagement waits for an answer.
    Talk {
        project: String,
        #[serde(rename = "talk")]
        _talk: bool,
    },
    /// People may have to be notified about an engagement.
    Tell {
        project: String,
        #[serde(rename = "tell")]
        _tell: bool,
    },
    /// A reader has connected, or lacks much of one engagement.
    Reader { connection: String, project: Option<String> },
    /// An engagement has changed.
    Project(OfProject),
    /// Look for everything that was missed.
    Sweep {
        #[serde(rename = "sweep")]
        _sweep: bool,
    },
}

/// A record of the table's stream: the keys of an item.
#[derive(Deserialize)]
struct Changed {
    dynamodb: Keys,
}

#[derive(Deserialize)]
struct Keys {
    #[serde(rename = "Keys")]
    keys: Key,
    #[serde(rename = "SequenceNumber")]
    number: String,
}

#[derive(Deserialize)]
struct Key {
    #[serde(rename = "PK")]
    partition: Text,
    #[serde(rename = "SK")]
    sort: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// What the container service says of a task.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    last_status: String,
    overrides: Overrides,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Overrides {
    container_overrides: Vec<Override>,
}

#[derive(Deserialize)]
struct Override {
    #[serde(default)]
    environment: Vec<Variable>,
}

#[derive(Deserialize)]
struct Variable {
    name: String,
    value: String,
}

impl Container {
    fn variable(&self, name: &str) -> Option<&str> {
        let mut all = self.overrides.container_overrides.iter().flat_map(|one| &one.environment);
        all.find(|variable| variable.name == name).map(|variable| variable.value.as_str())
    }
}

pub async fn answer(
    cloud: &Cloud,
    outbox: &Outbox,
    event: Value,
    watch: &Arc<Heard>,
) -> Result<Value, Fault> {
    match read(event)? {
        Trigger::Stream { records } => Ok(stream(cloud, outbox, &records, watch).await),
        Trigger::Stopped { detail } => {
            stopped(cloud, &detail).await?;
            Ok(json!({}))
        }
        Trigger::Talk { project, .. } => {
            talk(cloud, &project, watch).await?;
            Ok(json!({}))
        }
        Trigger::Tell { project, .. } => {
            tell(cloud, outbox, &project).await?;
            Ok(json!({}))
        }
        Trigger::Reader { connection, project } => {
            let Some(pushes) = &outbox.pushes else { return Ok(json!({})) };
            let sent = match project {
                Some(project) => pushes.catch_up(&connection, &project).await,
                None => pushes.begin(&connection).await,
            };
            sent.map_err(Failure::from)?;
            Ok(json!({}))
        }
        Trigger::Project(OfProject { project }) => {
            project_changed(cloud, outbox, &project, watch).await?;
            Ok(json!({}))
        }
        Trigger::Sweep { .. } => {
            for listing in cloud.store.list(Which::All).await.map_err(Failure::from)? {
                let project = listing.engagement;
                let has_ended =
                    listing.row.as_ref().and_then(Standing::read).is_some_and(|s| s.end.is_some());
                let known = cloud.store.known(&project).await.map_err(Failure::from)?;
                let is_scheduled = known.due.is_some() || known.notice.is_some();
                if !has_ended || !known.callbacks.is_empty() || is_scheduled {
                    outbox.later(&project).await?;
                }
            }
            Ok(json!({}))
        }
    }
}

/// Follows the stream. An engagement that fails gets an invocation of its own, which is retried: it
/// must not hold up the others.
async fn stream(cloud: &Cloud, outbox: &Outbox, records: &[Changed], watch: &Arc<Heard>) -> Value {
    let mut done = BTreeSet::new();
    for record in records {
        let Keys { keys, number } = &record.dynamodb;
        // Leases, ledgers and older entries tell nothing new.
        let is_news = keys.sort.text == "TIP" || keys.sort.text.starts_with("C#");
        let project = keys.partition.text.strip_prefix("E#").filter(|_| is_news);
        // Whoever notifies people takes a lease, which must not notify anybody.
        let project = project.filter(|id| !id.ends_with(NOTICES));
        // A conversation has a lease of its own, beside that of its engagement.
        let project = project.map(|id| id.split('/').next().unwrap_or(id));
        let Some(project) = project.filter(|project| done.insert((*project).to_owned())) else {
            continue;
        };
        if project_changed(cloud, outbox, project, watch).await.is_err()
            && outbox.later(project).await.is_err()
        {
            return json!({ "batchItemFailures": [{ "itemIdentifier": number }] });
        }
    }
    json!({ "batchItemFailures": [] })
}

/// Does whatever an engagement needs now.
async fn project_changed(
    cloud: &Cloud,
    outbox: &Outbox,
    project: &str,
    watch: &Arc<Heard>,
) -> Result<(), Failure> {
    let (changed, told) =
        tokio::join!(changed(cloud, outbox, project, watch), news(outbox, project));
    if let Err(failure) = told {
        tracing::error!(project, "live events and notifications: {failure}");
    }
    changed.inspect_err(|failure| tracing::error!(project, "{failure}"))
}

/// Tells people what is new. Whatever takes long has an invocation of its own.
async fn news(outbox: &Outbox, project: &str) -> Result<(), Failure> {
    let (told, pushed) = tokio::join!(notify(outbox, project), push(outbox, project));
    told.and(pushed)
}

/// Begins to notify people, if there is something to say.
async fn notify(outbox: &Outbox, project: &str) -> Result<(), Failure> {
    if outbox.notices.has_news(project).await? {
        outbox.own.begin(&json!({ "project": project, "tell": true })).await?;
    }
    Ok(())
}

/// Sends readers what is new.
async fn push(outbox: &Outbox, project: &str) -> Result<(), Failure> {
    let Some(pushes) = &outbox.pushes else { return Ok(()) };
    for connection in pushes.grown(project).await? {
        let event = json!({ "connection": connection, "project": project });
        outbox.own.begin(&event).await?;
    }
    Ok(())
}

async fn changed(
    cloud: &Cloud,
    outbox: &Outbox,
    project: &str,
    watch: &Arc<Heard>,
) -> Result<(), Failure> {
    // A callback may come before its engagement is listed.
    let Some(row) = cloud.store.row(project).await? else { return Ok(()) };
    let known = cloud.store.known(project).await?;
    let standing = match Standing::read(&row) {
        Some(standing) => standing,
        // It is too large for its row.
        None => Standing::of(&cloud.look(project).await?.state),
    };
    let runs = known.run.as_ref().map(|run| run.retries);
    if standing.end.is_none() && runs != Some(standing.retries) {
        start(cloud, outbox, project, known.run.as_ref()).await?;
    }
    let now = SystemClock::default().now();
    // What is due and was missed is done now; what follows from it has another time.
    let due = row.due.filter(|_| standing.end.is_none());
    if due.is_some_and(|due| due <= now) {
        settle(cloud, project, watch).await?;
    } else {
        let event = json!({ "project": project });
        let table = (&outbox.timetable, project, &event);
        schedule(cloud, table, Timed::Due, due, known.due).await?;
        waits(cloud, project, &known, watch).await?;
    }
    if standing.cancelling && known.callbacks.is_empty() && !is_driven(cloud, project).await? {
        // Nothing else would notice: its execution has failed.
        drive(cloud, project, std::slice::from_ref(&standing.state), watch).await?;
    }
    if standing.unanswered && !is_driven(cloud, &format!("{project}/conversation")).await? {
        outbox.own.begin(&json!({ "project": project, "talk": true })).await?;
    }
    Ok(())
}

/// Sends the notifications of an engagement that are due, one process at a time, and schedules
/// those that are not.
async fn tell(cloud: &Cloud, outbox: &Outbox, project: &str) -> Result<(), Failure> {
    // A process that has it may have looked before the newest entry was written.
    let name = format!("{project}{NOTICES}");
    let (_, lease) = take(cloud, &name).await?;
    let sent = outbox.notices.send(project).await;
    cloud.store.release(&name, &lease).await?;
    let (later, known) = (sent?, cloud.store.known(project).await?.notice);
    let (table, event) = (&outbox.notices_later, json!({ "project": project, "tell": true }));
    schedule(cloud, (table, project, &event), Timed::Notice, later, known).await
}

/// Whether a living process has a lease.
async fn is_driven(cloud: &Cloud, lease: &str) -> Result<bool, Failure> {
    Ok(cloud.store.lease(lease).await?.is_some_and(|(_, alive)| alive))
}

/// Starts the execution of an engagement that began, or was retried, once.
async fn start(
    cloud: &Cloud,
    outbox: &Outbox,
    project: &str,
    before: Option<&Run>,
) -> Result<(), Failure> {
    let engagement = cloud.look(project).await?;
    let (state, workflow) = (&engagement.state, &engagement.state.started.workflow);
    let definition = &state.plan().definition;
    // Its own machine, or that of the definitions that are deployed.
    let own = before.filter(|run| run.definition == *definition).map(|run| &run.machine);
    let deployed = outbox.machines.get(workflow).filter(|_| *definition == outbox.definition);
    let machine = own.or(deployed).ok_or_else(|| {
        Failure::world(format!(
            "`{project}` was started with definitions other than the deployed ones; deploy those, \
             or retry it with `definitions: current`"
        ))
    })?;
    let retries = state.retries;
    // Only the first one has the name of the engagement, in which no `_` occurs.
    let name = match retries {
        0 => project.to_owned(),
        _ => format!("{project}_{retries}"),
    };
    let entry = entry(&engagement);
    cloud.scheduler.start(machine, &name, &json!({ "project": project, "entry": entry })).await?;
    let (machine, definition) = (machine.clone(), definition.clone());
    cloud.store.runs(project, &Run { retries, machine, definition }).await?;
    tracing::info!(project, retries, "execution started");
    Ok(())
}

/// Where the machine enters: a phase, or a gate that was opened again.
fn entry(engagement: &Engagement) -> &str {
    let (at, plan) = (&engagement.state.at, engagement.state.plan());
    match plan.state(at) {
        Some(state) if state.kind == Kind::Gate => at,
        Some(state) => state.phase.as_deref().unwrap_or(at),
        None => at,
    }
}

/// Schedules the next event of an engagement, unless it is already scheduled.
async fn schedule(
    cloud: &Cloud,
    (table, project, event): (&Timetable, &str, &Value),
    timed: Timed,
    next: Option<i64>,
    known: Option<i64>,
) -> Result<(), Failure> {
    if next == known {
        return Ok(());
    }
    // A name has at most 64 characters, and an id at most 63.
    let name = match timed {
        Timed::Due => project.to_owned(),
        Timed::Notice => format!("{project}_"),
    };
    match next {
        Some(next) => {
            let at = next.max(SystemClock::default().now() + SOON);
            table.at(&name, at, event).await?;
        }
        None => table.clear(&name).await?,
    }
    Ok(cloud.store.scheduled(project, timed, next).await?)
}

/// Continues the states that wait, if there is something to do, and reports their outcomes. Driving
/// writes a lease, which is another event: an engagement that only waits must not be driven.
async fn waits(
    cloud: &Cloud,
    project: &str,
    known: &Known,
    watch: &Arc<Heard>,
) -> Result<(), Failure> {
    if known.callbacks.is_empty() {
        return Ok(());
    }
    let states = waiting(known);
    if states.is_empty() && is_driven(cloud, project).await? {
        // The phase's own task reports the outcome.
        return Ok(());
    }
    if !states.is_empty() && goes_on(&*cloud.look(project).await?) {
        drive(cloud, project, &states, watch).await?;
    }
    report(cloud, project).await
}

/// The states that wait for people. A phase has a task of its own.
fn waiting(known: &Known) -> Vec<String> {
    let states = known.callbacks.iter().map(|callback| callback.state.clone());
    states.filter(|state| !state.ends_with(".swarm")).collect()
}

/// Whether a state that waited for people can be left, or has more to ask.
fn goes_on(engagement: &Engagement) -> bool {
    let state = &engagement.state;
    let tried = Tried { provider: true, published: state.head.clone() };
    match decide(engagement, SystemClock::default().now(), &tried) {
        Ok(Action::Gate) => {
            let is_open = |id: &str| state.open_requests().any(|request| request.id == id);
            state.gate_request().is_none_or(|request| !is_open(&request.id))
        }
        Ok(
            Action::Leave(_)
            | Action::Settle(_)
            | Action::Publish
            | Action::Ask(_)
            | Action::TakeAnswers(_)
            | Action::End(_)
            | Action::Finalize(_),
        ) => true,
        _ => false,
    }
}

/// Records what is due. The stream delivers what follows from it as another event.
pub async fn settle(cloud: &Cloud, project: &str, watch: &Arc<Heard>) -> Result<(), Failure> {
    let known = cloud.store.known(project).await?;
    let states = waiting(&known);
    if !states.is_empty() {
        drive(cloud, project, &states, watch).await?;
        return report(cloud, project).await;
    }
    let mut engagement = cloud.open(project).await?;
    Ok(record_due(cloud.record(), &SystemClock::default(), None, &mut engagement).await?)
}

/// Handles a stopped container. Unless the journal has its outcome, reports the stop at once, so
/// that the scheduler starts another. It may have stopped before it could store its callback.
async fn stopped(cloud: &Cloud, container: &Container) -> Result<(), Failure> {
    let told = (
        container.variable("PROJECT_ID"),
        container.variable("PHASE"),
        container.variable("TASK_TOKEN"),
    );
    let (Some(project), Some(phase), Some(id)) = told else { return Ok(()) };
    if container.last_status != "STOPPED" {
        return Ok(());
    }
    report(cloud, project).await?;
    let callback = Callback::new(&format!("{phase}.swarm"), "", 0, id);
    // One that was used already is refused.
    cloud.scheduler.report(&callback, &Report::Error("CloudCrew.Stopped")).await?;
    Ok(())
}

/// Answers the messages of an engagement that no running swarm will answer.
async fn talk(cloud: &Cloud, project: &str, watch: &Arc<Heard>) -> Result<(), Failure> {
    let engagement = cloud.open(project).await?;
    if engagement.state.to_answer().is_some() {
        let ports = cloud.ports(&engagement, watch.clone()).await?;
        match converse(ports, engagement, &holder()).await {
            // Another invocation answers it.
            Ok(_) | Err(EngagementError::Held { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
