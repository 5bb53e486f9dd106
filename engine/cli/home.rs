//! The home: where it is, and the engagements in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::wiring::clock::SystemClock;
use crate::wiring::folder::Folder;
use crate::wiring::repo::{GitRepo, RemoteUrl, is_tracked};
use crate::wiring::store::Store;
use cloudcrew_definition::diagnostic::closest;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::index::{Index as _, Which};
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::{
    Engagement, EngagementError, Record, open, settle as record_due, show_due,
};

use crate::args::Args;
use crate::exit::Failure;
use crate::shell::cloudcrew;
use crate::{wiring, workspace};
use cloudcrew_views::standings::{self, Found};
use cloudcrew_views::status::MovedOn;

/// Name of the home in a workspace.
const FOLDER: &str = ".cloudcrew";
/// Folder of a home that holds its own repositories.
pub const REPOS: &str = "repos";

/// The home. The default one must be the user's own: a home or a link that came with a cloned
/// workspace is under its author's control.
pub fn path(args: &Args) -> Result<PathBuf, Failure> {
    if let Some(home) = &args.home {
        return Ok(home.clone());
    }
    let root = workspace::find(args)?;
    let home = root.join(FOLDER);
    let Ok(there) = home.symlink_metadata() else { return Ok(home) };
    let refused = |why: &str| {
        let shown = crate::shell::path(&home);
        Err(Failure::usage(format!(
            "{shown} {why}; use `--home {shown}` if you trust it, or choose another home"
        )))
    };
    if there.is_symlink() {
        return refused("is a symbolic link");
    }
    if !there.is_dir() {
        return refused("is not a directory");
    }
    if Folder::open(&home)?.is_foreign()? {
        return refused("belongs to another user");
    }
    if is_tracked(&root, FOLDER) {
        return refused("is tracked in the workspace's Git repository, so others control it");
    }
    Ok(home)
}

/// The store of a home that must exist.
pub fn existing(home: &Path) -> Result<Store, Failure> {
    Store::open_existing(home)?.ok_or_else(|| {
        Failure::usage(format!(
            "{}: no engagements yet; start one with `cloudcrew run`",
            home.display()
        ))
    })
}

/// Opens an engagement for reading and compares its journal with its branch. A shortened journal is
/// an error, not an older state.
pub async fn engagement(args: &Args, project: &str) -> Result<(Store, Engagement), Failure> {
    let store = existing(&path(args)?)?;
    let mut engagement = opened(&store, project).await?;
    // A missing repository is reported by whatever needs it.
    if let Ok(repo) = repo(&store, &engagement)
        && let Ok(Some(claim)) = repo.claim().await
    {
        // A driver may have continued in the meantime; by now the journal must have caught up with
        // the branch.
        engagement.follow(Record::of(&store), |_, _, _| {}).await?;
        engagement.knows(&claim, repo.branch())?;
    }
    settle(&store, &mut engagement).await?;
    Ok((store, engagement))
}

/// Opens an engagement, or suggests a similar name.
pub async fn opened(store: &Store, project: &str) -> Result<Engagement, Failure> {
    match open(Record::of(store), project).await {
        Err(EngagementError::Unknown(_)) => {
            let all = store.list(Which::All).await?;
            let names: Vec<&str> = all.iter().map(|listing| listing.engagement.as_str()).collect();
            let begun = names.iter().copied().find(|name| name.starts_with(project));
            let meant = begun.or_else(|| closest(project, &names));
            let meant = meant.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
            let list = cloudcrew("list");
            Err(Failure::usage(format!("no project named `{project}`{meant} (`{list}` shows all)")))
        }
        opened => Ok(opened?),
    }
}

/// Records what is due. In a read-only home, it is only shown.
pub async fn settle(store: &Store, engagement: &mut Engagement) -> Result<(), Failure> {
    let clock = SystemClock::default();
    if store.is_private() {
        show_due(engagement, &clock);
        return Ok(());
    }
    let repo = repo(store, engagement).ok();
    let repo = repo.as_ref().map(|repo| repo as &dyn Repo);
    Ok(record_due(Record::of(store), &clock, repo, engagement).await?)
}

