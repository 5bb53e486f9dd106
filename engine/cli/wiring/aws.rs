//! The AWS adapters, configured by environment variables.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cloudcrew_api::pushes::Pushes;
use cloudcrew_api::{Current, Kept, LargeFiles, Repos, UploadForm};
use cloudcrew_aws::SdkConfig;
pub use cloudcrew_aws::account;
use cloudcrew_aws::blob::Bucket;
pub use cloudcrew_aws::callbacks::{Callback, Report, Scheduler};
pub use cloudcrew_aws::connection;
use cloudcrew_aws::connections::ConnectionTable;
use cloudcrew_aws::functions::Function;
use cloudcrew_aws::gateway::Stage;
pub use cloudcrew_aws::mail::Ses;
use cloudcrew_aws::memory::MemoryTable;
use cloudcrew_aws::metrics::MetricsTable;
use cloudcrew_aws::patterns::Library;
use cloudcrew_aws::secrets::secrets;
use cloudcrew_aws::store::Store;
pub use cloudcrew_aws::store::{Known, Run, Timed};
pub use cloudcrew_aws::timetable::Timetable;
use cloudcrew_definition::crew::Definition;
use cloudcrew_local::clock::{RehearsalClock, SystemClock};
use cloudcrew_local::knowledge::Index;
use cloudcrew_local::repo::{GitRepo, RemoteUrl};
use cloudcrew_local::vault::supply;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs as _;
use cloudcrew_ports::clock::Clock;
use cloudcrew_ports::lease::Leases;
use cloudcrew_ports::program::NoPrograms;
use cloudcrew_ports::receipt::Receipts;
use cloudcrew_ports::repo::{CommitRequest, Logged, Published, Repo, RepoError, TreeFile};
use cloudcrew_ports::server::NoServers;
use cloudcrew_runtime::engagement::{Engagement, Record, RunMode, open};
use cloudcrew_runtime::ports::Ports;
use cloudcrew_runtime::watch::Watch;
use cloudcrew_tools::Toolbox;
use serde_json::json;
use tokio::sync::Mutex;

use super::{git_server, used, voice};
use crate::cloud::notices::Notices;
use crate::environment::{self, Variable};
use crate::exit::Failure;
use crate::start::{Found, Ground, NewClone, Source};

/// Variable with the name of the running function, set by the service.
const OWN: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// What drives the outbox of a deployment.
pub struct Outbox {
    /// State machines by workflow.
    pub machines: HashMap<String, String>,
    /// Digest of the definitions that they were generated from.
    pub definition: String,
    /// The schedules for deadlines and reminders.
    pub timetable: Timetable,
    /// The schedules for notifications.
    pub notices_later: Timetable,
    /// The channels for notifications.
    pub notices: Notices,
    /// The readers of live events.
    pub pushes: Option<Pushes>,
    /// The running function, which can invoke itself to continue separately.
    pub own: Function,
}

impl Outbox {
    /// Looks at an engagement in an invocation of its own.
    pub async fn later(&self, project: &str) -> Result<(), Failure> {
        Ok(self.own.begin(&json!({ "project": project })).await?)
    }
}

/// The stores of a deployment.
#[derive(Clone)]
pub struct Cloud {
    pub store: Store,
    pub blobs: Bucket,
    pub scheduler: Scheduler,
    config: SdkConfig,
    scratch: PathBuf,
    /// The engagements that this process has read.
    kept: Arc<Kept>,
    /// When the secrets were read.
    read: Arc<Mutex<Option<Instant>>>,
}

/// How long secrets are used before they are read again.
const FRESH: Duration = Duration::from_secs(300);

impl Cloud {
    /// The deployment that the environment names.
    pub async fn of_environment() -> Result<Cloud, Failure> {
        let (table, bucket) = (variable(&environment::TABLE)?, variable(&environment::BLOBS)?);
        let config = connection().await;
        let (store, blobs) = (Store::new(&config, &table), Bucket::new(&config, &bucket));
        let scratch = std::env::var_os(environment::SCRATCH.name)
            .map_or_else(std::env::temp_dir, PathBuf::from);
        let scheduler = Scheduler::new(&config);
        let read = Arc::new(Mutex::new(None));
        let kept = Arc::default();
        let cloud = Cloud { store, blobs, scheduler, config, scratch, kept, read };
        cloud.refresh().await?;
        Ok(cloud)
    }

    /// Reads the secrets of the crew again once they are a few minutes old: a process may live for
    /// hours. Without an ARN, they come from environment variables alone.
    pub async fn refresh(&self) -> Result<(), Failure> {
        let arn = std::env::var(environment::SECRETS.name).ok().filter(|arn| !arn.is_empty());
        let Some(arn) = arn else { return Ok(()) };
        let mut read = self.read.lock().await;
        if read.is_none_or(|read: Instant| read.elapsed() >= FRESH) {
            supply(secrets(&self.config, &arn).await?);
            *read = Some(Instant::now());
        }
        Ok(())
    }

