//! A repository on a server, behind a bare clone on this machine.
//!
//! Everything is read from the clone and committed to it. [`GitRepo::bring`] fills it at the start,
//! and [`Repo::publish`](cloudcrew_ports::repo::Repo::publish) moves the branch on the server: only
//! forward, and only from the commit that the server named. A server that does not answer costs
//! nothing but time, because the commits stay in the clone.

mod bundle;
mod login;
mod publish;
mod transport;
mod url;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloudcrew_ports::StoreError;
use cloudcrew_ports::secret::redacted;
use git2::{AutotagOption, Direction, Error, FetchOptions, Remote, RemoteCallbacks, Repository};
use tokio::runtime::Handle;
use transport::Exchange;
pub use url::RemoteUrl;

pub(super) use transport::register;

use super::GitRepo;

/// Maximum number of bytes to receive at once: a server decides how many there are.
const MOST_BYTES: usize = 4 << 30;
/// Maximum number of references that a server may have.
const MOST_REFERENCES: usize = 200_000;
/// How long one exchange may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Maximum length of what a server says, in characters.
const LONGEST: usize = 300;

/// The repository on a server, and how to log in.
#[derive(Clone)]
pub struct Server {
    /// Where it is.
    pub url: RemoteUrl,
    /// The secret for its host: `USER:PASSWORD` or a token for HTTPS, a private key for SSH.
    /// Without it, the user's credential helper or SSH agent is asked.
    pub secret: Option<String>,
    /// A file with the keys of SSH servers. Without it, that of the user decides.
    pub known_hosts: Option<PathBuf>,
    /// The branch that the engagement started from, so that it can be compared with it later.
    pub base: Option<String>,
}

impl Server {
    /// The reference of that branch.
    fn base_reference(&self) -> Option<String> {
        self.base.as_ref().map(|base| format!("refs/heads/{base}"))
    }
}

impl GitRepo {
    /// Connects the clone with a repository on a server.
    #[must_use]
    pub fn at(mut self, server: Server) -> GitRepo {
        self.server = Some(Arc::new(server));
        self
    }

    /// Fetches what an engagement starts from: `base` (a branch, a tag or a commit), or the
    /// server's default branch, and a branch of the engagement's own name. An empty repository is
    /// left as it is.
    ///
    /// # Errors
    /// Says why the server cannot be used.
    pub async fn bring(&self, base: Option<&str>) -> Result<(), StoreError> {
        let Some(server) = self.server.clone() else { return Ok(()) };
        let (base, what) = (base.map(str::to_owned), server.url.to_string());
        let done = self
            .aside(server.clone(), move |own, repository| {
                brought(&server.url, repository, own, base.as_deref())
            })
            .await;
        done.map_err(|why| StoreError::Unusable { what, why })
    }

    /// Talks to the server with a repository and a thread of its own, so that reads and commits do
    /// not wait for the network.
    async fn aside<T: Send + 'static>(
        &self,
        server: Arc<Server>,
        work: impl FnOnce(&str, &Repository) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, String> {
        let bound = Arc::clone(&self.bound);
        let exchange = Exchange::new(server, Handle::current());
        let (tell, told) = tokio::sync::oneshot::channel();
        let job = move || {
            let done = exchange.during(|| {
                let repository = Repository::open(&bound.path)?;
                work(&bound.reference, &repository)
            });
            let words = |error: Error| exchange.why().unwrap_or_else(|| error.message().to_owned());
            // The receiver is gone after the timeout.
            let _ = tell.send(done.map_err(|error| plain(&words(error))));
        };
        let started = std::thread::Builder::new().name("git-server".to_owned()).spawn(job);
        started.map_err(|error| error.to_string())?;
        match tokio::time::timeout(PATIENCE, told).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err("the exchange was aborted".to_owned()),
            Err(_) => {
                Err(format!("the exchange took longer than {} minutes", PATIENCE.as_secs() / 60))
            }
        }
    }
}

fn brought(
    url: &RemoteUrl,
    repository: &Repository,
    own: &str,
    base: Option<&str>,
) -> Result<(), Error> {
    let mut remote = repository.remote_anonymous(url.as_str())?;
    let (names, default) = {
        let connection = remote.connect_auth(Direction::Fetch, None, None)?;
        let names: Vec<String> = listed(connection.list()?)?.into_iter().map(|r| r.0).collect();
        let default = connection.default_branch().ok();
        (names, default.and_then(|name| name.as_str().ok().map(str::to_owned)))
    };
    if names.is_empty() {
        return Ok(());
    }
    let there = |name: &String| names.contains(name);
    let mut wanted: Vec<String> = Vec::new();
    match base {
        Some(base) => {
            let (branch, tag) = (format!("refs/heads/{base}"), format!("refs/tags/{base}"));
            let named = [branch, tag].into_iter().find(there);
            wanted.push(named.unwrap_or_else(|| "refs/heads/*".to_owned()));
        }
        None => wanted.extend(default.clone().filter(there)),
    }
    wanted.extend(Some(own.to_owned()).filter(there));
    wanted.dedup();
    fetch(&mut remote, &wanted.iter().map(|name| format!("+{name}:{name}")).collect::<Vec<_>>())?;
    if let Some(default) = default.filter(|name| repository.find_reference(name).is_ok()) {
        repository.set_head(&default)?;
    }
    Ok(())
}

/// Fetches references, within the limits.
fn fetch(remote: &mut Remote<'_>, wanted: &[String]) -> Result<(), Error> {
    let began = Instant::now();
    let mut callbacks = RemoteCallbacks::new();
    callbacks.transfer_progress(move |progress| {
        progress.received_bytes() <= MOST_BYTES && began.elapsed() <= PATIENCE
    });
    let mut options = FetchOptions::new();
    options.remote_callbacks(callbacks).download_tags(AutotagOption::None);
    remote.fetch(wanted, Some(&mut options), Some("cloudcrew: fetch"))
}

/// The references that a server lists: name and object id.
fn listed(heads: &[git2::RemoteHead<'_>]) -> Result<Vec<(String, git2::Oid)>, Error> {
    if heads.len() > MOST_REFERENCES {
        let why = format!("the server has more than {MOST_REFERENCES} references");
        return Err(Error::from_str(&why));
    }
    Ok(heads.iter().map(|head| (head.name().to_owned(), head.oid())).collect())
}

/// What a server or a library said, as one line of a bounded length.
fn plain(words: &str) -> String {
    // Before it is cut: a part of a secret would not be recognized.
    let words = redacted(words);
    let words = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    words.take(LONGEST).collect::<String>().trim().to_owned()
}