/// The standings of the engagements in the home, with due events settled.
pub async fn standings(args: &Args, which: Which) -> Result<Vec<Found>, Failure> {
    let Some(store) = Store::open_existing(&path(args)?)? else { return Ok(Vec::new()) };
    let now = SystemClock::default().now();
    let settle = async |engagement: &mut Engagement| settle(&store, engagement).await;
    standings::standings(Record::of(&store), &store, which, now, settle).await
}

/// The path of an engagement's repository. Our own are inside the home, even if the home has moved.
pub fn repo_path(store: &Store, engagement: &Engagement) -> PathBuf {
    let home = store.home();
    // Relative to the current directory if possible.
    let here = std::env::current_dir().unwrap_or_default();
    let home = home.strip_prefix(&here).unwrap_or(home);
    let there = Path::new(&engagement.state.started.repo);
    if there.is_relative() {
        return home.join(there);
    }
    // Older versions recorded an absolute path; in a moved home, the repository is next to it.
    let own = home.join(REPOS).join(format!("{}.git", engagement.project));
    let moved = there.file_name() == own.file_name()
        && there.parent().is_some_and(|folder| folder.ends_with(REPOS));
    if moved && own.is_dir() { own } else { there.to_owned() }
}

/// The repository of an engagement.
pub fn repo(store: &Store, engagement: &Engagement) -> Result<GitRepo, StoreError> {
    let repo = GitRepo::open(&repo_path(store, engagement), &engagement.project)?;
    let started = &engagement.state.started;
    let Some(url) = &started.remote else { return Ok(repo) };
    let failed = |why: String| StoreError::Unusable { what: url.clone(), why };
    let url = RemoteUrl::parse(url).map_err(failed)?;
    let base = started.base.as_ref().map(|base| base.name.clone());
    Ok(repo.at(wiring::git_server(url, base)))
}

/// Deliverables that are on the branch now, regardless of who wrote them.
pub async fn delivered(store: &Store, engagement: &Engagement) -> BTreeSet<String> {
    let mut there = BTreeSet::new();
    let (Ok(repo), Some(head)) = (repo(store, engagement), &engagement.state.head) else {
        return there;
    };
    for deliverable in engagement.definition.phases.iter().flat_map(|phase| &phase.deliverables) {
        if let Ok(Some(file)) = repo.find(head, &deliverable.path).await {
            there.insert(file.path);
        }
    }
    there
}

/// New commits on the base branch since the work started; `None` if there are none.
pub fn moved_on(store: &Store, engagement: &Engagement) -> Option<MovedOn> {
    let base = engagement.state.started.base.as_ref()?;
    let commits = repo(store, engagement)
        .ok()?
        .moved_on(&base.name, &base.commit)
        .ok()
        .filter(|commits| *commits > 0)?;
    Some(MovedOn { branch: base.name.clone(), commits })
}

/// Checks that an id can be used as a branch name, a file name and an argument.
pub fn valid_project(id: &str) -> Result<(), Failure> {
    let fits = (1..=63).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-')
        && !id.ends_with('-');
    if fits {
        Ok(())
    } else {
        Err(Failure::usage(format!(
            "`{id}` is not a valid project id; use at most 63 lowercase letters, digits and `-`"
        )))
    }
}

/// The person who acts, from `--as`.
static ACTOR: OnceLock<String> = OnceLock::new();

/// Remembers the person who acts.
pub fn remember(args: &Args) {
    if let Some(person) = &args.acting_as {
        let _ = ACTOR.set(person.clone());
    }
}

/// The name of the person who acts: that of the user, unless `--as` names another.
pub fn actor() -> String {
    let name = ACTOR.get().cloned().or_else(|| std::env::var("USER").ok()).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    if name.trim().is_empty() { "customer".to_owned() } else { name }
}
