//! Starts an engagement: for `run`, and for the service.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_definition::crew::{Definition, Workflow};
use cloudcrew_definition::syntax::InputValue;
use cloudcrew_plan::Plan;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::journal::Journal;
use cloudcrew_ports::lease::{Lease, Leases};
use cloudcrew_ports::receipt::Receipts;
use cloudcrew_ports::repo::Repo as _;
use cloudcrew_runtime::engagement::{
    AfterRecord, BaseRecord, Begin, EndReason, Engagement, EngagementError, Record, RunMode,
    SowFile, begin, open,
};

use crate::exit::Failure;
use crate::models::{self, Chosen};
use crate::wiring;
use crate::wiring::clock::SystemClock;
use crate::wiring::holder::{self, identity};
use crate::wiring::repo::{Base, GitRepo, RemoteUrl};

/// A repository that exists already.
pub enum Source {
    /// On this machine.
    Path(PathBuf),
    /// On a server.
    Server(RemoteUrl),
}

impl Source {
    /// Reads what a person gave as a repository.
    pub fn read(given: &Path) -> Result<Source, Failure> {
        match given.to_str().filter(|text| RemoteUrl::is_meant(text)) {
            Some(url) => Ok(Source::Server(RemoteUrl::parse(url).map_err(Failure::usage)?)),
            None => Ok(Source::Path(given.to_owned())),
        }
    }
}

/// Where engagements are started.
#[async_trait]
pub trait Ground: Send + Sync {
    /// Journals and blobs.
    fn record(&self) -> Record<'_>;

    /// Where the repository of an engagement is.
    fn place(&self, engagement: &Engagement) -> PathBuf;

    /// The leases of engagements.
    fn leases(&self) -> &dyn Leases;

    /// The replies to keyed requests.
    fn receipts(&self) -> &dyn Receipts;

    /// Opens the repository of a new engagement, or creates one if none is named.
    async fn repo(
        &self,
        project: &str,
        source: Option<&Source>,
        base: Option<&str>,
    ) -> Result<Found, Failure>;
}

/// What an engagement takes from the one that it continues.
pub struct Continued {
    /// Which one that is.
    pub after: AfterRecord,
    /// Whether it was a rehearsal.
    pub rehearsed: bool,
    /// Its repository.
    pub source: Source,
    /// Its branch.
    pub base: String,
    /// Its statement of work.
    pub sow: SowFile,
}

impl Continued {
    /// Refuses to mix what live models wrote with what was made up.
    pub fn fits(&self, voice: &RunMode) -> Result<(), Failure> {
        let project = &self.after.project;
        match (self.rehearsed, voice.is_rehearsal()) {
            (true, false) => Err(Failure::usage(format!(
                "`{project}` was a rehearsal, so live models cannot continue it; use `--model \
                 rehearsal`"
            ))),
            (false, true) => Err(Failure::usage(format!(
                "`{project}` is real work, and a rehearsal would write into its repository; \
                 rehearse the workflow after a rehearsal"
            ))),
            _ => Ok(()),
        }
    }
}