    /// What drives the outbox of a deployment.
    pub async fn outbox(&self) -> Result<Outbox, Failure> {
        let machines = variable(&environment::MACHINES)?;
        let machines = serde_json::from_str(&machines)
            .map_err(|error| Failure::usage(format!("{}: {error}", environment::MACHINES.name)))?;
        let (group, function) =
            (variable(&environment::GROUP)?, variable(&environment::REMINDERS)?);
        let role = variable(&environment::SCHEDULE_ROLE)?;
        Ok(Outbox {
            machines,
            definition: variable(&environment::DEFINITION)?,
            timetable: Timetable::new(&self.config, &group, &function, &role),
            notices_later: Timetable::new(
                &self.config,
                &group,
                &variable(&environment::ANSWER)?,
                &role,
            ),
            notices: Notices::new(self).await?,
            pushes: self.pushes()?,
            own: Function::new(&self.config, &set(OWN)?),
        })
    }

    /// The readers of live events, if the deployment has any.
    pub fn pushes(&self) -> Result<Option<Pushes>, Failure> {
        let url = std::env::var(environment::CALLBACKS.name).ok().filter(|url| !url.is_empty());
        let Some(url) = url else { return Ok(None) };
        let (table, store) = (variable(&environment::CONNECTIONS)?, Arc::new(self.store.clone()));
        Ok(Some(Pushes {
            journal: store.clone(),
            blobs: Arc::new(self.blobs.clone()),
            index: store.clone(),
            passes: store,
            connections: Arc::new(ConnectionTable::new(&self.config, &table)),
            gateway: Arc::new(Stage::new(&self.config, &url)),
            clock: Arc::new(SystemClock::default()),
            kept: Arc::clone(&self.kept),
        }))
    }

    /// Where readers connect, if the deployment has live events.
    pub fn socket(&self) -> Option<String> {
        std::env::var(environment::SOCKET.name).ok().filter(|url| !url.is_empty())
    }

    /// The function that drives the outbox.
    pub fn answer(&self) -> Result<Function, Failure> {
        Ok(Function::new(&self.config, &variable(&environment::ANSWER)?))
    }

    /// Where people send large files.
    pub fn uploads(&self) -> Result<Arc<dyn LargeFiles>, Failure> {
        let bucket = variable(&environment::UPLOADS)?;
        Ok(Arc::new(Forms(cloudcrew_aws::uploads::Uploads::new(&self.config, &bucket))))
    }

    /// Who is notified of what, if the operator has deployed that.
    pub async fn notify(&self) -> Result<Option<Vec<u8>>, Failure> {
        let name = environment::NOTIFY.name;
        let hash = std::env::var(name).ok().filter(|hash| !hash.is_empty());
        let Some(hash) = hash else { return Ok(None) };
        let found = self.blobs.named("notify", &hash).await?;
        let missing =
            || Failure::usage(format!("{name} names settings that are not in the bucket"));
        found.ok_or_else(missing).map(Some)
    }

    /// The definitions that were deployed.
    pub async fn definition(&self) -> Result<Definition, Failure> {
        let name = environment::DEFINITION.name;
        let hash = variable(&environment::DEFINITION)?;
        let bytes = self.blobs.named("definitions", &hash).await?.ok_or_else(|| {
            Failure::usage(format!("{name} names definitions that are not in the bucket"))
        })?;
        let read = cloudcrew_ports::json::read(&bytes).map_err(|error| error.to_string());
        let read = read.and_then(|value| serde_json::from_value(value).map_err(|e| e.to_string()));
        read.map_err(|why| {
            Failure::usage(format!("{name} names definitions that this version cannot read: {why}"))
        })
    }

