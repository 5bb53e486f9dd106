//! The home: where it is, and what is in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::wiring::clock::SystemClock;
use crate::wiring::folder::Folder;
use crate::wiring::repo::{GitRepo, is_tracked};
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
use crate::workspace;
use cloudcrew_views::standings::{self, Found};
use cloudcrew_views::status::MovedOn;

/// Name of the home in a workspace.
const FOLDER: &str = ".cloudcrew";
/// Folder of a home with the repositories that are made in it.
pub const REPOS: &str = "repos";

/// The home of these arguments. One that nobody named must be this user's own: a home that came
/// with a cloned workspace says what its author likes, and one that is a link leads where its
/// author likes.
pub fn path(args: &Args) -> Result<PathBuf, Failure> {
    if let Some(home) = &args.home {
        return Ok(home.clone());
    }
    let root = workspace::find(args.workspace.as_deref())?;
    let home = root.join(FOLDER);
    let Ok(there) = home.symlink_metadata() else { return Ok(home) };
    let refused = |why: &str| {
        let shown = home.display();
        Err(Failure::usage(format!(
            "{shown} {why}; if you trust it, name it with `--home {shown}`, or choose another home"
        )))
    };
    if there.is_symlink() {
        return refused("is a symbolic link");
    }
    if !there.is_dir() {
        return refused("is no folder");
    }
    if Folder::open(&home)?.is_foreign()? {
        return refused("belongs to another user");
    }
    if is_tracked(&root, FOLDER) {
        return refused("is in the workspace's Git repository, so others decide what is in it");
    }
    Ok(home)
}

/// The store of a home that must be there.
pub fn existing(home: &Path) -> Result<Store, Failure> {
    Store::open_existing(home)?.ok_or_else(|| {
        Failure::usage(format!(
            "{}: no engagements yet; start one with `cloudcrew run`",
            home.display()
        ))
    })
}

/// Opens an engagement to look at it, and compares its journal with its branch: a shortened one is
/// an error, not an older state.
pub async fn engagement(args: &Args, project: &str) -> Result<(Store, Engagement), Failure> {
    let store = existing(&path(args)?)?;
    let mut engagement = opened(&store, project).await?;
    // A repository that is gone is told of by what needs it.
    if let Ok(repo) = repo(&store, &engagement)
        && let Ok(Some(claim)) = repo.claim().await
    {
        // Whoever drives it may have gone on in between: what the branch says must be on record by
        // now.
        engagement.follow(Record::of(&store), |_, _, _| {}).await?;
        engagement.knows(&claim, repo.branch())?;
    }
    settle(&store, &mut engagement).await?;
    Ok((store, engagement))
}

/// Opens an engagement, or says which one may have been meant.
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

/// Records what has come due; a home that cannot be written is shown as if it had been.
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

/// Where the engagements of the home stand, with what is due settled.
pub async fn standings(args: &Args, which: Which) -> Result<Vec<Found>, Failure> {
    let Some(store) = Store::open_existing(&path(args)?)? else { return Ok(Vec::new()) };
    let now = SystemClock::default().now();
    let settle = async |engagement: &mut Engagement| settle(&store, engagement).await;
    standings::standings(Record::of(&store), &store, which, now, settle).await
}

/// Where an engagement's repository is. One of ours is in the home, wherever that is now.
pub fn repo_path(store: &Store, engagement: &Engagement) -> PathBuf {
    let home = store.home();
    // As short as a person would write it.
    let here = std::env::current_dir().unwrap_or_default();
    let home = home.strip_prefix(&here).unwrap_or(home);
    let there = Path::new(&engagement.state.started.repo);
    if there.is_relative() {
        return home.join(there);
    }
    // Older versions wrote the whole path: a home that was moved has its repository with it.
    let own = home.join(REPOS).join(format!("{}.git", engagement.project));
    let moved = there.file_name() == own.file_name()
        && there.parent().is_some_and(|folder| folder.ends_with(REPOS));
    if moved && own.is_dir() { own } else { there.to_owned() }
}

/// The repository of an engagement.
pub fn repo(store: &Store, engagement: &Engagement) -> Result<GitRepo, StoreError> {
    GitRepo::open(&repo_path(store, engagement), &engagement.project)
}

/// Deliverables that are on the engagement's branch now, whoever wrote or removed them.
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

/// Commits that came to the branch on which the work began, since it did; `None` when there are
/// none.
pub fn moved_on(store: &Store, engagement: &Engagement) -> Option<MovedOn> {
    let base = engagement.state.started.base.as_ref()?;
    let commits = repo(store, engagement)
        .ok()?
        .moved_on(&base.name, &base.commit)
        .ok()
        .filter(|commits| *commits > 0)?;
    Some(MovedOn { branch: base.name.clone(), commits })
}

/// An id that can name a branch, a file and a command line.
pub fn valid_project(id: &str) -> Result<(), Failure> {
    let fits = (1..=63).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-')
        && !id.ends_with('-');
    if fits {
        Ok(())
    } else {
        Err(Failure::usage(format!(
            "`{id}` is no project id: lowercase letters, digits and `-`, at most 63"
        )))
    }
}

/// Who is at the terminal.
pub fn actor() -> String {
    let name =
        std::env::var("CLOUDCREW_ACTOR").or_else(|_| std::env::var("USER")).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    if name.trim().is_empty() { "customer".to_owned() } else { name }
}
