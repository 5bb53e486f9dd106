//! Bundles: the commits that the Git server lacks, in one file that Git understands
//! (`git bundle verify`). A clone that does not outlive its process leaves them elsewhere.

use std::io::Write as _;

use cloudcrew_ports::StoreError;
use git2::{Buf, Oid, Repository};

use super::publish::tracking;
use crate::repo::{Bound, GitRepo};

/// The first line of a bundle.
const VERSION: &str = "# v2 git bundle";
/// Maximum bytes of a bundle.
const MOST: usize = 256 << 20;
/// Maximum lines of its header.
const LINES: usize = 64;

impl GitRepo {
    /// The commits of the branch that the server did not have when it was last seen; `None` when it
    /// has all.
    ///
    /// # Errors
    /// When the repository fails, or when they are too large.
    pub async fn bundle(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let base = self.server.as_ref().and_then(|server| server.base_reference());
        self.work(move |bound, repository| bound.bundle(repository, base.as_deref())).await
    }

    /// Adds the commits of a bundle, and moves the branch to its head when that is ahead.
    ///
    /// # Errors
    /// When it is not a bundle of this branch, or needs commits that are not here.
    pub async fn unbundle(&self, bundle: Vec<u8>) -> Result<(), StoreError> {
        self.work(move |bound, repository| bound.unbundle(repository, &bundle)).await
    }
}

impl Bound {
    fn bundle(
        &self,
        repository: &Repository,
        base: Option<&str>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let failed = |error: git2::Error| self.failed(&error);
        let at = |name: &str| repository.find_reference(name).ok().and_then(|name| name.target());
        let Some(head) = at(&self.reference) else { return Ok(None) };
        let tracked = tracking(&self.reference);
        let known: Vec<Oid> =
            [Some(tracked.as_str()), base].into_iter().flatten().filter_map(at).collect();
        if known.contains(&head) {
            return Ok(None);
        }
        let mut walk = repository.revwalk().map_err(failed)?;
        walk.push(head).map_err(failed)?;
        for known in &known {
            walk.hide(*known).map_err(failed)?;
        }
        let mut header = format!("{VERSION}\n");
        for known in &known {
            header.push_str(&format!("-{known}\n"));
        }
        header.push_str(&format!("{head} {}\n\n", self.reference));
        let mut pack = repository.packbuilder().map_err(failed)?;
        pack.insert_walk(&mut walk).map_err(failed)?;
        let mut packed = Buf::new();
        pack.write_buf(&mut packed).map_err(failed)?;
        if packed.len() > MOST {
            return Err(self.unusable("the unpushed commits are larger than 256 MiB".to_owned()));
        }
        let mut bundle = header.into_bytes();
        bundle.extend_from_slice(&packed);
        Ok(Some(bundle))
    }

    fn unbundle(&self, repository: &Repository, bundle: &[u8]) -> Result<(), StoreError> {
        let failed = |error: git2::Error| self.failed(&error);
        let broken = |why: &str| StoreError::Damaged {
            what: "a bundle of commits".to_owned(),
            why: why.to_owned(),
        };
        let end = bundle.windows(2).position(|two| two == b"\n\n");
        let end = end.filter(|_| bundle.len() <= MOST).ok_or_else(|| broken("it has no header"))?;
        let header =
            str::from_utf8(&bundle[..end]).map_err(|_| broken("its header is not UTF-8"))?;
        let mut lines = header.lines();
        if lines.next() != Some(VERSION) {
            return Err(broken("its version is not supported"));
        }
        let mut head = None;
        for line in lines.take(LINES) {
            if let Some(needed) = line.strip_prefix('-') {
                let needed = self.oid(needed.split(' ').next().unwrap_or_default())?;
                if repository.find_commit(needed).is_err() {
                    return Err(broken("it needs a commit that the server does not have"));
                }
            } else if let Some((oid, name)) = line.split_once(' ')
                && name == self.reference
            {
                head = Some(self.oid(oid)?);
            }
        }
        let head = head.ok_or_else(|| broken("it does not contain this branch"))?;
        let odb = repository.odb().map_err(failed)?;
        let mut pack = odb.packwriter().map_err(failed)?;
        pack.write_all(&bundle[end + 2..]).map_err(|error| broken(&error.to_string()))?;
        pack.commit().map_err(failed)?;
        let there = self.head(repository)?;
        let ahead = match there {
            None => true,
            Some(there) if there == head => false,
            Some(there) => repository.graph_descendant_of(head, there).map_err(failed)?,
        };
        if ahead {
            let expected = there.unwrap_or(Oid::ZERO_SHA1);
            repository
                .reference_matching(&self.reference, head, true, expected, "cloudcrew: bundle")
                .map_err(failed)?;
        }
        Ok(())
    }
}