    /// Journals and blobs.
    pub fn record(&self) -> Record<'_> {
        Record::new(&self.store, &self.blobs)
    }

    /// The engagement as the journal has it now, to work on.
    pub async fn open(&self, project: &str) -> Result<Engagement, Failure> {
        Ok(open(self.record(), project).await?)
    }

    /// The engagement as the journal has it now. A process that has read it before reads only what
    /// is new. Nobody else can look at it meanwhile.
    pub async fn look(&self, project: &str) -> Result<Current, Failure> {
        Ok(self.kept.open(self.record(), project).await?)
    }

    /// The ports of an engagement.
    pub async fn ports(
        &self,
        engagement: &Engagement,
        watch: Arc<dyn Watch>,
    ) -> Result<Ports, Failure> {
        let started = &engagement.state.started;
        let rehearsal = started.rehearsal.as_deref();
        let models = used(engagement);
        let model = voice(&started.voice, &engagement.definition, rehearsal, &models).await?;
        let clock: Arc<dyn Clock> = match started.voice {
            RunMode::Live { .. } => Arc::new(SystemClock::default()),
            RunMode::Rehearsal | RunMode::Replay { .. } => {
                let clock = RehearsalClock::default();
                clock.not_before(engagement.state.times.1);
                Arc::new(clock)
            }
        };
        let why = "programs are not supported in this deployment";
        Ok(Ports {
            journal: Arc::new(self.store.clone()),
            leases: Arc::new(self.store.clone()),
            blobs: Arc::new(self.blobs.clone()),
            ledger: Arc::new(self.store.clone()),
            repo: Arc::new(self.repo(engagement).await?),
            model,
            knowledge: Arc::new(Index::default()),
            memory: Arc::new(self.memory()?),
            metrics: Arc::new(self.metrics()?),
            patterns: Arc::new(self.patterns()?),
            programs: Arc::new(NoPrograms(why.to_owned())),
            servers: Arc::new(NoServers(why.to_owned())),
            tools: Arc::new(Toolbox::built_in().with_servers(&engagement.definition.servers)),
            clock,
            watch,
        })
    }

    /// The figures of engagements.
    pub fn metrics(&self) -> Result<MetricsTable, Failure> {
        Ok(MetricsTable::new(&self.config, &variable(&environment::METRICS)?))
    }

    /// The notes of engagements.
    pub fn memory(&self) -> Result<MemoryTable, Failure> {
        Ok(MemoryTable::new(&self.config, &variable(&environment::MEMORY)?))
    }

    /// The library of patterns.
    pub fn patterns(&self) -> Result<Library, Failure> {
        let (table, bucket) = (variable(&environment::MEMORY)?, variable(&environment::PATTERNS)?);
        Ok(Library::new(&self.config, &table, &bucket))
    }

    /// A new folder for a clone.
    fn folder(&self) -> Result<tempfile::TempDir, Failure> {
        Ok(tempfile::Builder::new().prefix("clone-").tempdir_in(&self.scratch)?)
    }

    /// A clone of the engagement's repository, brought up to date.
    pub async fn repo(&self, engagement: &Engagement) -> Result<Shared, Failure> {
        let started = &engagement.state.started;
        let Some(url) = &started.remote else {
            return Err(Failure::world("the engagement has no repository on a server"));
        };
        let url = RemoteUrl::parse(url).map_err(Failure::world)?;
        let base = started.base.as_ref().map(|base| base.name.clone());
        let folder = self.folder()?;
        let repo = GitRepo::create(&folder.path().join("repo.git"), &engagement.project)?
            .at(git_server(url, base.clone()));
        let brought = repo.bring(base.as_deref()).await;
        let (project, blobs) = (engagement.project.clone(), self.blobs.clone());
        match self.store.unpushed(&project).await? {
            // A server that is away is not needed: what it lacks is here. What it has must be, too.
            Some(blob) => {
                let bundle = blobs.get(&blob).await?.ok_or_else(|| {
                    Failure::world("the bundle of unpushed commits is missing from the bucket")
                })?;
                repo.unbundle(bundle).await.map_err(|error| match brought {
                    Ok(()) => Failure::from(error),
                    Err(away) => Failure::from(away),
                })?;
            }
            None => brought?,
        }
        Ok(Shared { repo, _folder: folder, store: self.store.clone(), blobs, project })
    }
}

#[async_trait]
impl Ground for Cloud {
    fn record(&self) -> Record<'_> {
        Cloud::record(self)
    }

    fn leases(&self) -> &dyn Leases {
        &self.store
    }

    fn receipts(&self) -> &dyn Receipts {
        &self.store
    }

    fn place(&self, engagement: &Engagement) -> PathBuf {
        PathBuf::from(&engagement.state.started.repo)
    }

    async fn repo(
        &self,
        project: &str,
        source: Option<&Source>,
        base: Option<&str>,
    ) -> Result<Found, Failure> {
        let Some(Source::Server(url)) = source else {
            return Err(Failure::usage(
                "set `repo.url` to a repository on a Git server: this deployment cannot create \
                 repositories",
            ));
        };
        let folder = self.folder()?;
        let repo = GitRepo::create(&folder.path().join("repo.git"), project)?
            .at(git_server(url.clone(), None));
        repo.bring(base).await.map_err(|error| Failure::usage(error.to_string()))?;
        let path = PathBuf::from(url.to_string());
        Ok(Found { repo, path, clone: Some(NewClone::for_now(folder)) })
    }
}

/// Signed forms.
struct Forms(cloudcrew_aws::uploads::Uploads);

