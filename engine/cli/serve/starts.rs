//! Starts engagements: from the definitions of a workspace, which are read again each time, or from
//! those that were deployed.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_api::app::{InputRow, NewSow, Receipted, WorkflowRow};
use cloudcrew_api::problem::{Kind, Problem};
use cloudcrew_api::{LargeFiles, MAX_UPLOAD, New, Started, Starts};
use cloudcrew_definition::crew::{Definition, Input, Pattern, Workflow};
use cloudcrew_definition::path::RepoPath;
use cloudcrew_plan::forecast::forecast;
use cloudcrew_plan::{Kind as StateKind, Plan, build, emit};
use cloudcrew_ports::journal::Journal;
use cloudcrew_ports::secret::redacted;
use cloudcrew_runtime::engagement::{EngagementError, Event, SowFile, Started as Pinned, read_sow};
use cloudcrew_sow::Sow;

use tokio::sync::Semaphore;

use super::allowed::Allowed;
use crate::document::document;
use crate::exit::{Exit, Failure};
use crate::models::{self, Chosen, Mode};
use crate::start::{Ground, Start, continued, free, id_of};
use crate::workspace::Place;
use crate::{home, servers, workspace};

/// Attempts to find a free id while others start engagements too.
const ATTEMPTS: usize = 20;

/// The definitions of the service.
pub enum Definitions {
    /// Those of a workspace, as they are.
    Folder(Place),
    /// Those that were deployed.
    #[cfg(feature = "aws")]
    Deployed(Box<Definition>),
}

impl Definitions {
    fn now(&self) -> Result<Definition, Failure> {
        match self {
            Definitions::Folder(place) => workspace::definition(place),
            #[cfg(feature = "aws")]
            Definitions::Deployed(definition) => Ok(Definition::clone(definition)),
        }
    }

    /// Those that an engagement would start with now.
    fn of(&self, started: &Pinned) -> Result<Definition, Failure> {
        match self {
            Definitions::Folder(place) => workspace::definition(&place.of(started)),
            #[cfg(feature = "aws")]
            Definitions::Deployed(definition) if definition.overlay != started.overlay => {
                let name = |of: &Option<String>| match of {
                    Some(name) => format!("the overlay `{name}`"),
                    None => "no overlay".to_owned(),
                };
                Err(Failure::failed(format!(
                    "it was started with {}, and this deployment has {}",
                    name(&started.overlay),
                    name(&definition.overlay)
                )))
            }
            #[cfg(feature = "aws")]
            Definitions::Deployed(_) => self.now(),
        }
    }
}

/// What the service starts engagements from.
pub struct Workspace {
    pub definitions: Definitions,
    pub ground: Arc<dyn Ground>,
    /// Where large files are sent, if not here.
    pub uploads: Option<Arc<dyn LargeFiles>>,
    /// Which repositories callers may name.
    pub allowed: Allowed,
}

