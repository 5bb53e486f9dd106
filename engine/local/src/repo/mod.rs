//! The customer's repository through libgit2: writes objects, and moves the branch of one
//! engagement by compare-and-swap.
//!
//! There is no index and no working tree, so there are no symlinks to follow and no user files to
//! overwrite. A commit's objects are on disk before the branch points to it, and the branch is on
//! disk before the commit is reported.

mod base;
mod checked_out;
mod claim;
mod commit;
mod fault;
mod library;
mod missing;
mod plain;
mod read;
mod remote;
mod revision;
mod sound;
mod start;
mod sync;
mod tree;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
pub use base::Base;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::repo::{CommitRequest, Logged, Published, Repo, RepoError, TreeFile};
use git2::{Oid, Reference, Repository, RepositoryInitOptions};
pub use missing::MissingRepo;
use plain::plain;
pub use remote::{RemoteUrl, Server};
pub use revision::{files_at, is_tracked};
pub use start::start_repository;

/// Files up to this many bytes are read in place; larger ones on a thread that may block.
const IN_PLACE: u64 = 64 * 1024;
/// Timeout for every operation. The library may block forever on damaged data; the caller still
/// gets an error, and the process can end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A repository, bound to the branch of one engagement. Clones share the repository.
#[derive(Clone)]
pub struct GitRepo {
    branch: String,
    bound: Arc<Bound>,
    /// The Git server that the branch is published to, if any.
    server: Option<Arc<Server>>,
}

struct Bound {
    path: PathBuf,
    /// `refs/heads/cloudcrew/<project>`.
    reference: String,
    /// `refs/engagements/<project>`.
    claim: String,
    /// Objects already verified.
    sound: Mutex<HashSet<Oid>>,
    /// Sizes of objects, by their headers.
    sizes: Mutex<HashMap<Oid, u64>>,
    repository: Mutex<Repository>,
    /// Whether all of its files were examined, so that small reads cannot block.
    examined: bool,
    /// Why the disk can no longer be trusted.
    broken: OnceLock<String>,
}

impl GitRepo {
    /// Opens an existing repository, bare or not, to write the branch `cloudcrew/<project>`.
    ///
    /// # Errors
    /// Fails when there is no readable repository, or when the project's name is not valid in a
    /// branch name.
    pub fn open(path: &Path, project: &str) -> Result<GitRepo, StoreError> {
        library::ready(path)?;
        let examined = plain(path)?;
        let repository = Repository::open(path).map_err(|error| fault::opening(path, &error))?;
        GitRepo::bind(repository, path, project, examined)
    }

    /// Opens the bare repository at `path`, and creates it if missing.
    ///
    /// # Errors
    /// As [`GitRepo::open`].
    pub fn create(path: &Path, project: &str) -> Result<GitRepo, StoreError> {
        library::ready(path)?;
        if path.is_symlink() {
            let why = "it is a symbolic link instead of a repository; move it away".to_owned();
            return Err(StoreError::Unusable { what: path.display().to_string(), why });
        }
        if !path.join("HEAD").exists() {
            make(path, project)?;
        }
        let examined = plain(path)?;
        let repository = Repository::open(path).map_err(|error| fault::opening(path, &error))?;
        GitRepo::bind(repository, path, project, examined)
    }

    fn bind(
        repository: Repository,
        path: &Path,
        project: &str,
        examined: bool,
    ) -> Result<GitRepo, StoreError> {
        let branch = format!("cloudcrew/{project}");
        let reference = format!("refs/heads/{branch}");
        if project.is_empty() || !Reference::is_valid_name(&reference) {
            let why = format!(
                "`{branch}` is not a valid branch name; choose another name for the project"
            );
            return Err(StoreError::Unusable { what: path.display().to_string(), why });
        }
        let claim = format!("refs/engagements/{project}");
        for name in [&reference, &claim] {
            plain::file(path, &repository.commondir().join(name))?;
        }
        let bound = Bound {
            path: path.to_owned(),
            reference,
            claim,
            sound: Mutex::default(),
            sizes: Mutex::default(),
            repository: Mutex::new(repository),
            examined,
            broken: OnceLock::new(),
        };
        Ok(GitRepo { branch, bound: Arc::new(bound), server: None })
    }

    /// Works on a thread that may block: for a disk to sync, for a lock of another process.
    async fn work<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        work: impl FnOnce(&Bound, &Repository) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let bound = Arc::clone(&self.bound);
        let done = tokio::task::spawn_blocking(move || {
            bound.trusted()?;
            let repository = bound.repository.lock().unwrap_or_else(PoisonError::into_inner);
            work(&bound, &repository)
        });
        let fault = |why: String| {
            Err(StoreError::Unusable { what: self.bound.path.display().to_string(), why }.into())
        };
        match tokio::time::timeout(PATIENCE, done).await {
            Ok(Ok(done)) => done,
            Ok(Err(stopped)) => fault(format!("an operation on it was aborted: {stopped}")),
            Err(_) => fault(format!(
                "it did not respond for {} s; check it with `git fsck`, and check its disk",
                PATIENCE.as_secs()
            )),
        }
    }
}

