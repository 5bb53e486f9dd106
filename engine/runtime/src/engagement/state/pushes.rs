//! How far the branch on the server has come.

use cloudcrew_plan::Kind;

use super::State;

/// Commits that the server does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpushed {
    /// The commit that was to be pushed.
    pub commit: String,
    /// Number of commits, as far as we know.
    pub commits: usize,
    /// Why they could not be pushed.
    pub reason: String,
    /// When to try again, milliseconds since 1970 UTC.
    pub again: i64,
    /// Number of failures in a row.
    pub times: u32,
}

impl Unpushed {
    /// How many commits are not pushed, and why.
    pub fn words(&self) -> String {
        let count = match self.commits {
            0 => "some commits are".to_owned(),
            1 => "1 commit is".to_owned(),
            more => format!("{more} commits are"),
        };
        format!("{count} not pushed: {}", self.reason)
    }
}

impl State {
    /// Whether the branch has commits that the server may lack.
    pub fn is_behind(&self) -> bool {
        let base = self.started.base.as_ref().map(|base| &base.commit);
        self.started.remote.is_some()
            && self.head.is_some()
            && self.head != self.pushed
            && self.head.as_ref() != base
    }

    /// Why it waits until someone fixes the cause: a provider refuses, or the Git server at the
    /// end.
    pub fn blocked(&self) -> Option<String> {
        if self.end.is_some() {
            return None;
        }
        let refused = self.parked.as_ref().filter(|parked| parked.blocked);
        let at_end = self.kind() == Some(Kind::Done) && self.waived.is_none() && self.is_behind();
        let tried = |unpushed: &&Unpushed| at_end && self.head.as_ref() == Some(&unpushed.commit);
        let unpushed = self.unpushed.as_ref().filter(tried);
        refused.map(|parked| parked.reason.clone()).or_else(|| unpushed.map(Unpushed::words))
    }

    pub(super) fn not_pushed(&mut self, commit: &str, commits: usize, reason: &str, again: i64) {
        let times = self.unpushed.as_ref().map_or(0, |unpushed| unpushed.times).saturating_add(1);
        let (commit, reason) = (commit.to_owned(), reason.to_owned());
        self.unpushed = Some(Unpushed { commit, commits, reason, again, times });
    }
}
