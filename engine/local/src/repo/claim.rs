//! Whose branch it is: a reference beside the branch, `refs/engagements/<project>`, at the last
//! commit that its engagement made.

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
                "`{}` is a symbolic reference; nothing is written through it",
                self.claim
            ))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Takes the claim over for `made`, when it is where it is expected.
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

/// What the trailers of a message say, which are its last paragraph: what stands above them, anyone
/// may have written.
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