impl Bound {
    /// The repository for a small read on this thread, unless that may block.
    fn at_hand(&self) -> Option<MutexGuard<'_, Repository>> {
        self.repository.try_lock().ok().filter(|_| self.examined)
    }
}

/// Creates a bare repository next to its place and moves it there complete. A process that dies in
/// between leaves nothing half done; of several creators, one wins.
fn make(path: &Path, project: &str) -> Result<(), StoreError> {
    let failed = |error: std::io::Error| fault::system(path, &error);
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let beside = path.with_file_name(format!(".{name}.{}-{number}", std::process::id()));
    if beside.exists() {
        fs::remove_dir_all(&beside).map_err(failed)?;
    }
    let mut options = RepositoryInitOptions::new();
    // A clone checks out the branch.
    options.bare(true).no_reinit(true).mkdir(true).mkpath(true).external_template(false);
    options.initial_head(&format!("cloudcrew/{project}"));
    let made =
        Repository::init_opts(&beside, &options).map_err(|error| fault::opening(path, &error))?;
    drop(made);
    sync::whole(&beside).map_err(failed)?;
    match fs::rename(&beside, path) {
        Ok(()) => path
            .parent()
            .map_or(Ok(()), |parent| File::open(parent).and_then(|f| f.sync_all()))
            .map_err(failed),
        // Someone else created it first.
        Err(_) if path.join("HEAD").exists() => fs::remove_dir_all(&beside).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

#[async_trait]
impl Repo for GitRepo {
    fn branch(&self) -> &str {
        &self.branch
    }

    async fn head(&self) -> Result<Option<String>, StoreError> {
        // It reads one small file: less than finding a thread.
        if let Some(repository) = self.bound.at_hand() {
            self.bound.trusted()?;
            return Ok(self.bound.head(&repository)?.map(|head| head.to_string()));
        }
        self.work(|bound, repository| Ok(bound.head(repository)?.map(|head| head.to_string())))
            .await
    }

    async fn commit(
        &self,
        parent: Option<&str>,
        request: &CommitRequest,
    ) -> Result<String, RepoError> {
        let (parent, request) = (parent.map(str::to_owned), request.clone());
        self.work(move |bound, repository| bound.commit(repository, parent.as_deref(), &request))
            .await
    }

    async fn list(&self, commit: &str, below: &str) -> Result<Vec<TreeFile>, StoreError> {
        let (commit, below) = (commit.to_owned(), below.to_owned());
        self.work(move |bound, repository| bound.list(repository, &commit, &below)).await
    }

    async fn read(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        // A small file is read faster than a thread is found for it.
        if let Some(repository) = self.bound.at_hand() {
            self.bound.trusted()?;
            let Some(file) = self.bound.file(&repository, commit, path)? else { return Ok(None) };
            if self.bound.size(&repository, file)? <= IN_PLACE {
                return self.bound.bytes(&repository, file).map(Some);
            }
        }
        let (commit, path) = (commit.to_owned(), path.to_owned());
        self.work(move |bound, repository| {
            let file = bound.file(repository, &commit, &path)?;
            file.map(|file| bound.bytes(repository, file)).transpose()
        })
        .await
    }

    async fn publish(&self) -> Result<Published, StoreError> {
        self.bound.trusted()?;
        Ok(self.published().await)
    }

    async fn claim(&self) -> Result<Option<Logged>, StoreError> {
        if let Some(repository) = self.bound.at_hand() {
            self.bound.trusted()?;
            return self.bound.claim(&repository);
        }
        self.work(|bound, repository| bound.claim(repository)).await
    }

    async fn find(&self, commit: &str, path: &str) -> Result<Option<TreeFile>, StoreError> {
        // It reads a few small objects: less than finding a thread.
        if let Some(repository) = self.bound.at_hand() {
            self.bound.trusted()?;
            return self.bound.find(&repository, commit, path);
        }
        let (commit, path) = (commit.to_owned(), path.to_owned());
        self.work(move |bound, repository| bound.find(repository, &commit, &path)).await
    }

    async fn blob(&self, oid: &str) -> Result<Vec<u8>, StoreError> {
        if let Some(repository) = self.bound.at_hand() {
            self.bound.trusted()?;
            let oid = self.bound.oid(oid)?;
            if self.bound.size(&repository, oid)? <= IN_PLACE {
                return self.bound.bytes(&repository, oid);
            }
        }
        let oid = oid.to_owned();
        self.work(move |bound, repository| bound.bytes(repository, bound.oid(&oid)?)).await
    }

    async fn log(&self, base: Option<&str>, head: &str) -> Result<Vec<Logged>, StoreError> {
        let (base, head) = (base.map(str::to_owned), head.to_owned());
        self.work(move |bound, repository| bound.log(repository, base.as_deref(), &head)).await
    }

    async fn authors(
        &self,
        base: Option<&str>,
        head: &str,
        paths: &[String],
        except: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let (base, head, paths) = (base.map(str::to_owned), head.to_owned(), paths.to_vec());
        let except: BTreeSet<String> = except.iter().cloned().collect();
        self.work(move |bound, repository| {
            bound.authors(repository, base.as_deref(), &head, (&paths, &except))
        })
        .await
    }
}
