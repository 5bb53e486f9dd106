//! What an engagement refuses, and why: data, so that each face says in its own words what to do next.

use super::request::Unit;

/// Who has to do something about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// Whoever asked: what was asked for makes no sense here.
    Usage,
    /// Nobody: someone else was faster, or what it is about has changed.
    Conflict,
    /// Nobody: the deadline has passed.
    Late,
    /// Whoever edits the definitions: they do not fit what was approved.
    Incompatible,
    /// Whoever owns the repository.
    Repository,
}

/// A refusal. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No request of this id.
    #[error("`{project}` has no request `{request}`; {}", waiting(.open))]
    NoRequest {
        /// The engagement.
        project: String,
        /// What was asked for.
        request: String,
        /// Ids of those that wait.
        open: Vec<String>,
    },
    /// Another request has taken its place.
    #[error(
        "what `{request}` asked about has changed since, and another request asks about what is \
         there now"
    )]
    Superseded {
        /// Its id.
        request: String,
    },
    /// The answer came after the deadline.
    #[error("`{request}` expired before it was answered")]
    Expired {
        /// Its id.
        request: String,
    },
    /// What was seen is not what is there now.
    #[error("what `{request}` asks about has changed: you saw {seen}, it is {now} now")]
    Changed {
        /// Its id.
        request: String,
        /// First characters of the digest that was seen.
        seen: String,
        /// And of the one that is in force.
        now: String,
    },
    /// Someone else has decided.
    #[error("`{request}` was already {decision} by {actor} ({channel}){words}")]
    Decided {
        /// Its id.
        request: String,
        /// `approved`, `revised`, `answered`.
        decision: &'static str,
        /// Who decided.
        actor: String,
        /// By which way.
        channel: String,
        /// What was said, after a colon; empty for an approval.
        words: String,
    },
    /// It has ended, for this reason.
    #[error("`{project}` has ended already: {text}")]
    Ended {
        /// The engagement.
        project: String,
        /// How it ended.
        text: String,
    },
    /// It has ended, so that nothing waits.
    #[error("`{project}` has ended; nothing waits any more")]
    NothingWaits {
        /// The engagement.
        project: String,
    },
    /// The gate does not ask for this rating.
    #[error("`{name}` cannot be rated here; this gate rates: {asked}")]
    NotRated {
        /// What was rated.
        name: String,
        /// What may be rated, or `nothing`.
        asked: String,
    },
    /// Not 1 to 5.
    #[error("`{name}={value}`: a rating is 1 to 5")]
    Rating {
        /// What was rated.
        name: String,
        /// How.
        value: u8,
    },
    /// `revise` without words.
    #[error("say what should change: the words are empty")]
    NoWords,
    /// The customer has asked for changes as often as the gate allows.
    #[error("no revision is left (`phases/{phase}.yaml gate.max_revisions`): approve, or cancel")]
    NoRevisionLeft {
        /// The phase.
        phase: String,
    },
    /// A question answered with nothing.
    #[error("the answer is empty")]
    NoAnswer,
    /// A new limit that the next call would exceed.
    #[error(
        "{} are not enough for `{budget}`: {} are used and the next call may take {}; say at least \
         {}, or `stop`",
        .unit.show(*.to), .unit.show(*.spent), .unit.show(*.needed), .unit.show(*.least)
    )]
    TooLittle {
        /// YAML key of the budget.
        budget: String,
        /// What it counts.
        unit: Unit,
        /// The limit that was given.
        to: u64,
        /// What was used.
        spent: u64,
        /// What the next call may take.
        needed: u64,
        /// The least limit that is enough.
        least: u64,
    },
    /// Neither a limit nor `stop`.
    #[error("say the new limit of `{budget}` as a number, or `stop`")]
    NoLimit {
        /// YAML key of the budget.
        budget: String,
    },
    /// A question or a budget was approved or revised.
    #[error("`{request}` wants an answer")]
    WantsAnswer {
        /// Its id.
        request: String,
    },
    /// A gate was answered.
    #[error("`{request}` is a gate: approve it, or ask for changes")]
    IsGate {
        /// Its id.
        request: String,
    },
    /// A retry of what has not ended.
    #[error("`{project}` has not ended")]
    NotEnded {
        /// The engagement.
        project: String,
    },
    /// A retry of what is completed.
    #[error("`{project}` is completed; there is nothing to retry")]
    Completed {
        /// The engagement.
        project: String,
    },
    /// A retry of what was cancelled.
    #[error("`{project}` was cancelled, and stays so")]
    Cancelled {
        /// The engagement.
        project: String,
    },
    /// A retry of what never began.
    #[error("`{project}` ended before its first phase began")]
    NeverBegan {
        /// The engagement.
        project: String,
    },
    /// A retry from a phase that was never reached.
    #[error("`{project}` never came to a phase `{phase}`; it came to {reached}")]
    NeverReached {
        /// The engagement.
        project: String,
        /// The phase.
        phase: String,
        /// Phases that were reached.
        reached: String,
    },
    /// The plan has no such phase.
    #[error("the workflow `{workflow}` has no phase `{phase}`")]
    NoPhase {
        /// The workflow.
        workflow: String,
        /// The phase.
        phase: String,
    },
    /// Other definitions do not fit what was approved.
    #[error("`{project}`: {why}")]
    Incompatible {
        /// The engagement.
        project: String,
        /// What does not fit.
        why: String,
    },
    /// The branch is gone.
    #[error(
        "branch `{branch}` was removed; bring it back with `git update-ref refs/heads/{branch} {was}`"
    )]
    BranchRemoved {
        /// Its name.
        branch: String,
        /// The commit it was at.
        was: String,
    },
    /// The branch is checked out somewhere, and is not moved under anyone's feet.
    #[error("branch `{branch}` is checked out; switch to another branch")]
    CheckedOut {
        /// Its name.
        branch: String,
    },
}

impl Refusal {
    /// Who has to do something.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Refusal::Expired { .. } => RefusalKind::Late,
            Refusal::Superseded { .. }
            | Refusal::Changed { .. }
            | Refusal::Decided { .. }
            | Refusal::Ended { .. }
            | Refusal::NothingWaits { .. }
            | Refusal::Completed { .. }
            | Refusal::Cancelled { .. } => RefusalKind::Conflict,
            Refusal::Incompatible { .. } => RefusalKind::Incompatible,
            Refusal::BranchRemoved { .. } | Refusal::CheckedOut { .. } => RefusalKind::Repository,
            _ => RefusalKind::Usage,
        }
    }
}

fn waiting(open: &[String]) -> String {
    if open.is_empty() {
        "nothing waits".to_owned()
    } else {
        format!("waiting: {}", open.join(", "))
    }
}
