//! Moves the branch on the server: forward only, and only from the commit that the server named.

use cloudcrew_ports::repo::{Published, Unpublished};
use git2::{
    Direction, Error, ErrorClass, ErrorCode, Oid, PushOptions, RemoteCallbacks, Repository,
};

use super::{RemoteUrl, fetch, listed, plain};
use crate::repo::GitRepo;

/// Maximum number of commits to count.
const MOST: usize = 10_000;
/// Why diverged branches are left alone.
const APART: &str = "the branch on the server has diverged; push its commits to another branch, \
                     then reset or delete it";

impl GitRepo {
    /// See [`Repo::publish`](cloudcrew_ports::repo::Repo::publish).
    pub(in crate::repo) async fn published(&self) -> Published {
        let Some(server) = self.server.clone() else { return Published::All };
        let base = server.base_reference();
        let done = self
            .aside(server.clone(), {
                let base = base.clone();
                move |own, repository| published(&server.url, repository, own, base.as_deref())
            })
            .await;
        let why = match done {
            Ok(None) => return Published::All,
            Ok(Some(why)) | Err(why) => why,
        };
        // What cannot be counted is not known.
        let counted = self.work(move |bound, repository| {
            let commits = waiting(repository, &bound.reference, base.as_deref());
            commits.map_err(|error| bound.failed(&error))
        });
        let commits = counted.await.unwrap_or(0);
        Published::Not(Unpublished { commits, why })
    }
}

/// Publishes; says why not.
fn published(
    url: &RemoteUrl,
    repository: &Repository,
    own: &str,
    base: Option<&str>,
) -> Result<Option<String>, Error> {
    let mut remote = repository.remote_anonymous(url.as_str())?;
    let mut connection = remote.connect_auth(Direction::Push, None, None)?;
    let there = listed(connection.list()?)?;
    let at = |name: &str| there.iter().find(|(other, _)| other == name).map(|(_, oid)| *oid);
    let head = repository.find_reference(own).ok().and_then(|own| own.target());
    let (theirs, based) = (at(own), base.and_then(|base| Some((base, at(base)?))));
    let tracked = tracking(own);
    let mut wanted = Vec::new();
    if let Some(theirs) = theirs.filter(|theirs| repository.find_commit(*theirs).is_err()) {
        wanted.push((own, tracked.as_str(), theirs));
    }
    if let Some((base, oid)) = based
        && repository.find_reference(base).ok().and_then(|base| base.target()) != Some(oid)
    {
        wanted.push((base, base, oid));
    }
    if !wanted.is_empty() {
        let specs: Vec<String> =
            wanted.iter().map(|(from, to, _)| format!("+{from}:{to}")).collect();
        fetch(&mut repository.remote_anonymous(url.as_str())?, &specs)?;
    }
    let Some(head) = head else { return Ok(None) };
    match theirs {
        Some(theirs) if theirs == head => {
            repository.reference(&tracked, head, true, "cloudcrew: published")?;
            return Ok(None);
        }
        Some(theirs) if repository.graph_descendant_of(theirs, head)? => {
            repository.reference_matching(own, theirs, true, head, "cloudcrew: forward")?;
            repository.reference(&tracked, theirs, true, "cloudcrew: forward")?;
            return Ok(None);
        }
        Some(theirs) if !repository.graph_descendant_of(head, theirs)? => {
            return Ok(Some(APART.to_owned()));
        }
        _ => {}
    }
    let refused = std::cell::RefCell::new(None);
    let mut callbacks = RemoteCallbacks::new();
    callbacks.push_update_reference(|_, status| {
        *refused.borrow_mut() = status.map(str::to_owned);
        Ok(())
    });
    callbacks.push_negotiation(move |updates| {
        let expected = theirs.unwrap_or(Oid::ZERO_SHA1);
        if updates.iter().all(|update| update.src() == expected && update.dst() == head) {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Modified, ErrorClass::Reference, "the branch has just moved"))
    });
    let mut options = PushOptions::new();
    options.remote_callbacks(callbacks);
    connection.remote().push(&[format!("{own}:{own}")], Some(&mut options))?;
    drop(options);
    if let Some(why) = refused.into_inner() {
        return Ok(Some(format!("the server refused them: {}", plain(&why))));
    }
    repository.reference(&tracked, head, true, "cloudcrew: published")?;
    Ok(None)
}

/// Number of commits that the server lacks, as far as we know.
fn waiting(repository: &Repository, own: &str, base: Option<&str>) -> Result<usize, Error> {
    let at = |name: &str| repository.find_reference(name).ok().and_then(|name| name.target());
    let Some(head) = at(own) else { return Ok(0) };
    let mut walk = repository.revwalk()?;
    walk.push(head)?;
    for known in [Some(tracking(own)), base.map(str::to_owned)].into_iter().flatten() {
        if let Some(known) = at(&known) {
            walk.hide(known)?;
        }
    }
    Ok(walk.take(MOST).filter(Result::is_ok).count())
}

/// The reference that remembers where the branch is on the server.
pub(super) fn tracking(own: &str) -> String {
    own.replacen("refs/heads/", "refs/remotes/server/", 1)
}
