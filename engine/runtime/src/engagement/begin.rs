//! Starts an engagement. Everything that it depends on is pinned by hash before its first entry is
//! written.

use std::collections::BTreeMap;

use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::syntax::InputValue;
use cloudcrew_plan::{Plan, SEMANTICS};

use super::append::Record;
use super::error::EngagementError;
use super::event::{AfterRecord, BaseRecord, Event, RunMode, Started};
use super::load::write_entries;
use super::reading::read_sow;
use super::refusal::Refusal;
use super::standing::Standing;
use super::state::State;
use cloudcrew_ports::journal::Batch;
use cloudcrew_ports::secret::redacted;

/// A statement of work.
#[derive(Debug, Clone)]
pub struct SowFile {
    /// File name, without folders.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What an engagement starts with.
#[derive(Debug)]
pub struct Begin<'a> {
    /// Its id.
    pub project: &'a str,
    /// The person who owns and starts it.
    pub actor: &'a str,
    /// The definition it is pinned to.
    pub definition: &'a Definition,
    /// The plan it is pinned to.
    pub plan: &'a Plan,
    /// The phase to start with; defaults to the first.
    pub entry: Option<&'a str>,
    /// The statement of work.
    pub sow: SowFile,
    /// The values of the workflow's inputs.
    pub inputs: BTreeMap<String, InputValue>,
    /// The overlay of the workspace that the definitions come from.
    pub overlay: Option<String>,
    /// The earlier engagement that it continues: it starts with its ledger.
    pub after: Option<AfterRecord>,
    /// A model that all agents use instead of their own.
    pub model: Option<String>,
    /// Models that individual agents use instead of their own: agent, model.
    pub agent_models: Vec<(String, String)>,
    /// The run mode.
    pub voice: RunMode,
    /// Name of the rehearsal file that changes the default rehearsal.
    pub rehearsal: Option<String>,
    /// Path of the repository.
    pub repo: String,
    /// URL of the repository on a server, whose clone that path is.
    pub remote: Option<String>,
    /// Its branch.
    pub branch: String,
    /// The engagement's date, `YYYY-MM-DD`.
    pub date: String,
    /// A random id that distinguishes engagements of the same name.
    pub identity: String,
    /// The commit at which its branch starts.
    pub base: Option<BaseRecord>,
    /// The current time, milliseconds since 1970 UTC.
    pub now: i64,
}

fn without_secrets(value: InputValue) -> InputValue {
    match value {
        InputValue::Text(text) => InputValue::Text(redacted(&text).into_owned()),
        value => value,
    }
}

/// Starts an engagement.
///
/// # Errors
/// When its id is taken, the plan has no such phase, or a store fails.
pub async fn begin(record: Record<'_>, begin: Begin<'_>) -> Result<(), EngagementError> {
    let entry = match begin.entry {
        None => begin.plan.start.clone(),
        Some(phase) => begin
            .plan
            .entry(phase)
            .ok_or_else(|| Refusal::NoPhase {
                workflow: begin.plan.workflow.clone(),
                phase: phase.to_owned(),
            })?
            .to_owned(),
    };
    let blobs = record.blobs;
    let workflow = &begin.plan.workflow;
    let text = redacted(&begin.sow.text);
    let read = read_sow(begin.definition, workflow, &begin.sow.name, &text)
        .map_err(|e| EngagementError::World(e.to_string()))?;
    let items = serde_json::to_vec(&read).unwrap_or_default();
    let started = Started {
        project: begin.project.to_owned(),
        owner: begin.actor.to_owned(),
        actor: begin.actor.to_owned(),
        semantics: SEMANTICS,
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        workflow: begin.plan.workflow.clone(),
        definition: blobs.put(&begin.definition.bytes()).await?,
        plan: blobs.put(&begin.plan.bytes()).await?,
        sow_file: begin.sow.name,
        sow: blobs.put(text.as_bytes()).await?,
        sow_items: Some(blobs.put(&items).await?),
        inputs: begin
            .inputs
            .into_iter()
            .map(|(name, value)| (name, without_secrets(value)))
            .collect(),
        overlay: begin.overlay,
        after: begin.after,
        model: begin.model,
        agent_models: begin.agent_models,
        voice: begin.voice,
        rehearsal: begin.rehearsal,
        repo: begin.repo,
        remote: begin.remote,
        branch: begin.branch,
        date: begin.date,
        identity: begin.identity,
        base: begin.base,
    };
    let entered = Event::Entered { state: entry, on: None, resume: None, why: None };
    let mut state = State::new(begin.plan.clone(), started.clone(), begin.now);
    state.apply(&entered, begin.now).map_err(|e| EngagementError::Damaged {
        project: begin.project.to_owned(),
        seq: 2,
        why: e.to_string(),
    })?;
    let events = [Event::Started(Box::new(started)), entered];
    let entries = write_entries(blobs, &events, begin.now).await?;
    let row = Standing::of(&state).row();
    let receipt = record.receipt.and_then(|receipt| receipt(&events));
    match record.journal.create(begin.project, Batch { entries, row, receipt }).await? {
        Some(_) => Ok(()),
        None => Err(EngagementError::Exists(begin.project.to_owned())),
    }
}