#[async_trait]
impl LargeFiles for Forms {
    async fn place(&self, id: &str, most: usize) -> Result<UploadForm, StoreError> {
        let cloudcrew_aws::uploads::Form { url, fields, until } = self.0.form(id, most).await?;
        Ok(UploadForm { url, fields, until })
    }

    async fn read(&self, id: &str, most: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.read(id, most).await
    }

    async fn hand_out(&self, bytes: Vec<u8>) -> Result<String, StoreError> {
        self.0.hand_out(bytes).await
    }
}

/// The repositories that a process has cloned, by engagement; the newest few.
pub struct Clones {
    cloud: Cloud,
    all: Mutex<Vec<Cloned>>,
}

/// A clone, with the commits of an engagement up to a head.
struct Cloned {
    project: String,
    head: Option<String>,
    repo: Arc<Shared>,
}

/// Maximum number of clones that a process keeps.
const CLONES: usize = 8;

impl Clones {
    pub fn new(cloud: Cloud) -> Clones {
        Clones { cloud, all: Mutex::default() }
    }
}

#[async_trait]
impl Repos for Clones {
    async fn open(&self, engagement: &Engagement) -> Result<Arc<dyn Repo>, StoreError> {
        let (project, head) = (&engagement.project, &engagement.state.head);
        let mut all = self.all.lock().await;
        let is_it = |one: &&Cloned| one.project == *project && one.head == *head;
        if let Some(there) = all.iter().find(is_it) {
            return Ok(Arc::clone(&there.repo) as Arc<dyn Repo>);
        }
        let failed = |failure: Failure| StoreError::Unusable {
            what: engagement.state.started.repo.clone(),
            why: failure.to_string(),
        };
        let repo = Arc::new(self.cloud.repo(engagement).await.map_err(failed)?);
        all.retain(|one| one.project != *project);
        if all.len() == CLONES {
            all.remove(0);
        }
        all.push(Cloned { project: project.clone(), head: head.clone(), repo: Arc::clone(&repo) });
        Ok(repo)
    }
}

fn variable(variable: &Variable) -> Result<String, Failure> {
    set(variable.name)
}

fn set(name: &str) -> Result<String, Failure> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.ok_or_else(|| Failure::usage(format!("{name} is not set")))
}

/// A clone that does not outlive its process: a commit counts when the server has it, or a bundle
/// in the bucket.
pub struct Shared {
    repo: GitRepo,
    /// The clone, which is removed with it.
    _folder: tempfile::TempDir,
    store: Store,
    blobs: Bucket,
    project: String,
}

impl Shared {
    /// Pushes, or else keeps what is not pushed.
    async fn share(&self) -> Result<Published, StoreError> {
        let published = self.repo.publish().await?;
        match &published {
            Published::All => {
                if let Some(blob) = self.store.unpushed(&self.project).await? {
                    self.store.all_pushed(&self.project, &blob).await?;
                }
            }
            Published::Not(_) => {
                if let Some(bundle) = self.repo.bundle().await? {
                    let blob = self.blobs.put(&bundle).await?;
                    self.store.keep_unpushed(&self.project, &blob).await?;
                }
            }
        }
        Ok(published)
    }
}

#[async_trait]
impl Repo for Shared {
    fn branch(&self) -> &str {
        self.repo.branch()
    }

    async fn head(&self) -> Result<Option<String>, StoreError> {
        self.repo.head().await
    }

    async fn commit(
        &self,
        parent: Option<&str>,
        request: &CommitRequest,
    ) -> Result<String, RepoError> {
        let made = self.repo.commit(parent, request).await?;
        self.share().await?;
        Ok(made)
    }

    async fn publish(&self) -> Result<Published, StoreError> {
        self.share().await
    }

    async fn claim(&self) -> Result<Option<Logged>, StoreError> {
        self.repo.claim().await
    }

    async fn find(&self, commit: &str, path: &str) -> Result<Option<TreeFile>, StoreError> {
        self.repo.find(commit, path).await
    }

    async fn blob(&self, oid: &str) -> Result<Vec<u8>, StoreError> {
        self.repo.blob(oid).await
    }

    async fn list(&self, commit: &str, below: &str) -> Result<Vec<TreeFile>, StoreError> {
        self.repo.list(commit, below).await
    }

    async fn read(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.repo.read(commit, path).await
    }

    async fn log(&self, base: Option<&str>, head: &str) -> Result<Vec<Logged>, StoreError> {
        self.repo.log(base, head).await
    }

    async fn authors(
        &self,
        base: Option<&str>,
        head: &str,
        paths: &[String],
        except: &[String],
    ) -> Result<Vec<String>, StoreError> {
        self.repo.authors(base, head, paths, except).await
    }
}