#[async_trait]
impl Starts for Workspace {
    async fn start(
        &self,
        new: New,
        actor: &str,
        receipt: Receipted<'_>,
    ) -> Result<Started, Problem> {
        let definition = self.definition()?;
        let workflow =
            workspace::workflow(&definition, new.workflow.as_deref()).map_err(problem)?;
        let no_phases = || invalid(format!("`{workflow}` has no phases"));
        let plan = build(&definition, &workflow).ok_or_else(no_phases)?;
        let flow = definition.workflow(&workflow).ok_or_else(no_phases)?;
        let sow = self.statement(new.sow).await?;
        let models: Vec<String> = new.model.into_iter().collect();
        let chosen = Chosen::read(&models, &definition).map_err(problem)?;
        if let Some(name) = &new.rehearsal
            && definition.rehearsal(name).is_none()
        {
            return Err(invalid(format!("no rehearsal named `{name}`")));
        }
        let mode = Mode { rehearses: new.rehearsal.is_some(), ..Mode::default() };
        let voice = models::voice(mode, &chosen, &definition, flow).map_err(problem)?;
        models::priced(&voice, &chosen, &definition, flow).map_err(problem)?;
        let definition = servers::pinned(definition, &workflow, &voice).await.map_err(problem)?;
        let flow = definition.workflow(&workflow).ok_or_else(no_phases)?;
        let rehearsal = new.rehearsal.as_deref().and_then(|name| definition.rehearsal(name));
        let mut typed = rehearsal.map(|rehearsal| rehearsal.inputs.clone()).unwrap_or_default();
        typed.extend(new.inputs);
        let inputs = flow.inputs(&typed).map_err(invalid)?;
        let continued = continued(&*self.ground, flow, new.after.as_deref()).await;
        let continued = continued.map_err(problem)?;
        let base = new.repo.as_ref().and_then(|repo| repo.base.as_deref());
        let (repo, base, after) = match continued {
            Some(_) if new.repo.is_some() || new.customer.is_some() => {
                let why = "omit `repo` and `customer`: an engagement with `after` uses the \
                           repository of the earlier one";
                return Err(invalid(why.to_owned()));
            }
            Some(it) => {
                it.fits(&voice).map_err(problem)?;
                (Some(it.source), Some(it.base), Some(it.after))
            }
            None => {
                let source = self.allowed.source(new.repo.as_ref(), new.customer.as_deref())?;
                (source, base.map(str::to_owned), None)
            }
        };
        if let Some(id) = &new.id {
            home::valid_project(id).map_err(problem)?;
        }
        for _ in 0..ATTEMPTS {
            let project = match &new.id {
                Some(id) => id.clone(),
                None => self.unused(&sow.name).await?,
            };
            // An id that is taken must not touch the repository of its engagement.
            if self.journal().head(&project).await?.is_some() {
                return Err(EngagementError::Exists(project).into());
            }
            let ready = Start {
                ground: &*self.ground,
                definition: &definition,
                flow,
                plan: &plan,
                project: &project,
                actor,
                entry: None,
                sow: sow.clone(),
                inputs: inputs.clone(),
                after: after.clone(),
                chosen: &chosen,
                voice: voice.clone(),
                rehearsal: new.rehearsal.clone(),
                repo: repo.as_ref(),
                base: base.as_deref(),
                date: None,
            }
            .ready()
            .await
            .map_err(problem)?;
            let made = |_: &[Event]| receipt(&project);
            match ready.begin(self.ground.record().answering(&made)).await {
                Ok(lease) => {
                    self.ground.leases().release(&project, &lease).await?;
                    return Ok(Started { id: project });
                }
                // Someone else was faster, perhaps with the same request.
                Err(EngagementError::Exists(_)) if new.id.is_none() => {
                    if let Some(kept) = receipt(&project)
                        && let Some(there) = self.ground.receipts().find(&kept.key).await?
                    {
                        return Err(EngagementError::Answered(there).into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::new(Kind::Unavailable, "no id is free; name one"))
    }

    async fn read(&self, sow: NewSow, workflow: Option<&str>) -> Result<Sow, Problem> {
        let definition = self.definition()?;
        let workflow = workspace::workflow(&definition, workflow).map_err(problem)?;
        let sow = self.statement(sow).await?;
        let reading = move || read_sow(&definition, &workflow, &sow.name, &redacted(&sow.text));
        let read = tokio::task::spawn_blocking(reading).await;
        let read = read.map_err(|error| Problem::new(Kind::Fault, error.to_string()))?;
        read.map_err(|error| invalid(error.to_string()))
    }

    async fn workflows(&self) -> Result<Vec<WorkflowRow>, Problem> {
        let definition = self.definition()?;
        let row = |workflow: &Workflow| WorkflowRow {
            name: workflow.name.clone(),
            description: workflow.description.clone(),
            phases: workflow.phases.clone(),
            gates: build(&definition, &workflow.name).map_or(0, |plan| {
                let gates = plan.states.iter().filter(|state| state.kind == StateKind::Gate);
                u32::try_from(gates.count()).unwrap_or(u32::MAX)
            }),
            after: workflow.after.clone(),
            inputs: workflow.inputs.iter().map(input_row).collect(),
            forecast: forecast(&definition, workflow).total.into(),
        };
        Ok(definition.workflows.iter().map(row).collect())
    }

    async fn patterns(&self) -> Result<(Vec<Pattern>, Option<f64>), Problem> {
        let definition = self.definition()?;
        let rules = workspace::pattern_rules(&definition);
        Ok((definition.patterns.clone(), rules.min_lower_bound))
    }

    async fn definitions(&self, started: &Pinned) -> Result<(Definition, Plan), Problem> {
        let workflow = &started.workflow;
        let definition = self.definitions.of(started).map_err(problem)?;
        let pinned = servers::pinned(definition, workflow, &started.voice).await;
        let definition = pinned.map_err(problem)?;
        let plan = build(&definition, workflow).ok_or_else(|| {
            let detail = format!("the workspace no longer has a workflow `{workflow}`");
            Problem::new(Kind::Incompatible, detail)
        })?;
        Ok((definition, plan))
    }

    async fn graph(&self, workflow: &str) -> Result<Option<String>, Problem> {
        let definition = self.definition()?;
        Ok(build(&definition, workflow).map(|plan| emit::mermaid(&plan)))
    }
}

impl Workspace {
    fn journal(&self) -> &dyn Journal {
        self.ground.record().journal
    }

    fn definition(&self) -> Result<Definition, Problem> {
        self.definitions.now().map_err(|failure| match failure.exit {
            Exit::Failed => Problem::new(
                Kind::Incompatible,
                "the definitions of the service have errors; its operator sees them with \
                 `cloudcrew check`",
            ),
            _ => problem(failure),
        })
    }

    /// Reads and checks a statement of work.
    async fn statement(&self, NewSow { name, text, upload }: NewSow) -> Result<SowFile, Problem> {
        let is_plain = RepoPath::parse(&name).is_ok_and(|path| path.components().count() == 1);
        if !is_plain {
            return Err(invalid("`sow.name` must be a file name without folders".to_owned()));
        }
        let bytes = match (text, upload) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(upload)) => {
                let none = || invalid(format!("no upload `{upload}`"));
                match (self.ground.record().blobs.get(&upload).await?, &self.uploads) {
                    (None, Some(uploads)) => uploads.read(&upload, MAX_UPLOAD).await?,
                    (found, _) => found,
                }
                .ok_or_else(none)?
            }
            _ => return Err(invalid("`sow` needs either `text` or `upload`".to_owned())),
        };
        // Each may take a process of its own, with its memory.
        static READING: Semaphore = Semaphore::const_new(2);
        let _turn = READING.acquire().await.map_err(|e| invalid(e.to_string()))?;
        let reading = move || {
            let read = document(&name, &bytes)?;
            cloudcrew_sow::parse(&read.name, &read.text).map_err(|e| e.to_string())?;
            Ok(SowFile { name: read.name, text: read.text })
        };
        let read: Result<SowFile, String> =
            tokio::task::spawn_blocking(reading).await.map_err(|e| invalid(e.to_string()))?;
        read.map_err(invalid)
    }

    async fn unused(&self, sow: &str) -> Result<String, Problem> {
        let id = id_of(Path::new(sow));
        match self.journal().head(&id).await? {
            None => Ok(id),
            Some(_) => free(self.journal(), &id).await.map_err(problem),
        }
    }
}

fn input_row(input: &Input) -> InputRow {
    InputRow {
        name: input.name.clone(),
        description: input.description.clone(),
        kind: input.kind.name().to_owned(),
        default: input.default.as_ref().map(ToString::to_string),
        choices: input.choices.iter().map(ToString::to_string).collect(),
    }
}

fn invalid(detail: String) -> Problem {
    Problem::new(Kind::Invalid, detail)
}

fn problem(failure: Failure) -> Problem {
    let kind = match failure.exit {
        Exit::Usage | Exit::Failed => Kind::Invalid,
        _ => Kind::Unavailable,
    };
    Problem::new(kind, failure.to_string())
}
