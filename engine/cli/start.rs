//! Starts an engagement: for `run`, and for the service.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloudcrew_definition::crew::{Definition, Workflow};
use cloudcrew_plan::Plan;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::journal::Journal as _;
use cloudcrew_ports::lease::{Lease, Leases as _};
use cloudcrew_ports::repo::Repo as _;
use cloudcrew_runtime::engagement::{
    BaseRecord, Begin, EngagementError, Record, RunMode, SowFile, begin,
};

use crate::exit::Failure;
use crate::models::{self, Chosen};
use crate::wiring::clock::SystemClock;
use crate::wiring::folder::Folder;
use crate::wiring::holder::{self, identity};
use crate::wiring::repo::{Base, GitRepo, RemoteUrl};
use crate::wiring::store::Store;
use crate::{home, wiring};

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

/// An engagement to start.
pub struct Start<'a> {
    pub store: &'a Store,
    pub definition: &'a Definition,
    pub flow: &'a Workflow,
    pub plan: &'a Plan,
    pub project: &'a str,
    pub actor: &'a str,
    /// The phase to start with; defaults to the first.
    pub entry: Option<&'a str>,
    pub sow: SowFile,
    pub chosen: &'a Chosen,
    pub voice: RunMode,
    /// Name of the rehearsal file that changes the default rehearsal.
    pub rehearsal: Option<String>,
    /// The customer's repository; defaults to a new one in the home.
    pub repo: Option<&'a Source>,
    /// Branch, tag or commit to start from; defaults to the branch of HEAD.
    pub base: Option<&'a str>,
    /// Its date; defaults to today.
    pub date: Option<String>,
}

/// An engagement that can start. Nothing is recorded yet.
pub struct Ready<'a> {
    pub repo: GitRepo,
    store: &'a Store,
    begin: Begin<'a>,
    /// The clone, which is removed unless the engagement begins.
    clone: Option<NewClone>,
}

/// A clone of a repository for an engagement that has not begun.
struct NewClone(Option<PathBuf>);

impl Drop for NewClone {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It is in our own folder, and nothing refers to it.
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

impl<'a> Start<'a> {
    /// Opens the repository and the models.
    pub async fn ready(self) -> Result<Ready<'a>, Failure> {
        let Start { store, project, .. } = self;
        let mut clone = None;
        let (repo, path) = match self.repo {
            Some(Source::Path(path)) => {
                let opened = GitRepo::open(path, project).map_err(|e| {
                    Failure::usage(format!(
                        "{e}; create one with `git init`, or omit `--repo` to use a new one in \
                         the home"
                    ))
                })?;
                (opened, std::fs::canonicalize(path)?)
            }
            None => {
                Folder::open(store.home())?.below(Path::new(home::REPOS), true)?;
                let path = Path::new(home::REPOS).join(format!("{project}.git"));
                (GitRepo::create(&store.home().join(&path), project)?, path)
            }
            Some(Source::Server(url)) => {
                Folder::open(store.home())?.below(Path::new(home::REPOS), true)?;
                // A clone is of one start: another one of this id may be under way, from elsewhere.
                let own = identity().chars().take(12).collect::<String>();
                let path = Path::new(home::REPOS).join(format!("{project}.{own}.git"));
                let there = store.home().join(&path);
                let server = wiring::git_server(url.clone(), None);
                let repo = GitRepo::create(&there, project)?.at(server);
                clone = Some(NewClone(Some(there)));
                let brought = repo.bring(self.base).await;
                brought.map_err(|error| Failure::usage(error.to_string()))?;
                (repo, path)
            }
        };
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
        let models: Vec<_> = models::at_work(self.definition, self.flow)
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
        Ok(Ready { repo, store, begin, clone })
    }
}

impl Ready<'_> {
    /// The commit at which its branch starts.
    pub fn base(&self) -> Option<String> {
        self.begin.base.as_ref().map(|base| base.commit.clone())
    }

    /// Records the start. The lease is taken before the first entry, so that no other process can
    /// drive it in between.
    pub async fn begin(mut self, record: Record<'_>) -> Result<Lease, EngagementError> {
        let project = self.begin.project;
        let lease = match self.store.acquire(project, &holder::this_process()).await {
            Ok(lease) => lease,
            Err(error) => return Err(EngagementError::World(error.to_string())),
        };
        if let Err(error) = begin(record, self.begin).await {
            self.store.release(project, &lease).await?;
            return Err(error);
        }
        if let Some(clone) = &mut self.clone {
            clone.0 = None;
        }
        Ok(lease)
    }
}

/// The next free id after a taken one, such as `orders-2`.
pub async fn free(store: &Store, project: &str) -> Result<String, Failure> {
    for number in 2.. {
        let end = format!("-{number}");
        let stem = &project[..project.len().min(LONGEST_ID - end.len())];
        let id = format!("{}{end}", stem.trim_end_matches('-'));
        if store.head(&id).await?.is_none() {
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
fn date_of(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map_or_else(|_| "1970-01-01".to_owned(), |t| t.strftime("%Y-%m-%d").to_string())
}
