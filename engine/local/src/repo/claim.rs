//! The owner of a branch: a reference next to the branch, `refs/engagements/<project>`, that points
//! to the last commit of its engagement.

use cloudcrew_ports::StoreError;
use cloudcrew_ports::repo::{Anchor, ENGAGEMENT, JOURNAL, Logged, RepoError, STEP};
use git2::{Oid, ReferenceType, Repository};

use super::Bound;

impl Bound {
    pub(super) fn claim(&self, repository: &Repository) -> Result<Option<Logged>, StoreError> {
        let Some(at) = self.claimed(repository)? else { return Ok(None) };
        self.logged(repository, at).map(Some)
    }

    fn claimed(&self, repository: &Repository) -> Result<Option<Oid>, StoreError> {
        match repository.find_reference(&self.claim) {
            Ok(claim) if claim.kind() == Some(ReferenceType::Direct) => Ok(claim.target()),
            Ok(_) => Err(self.unusable(format!(
                "`{}` is a symbolic reference, and commits are not written through one",
                self.claim
            ))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Moves the claim to `made` if it is where it is expected.
    pub(super) fn take_claim(
        &self,
        repository: &Repository,
        expected: Option<&str>,
        made: Oid,
    ) -> Result<(), RepoError> {
        let expected = expected.map(|expected| self.oid(expected)).transpose()?;
        let there = self.claimed(repository)?;
        if there == Some(made) {
            return Ok(());
        }
        if there != expected {
            return Err(RepoError::Claimed(there.map(|there| there.to_string())));
        }
        self.move_reference(repository, &self.claim, expected, made, "cloudcrew: claim")?
            .map_err(|there| RepoError::Claimed(there.map(|there| there.to_string())))
    }

    pub(super) fn logged(&self, repository: &Repository, id: Oid) -> Result<Logged, StoreError> {
        self.sound(repository, id)?;
        let commit = repository.find_commit(id).map_err(|error| self.failed(&error))?;
        Ok(Logged {
            id: id.to_string(),
            anchor: anchor(&String::from_utf8_lossy(commit.message_bytes())),
        })
    }
}

/// The trailers of a message, which are its last paragraph. The text above them could have been
/// written by anyone.
fn anchor(message: &str) -> Anchor {
    let trailers = message.trim_end().rsplit_once("\n\n").map_or("", |(_, trailers)| trailers);
    let value = |key: &str| {
        trailers.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).map(str::trim)
    };
    let journal = value(JOURNAL).and_then(|text| text.split_once(' '));
    Anchor {
        step: value(STEP).map(str::to_owned),
        engagement: value(ENGAGEMENT).map(str::to_owned),
        journal: journal.and_then(|(seq, hash)| Some((seq.parse().ok()?, hash.to_owned()))),
    }
}