/// Finds the engagement that another one of this workflow continues; `None` for a workflow that
/// starts on its own.
pub async fn continued(
    ground: &dyn Ground,
    flow: &Workflow,
    after: Option<&str>,
) -> Result<Option<Continued>, Failure> {
    let (name, listed) = (&flow.name, flow.after.join(" or "));
    let project = match after {
        None if flow.after.is_empty() => return Ok(None),
        None => {
            let why = format!("`{name}` continues a completed engagement of {listed}; name it");
            return Err(Failure::usage(format!("{why} in `after` (`--after PROJECT`)")));
        }
        Some(_) if flow.after.is_empty() => {
            let of = flow.variant_of.as_ref().unwrap_or(name);
            return Err(Failure::usage(format!(
                "`{name}` starts on its own; to let it continue other engagements, set `after` in \
                 workflows/{of}.yaml"
            )));
        }
        Some(project) => project,
    };
    let earlier = open(ground.record(), project).await?;
    let started = &earlier.state.started;
    if !flow.after.contains(&started.workflow) {
        let other = &started.workflow;
        let why = format!("`{project}` is an engagement of {other}");
        return Err(Failure::usage(format!("{why}; `{name}` continues one of {listed}")));
    }
    let end = earlier.state.end.as_ref();
    if end.is_none_or(|end| end.kind != EndReason::Completed) {
        let at = &earlier.state.at;
        return Err(Failure::usage(format!("`{project}` is not complete: it is at {at}")));
    }
    if earlier.state.is_behind() {
        return Err(Failure::usage(format!(
            "`{project}` ended with commits that its Git server does not have; push its branch \
             `{}` first",
            started.branch
        )));
    }
    let (source, base) = match &started.remote {
        Some(url) => {
            let url = RemoteUrl::parse(url).map_err(Failure::usage)?;
            (Source::Server(url), started.branch.clone())
        }
        // The commit with which it ended, whatever became of its branch.
        None => {
            let head = earlier.state.head.clone();
            (Source::Path(ground.place(&earlier)), head.unwrap_or_else(|| started.branch.clone()))
        }
    };
    let (project, workflow) = (project.to_owned(), started.workflow.clone());
    let settled = earlier.state.settled.keys().cloned().collect();
    Ok(Some(Continued {
        after: AfterRecord { project, workflow, settled },
        rehearsed: started.voice.is_rehearsal(),
        source,
        base,
        sow: SowFile { name: started.sow_file.clone(), text: earlier.sow_text.to_string() },
    }))
}

/// The repository of an engagement that has not begun.
pub struct Found {
    pub repo: GitRepo,
    /// How the engagement names it: its path, or where it is on a server.
    pub path: PathBuf,
    /// The clone that it is, if it is one.
    pub clone: Option<NewClone>,
}

/// A clone in our own folder, which is removed unless the engagement begins and keeps it.
pub struct NewClone {
    path: PathBuf,
    is_to_keep: bool,
    stays: bool,
}

impl NewClone {
    /// One that the engagement keeps.
    pub fn to_keep(path: PathBuf) -> NewClone {
        NewClone { path, is_to_keep: true, stays: false }
    }

    /// One that nothing keeps.
    #[cfg(feature = "aws")]
    pub fn for_now(folder: tempfile::TempDir) -> NewClone {
        NewClone { path: folder.keep(), is_to_keep: false, stays: false }
    }

    fn begun(mut self) {
        self.stays = self.is_to_keep;
    }
}

impl Drop for NewClone {
    fn drop(&mut self) {
        if !self.stays {
            // Nothing refers to it.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// An engagement to start.
pub struct Start<'a> {
    pub ground: &'a dyn Ground,
    pub definition: &'a Definition,
    pub flow: &'a Workflow,
    pub plan: &'a Plan,
    pub project: &'a str,
    pub actor: &'a str,
    /// The phase to start with; defaults to the first.
    pub entry: Option<&'a str>,
    pub sow: SowFile,
    /// The values of the workflow's inputs.
    pub inputs: BTreeMap<String, InputValue>,
    /// The earlier engagement that it continues.
    pub after: Option<AfterRecord>,
    pub chosen: &'a Chosen,
    pub voice: RunMode,
    /// Name of the rehearsal file that changes the default rehearsal.
    pub rehearsal: Option<String>,
    /// The customer's repository. Defaults to a new one, if `ground` can create it.
    pub repo: Option<&'a Source>,
    /// Branch, tag or commit to start from; defaults to the branch of HEAD.
    pub base: Option<&'a str>,
    /// Its date; defaults to today.
    pub date: Option<String>,
}

/// An engagement that can start. Nothing is recorded yet.
pub struct Ready<'a> {
    pub repo: GitRepo,
    ground: &'a dyn Ground,
    begin: Begin<'a>,
    clone: Option<NewClone>,
}

impl<'a> Start<'a> {
    /// Opens the repository and the models.
    pub async fn ready(self) -> Result<Ready<'a>, Failure> {
        let Start { ground, project, .. } = self;
        let Found { repo, path, clone } = ground.repo(project, self.repo, self.base).await?;
        let remote = match self.repo {
            Some(Source::Server(url)) => Some(url.to_string()),
            _ => None,
        };
        let Some(path) = path.to_str().map(str::to_owned) else {
            return Err(Failure::usage(format!(
                "{}: the path is not UTF-8; move or rename the repository",
                path.display()
            )));
        };
        let base = repo.base(self.base).map_err(|error| Failure::usage(error.to_string()))?;
        if let Some(why) = repo.cannot_begin() {
            return Err(Failure::usage(format!("{path}: {why}")));
        }
        let models: Vec<_> = models::cast(self.definition, self.flow)
            .iter()
            .filter_map(|a| self.definition.model(self.chosen.of(a).0).cloned())
            .collect();
        let definition = Arc::new(self.definition.clone());
        let rehearsal = self.rehearsal.as_deref();
        drop(wiring::voice(&self.voice, &definition, rehearsal, &models).await?);
        let now = SystemClock::default().now();
        let begin = Begin {
            project,
            actor: self.actor,
            definition: self.definition,
            plan: self.plan,
            entry: self.entry,
            sow: self.sow,
            inputs: self.inputs,
            overlay: self.definition.overlay.clone(),
            after: self.after,
            model: self.chosen.for_all(),
            agent_models: self.chosen.agents.clone(),
            voice: self.voice,
            rehearsal: self.rehearsal,
            repo: path,
            remote,
            branch: repo.branch().to_owned(),
            date: self.date.unwrap_or_else(|| date_of(now)),
            identity: identity(),
            base: base.map(|Base { commit, name }| BaseRecord { commit, name }),
            now,
        };
        Ok(Ready { repo, ground, begin, clone })
    }
}

impl Ready<'_> {
    /// The commit at which its branch starts.
    pub fn base(&self) -> Option<String> {
        self.begin.base.as_ref().map(|base| base.commit.clone())
    }

    /// Records the start. The lease is taken before the first entry, so that no other process can
    /// drive it in between.
    pub async fn begin(self, record: Record<'_>) -> Result<Lease, EngagementError> {
        let (project, leases) = (self.begin.project, self.ground.leases());
        let lease = match leases.acquire(project, &holder::this_process()).await {
            Ok(lease) => lease,
            Err(error) => return Err(EngagementError::World(error.to_string())),
        };
        if let Err(error) = begin(record, self.begin).await {
            leases.release(project, &lease).await?;
            return Err(error);
        }
        if let Some(clone) = self.clone {
            clone.begun();
        }
        Ok(lease)
    }
}

/// The next free id after a taken one, such as `orders-2`.
pub async fn free(journal: &dyn Journal, project: &str) -> Result<String, Failure> {
    for number in 2.. {
        let end = format!("-{number}");
        let stem = &project[..project.len().min(LONGEST_ID - end.len())];
        let id = format!("{}{end}", stem.trim_end_matches('-'));
        if journal.head(&id).await?.is_none() {
            return Ok(id);
        }
    }
    Err(Failure::usage("no id is free"))
}

/// Maximum length of an id.
const LONGEST_ID: usize = 63;

/// The id that a statement of work suggests.
pub fn id_of(path: &Path) -> String {
    let stem = path.file_stem().map(|s| s.to_string_lossy().to_lowercase()).unwrap_or_default();
    let id: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(63).collect();
    let id = id.trim_matches('-').to_owned();
    if id.is_empty() { "engagement".to_owned() } else { id }
}

/// The UTC date of a timestamp in milliseconds.
pub fn date_of(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| "1970-01-01".to_owned(), |t| t.strftime("%Y-%m-%d").to_string())
}
