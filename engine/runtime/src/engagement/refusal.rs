//! What an engagement refuses, and why. Refusals are data: each interface adds its own advice.

use super::request::Unit;

/// Who can resolve a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The caller: the request does not make sense here.
    Usage,
    /// No one: someone else acted first, or the subject has changed.
    Conflict,
    /// No one: the deadline has passed.
    Late,
    /// Someone else: this person may not do it.
    NotAllowed,
    /// The author of the definitions: they do not fit what was approved.
    Incompatible,
    /// The owner of the repository.
    Repository,
}

/// A refusal. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No request has this id.
    #[error("`{project}` has no request `{request}`; {}", waiting(.open))]
    NoRequest {
        /// The engagement.
        project: String,
        /// The id that was given.
        request: String,
        /// Ids of the open requests.
        open: Vec<String>,
    },
    /// Another request replaced it.
    #[error(
        "`{request}` was superseded: what it asks about has changed, and a newer request \
         replaces it"
    )]
    Superseded {
        /// The engagement.
        project: String,
        /// Its id.
        request: String,
    },
    /// The answer came after the deadline.
    #[error("`{request}` expired before it was answered")]
    Expired {
        /// Its id.
        request: String,
    },
    /// The subject has changed since the person saw it.
    #[error("what `{request}` asks about has changed: you saw {seen}, and it is now {now}")]
    Changed {
        /// The engagement.
        project: String,
        /// Its id.
        request: String,
        /// First characters of the digest that the person saw.
        seen: String,
        /// First characters of the current digest.
        now: String,
    },
    /// It was already answered.
    #[error("`{request}` was already {decision} by {actor} ({channel}){words}")]
    Decided {
        /// Its id.
        request: String,
        /// `approved`, `revised`, `answered`.
        decision: &'static str,
        /// The person who decided.
        actor: String,
        /// Where the decision came from.
        channel: String,
        /// The feedback or the answer after a colon; empty for an approval.
        words: String,
    },
    /// Too many remarks are open.
    #[error("{open} remarks are open in `{project}`; settle some first")]
    TooManyRemarks {
        /// The engagement.
        project: String,
        /// Number of open remarks.
        open: usize,
    },
    /// No note has this id.
    #[error("`{project}` has no note `{note}`")]
    NoMemory {
        /// The engagement.
        project: String,
        /// The id that was given.
        note: String,
    },
    /// The note cannot be accepted or published.
    #[error("`{note}` cannot be shown to more engagements: {why}")]
    NotLifted {
        /// Its id.
        note: String,
        /// Why.
        why: String,
    },
    /// No remark has this id.
    #[error("`{project}` has no remark `{remark}`")]
    NoRemark {
        /// The engagement.
        project: String,
        /// The id that was given.
        remark: String,
    },
    /// The remark is settled.
    #[error("remark `{remark}` of `{project}` is settled")]
    RemarkSettled {
        /// The engagement.
        project: String,
        /// Its id.
        remark: String,
    },
    /// The workflow has no agent that answers the customer.
    #[error("no agent answers messages in `{project}`; set the workflow's `contact`")]
    NoContact {
        /// The engagement.
        project: String,
    },
    /// There are no unpushed commits.
    #[error("`{project}` has no unpushed commits")]
    AllPushed {
        /// The engagement.
        project: String,
    },
    /// Too many messages wait for an answer.
    #[error("{waiting} messages wait for an answer in `{project}`; wait until one is answered")]
    TooManyMessages {
        /// The engagement.
        project: String,
        /// Number of messages that wait.
        waiting: usize,
    },
    /// The person approved already, and a vote cannot be changed.
    #[error("{actor} has approved `{request}` already; a vote cannot be changed")]
    Voted {
        /// Id of the request.
        request: String,
        /// The person.
        actor: String,
    },
    /// The person started the engagement or wrote part of it, which the gate does not allow.
    #[error(
        "{actor} started the engagement or wrote part of what it covers, so someone else must \
         decide `{request}`"
    )]
    Own {
        /// Id of the request.
        request: String,
        /// The person.
        actor: String,
    },
    /// The person may have written part of it, and has no verified address to tell.
    #[error(
        "{actor} has no verified e-mail address, so it is not known whether {actor} wrote part of \
         what `{request}` covers; log in with one"
    )]
    Unverified {
        /// Id of the request.
        request: String,
        /// The person.
        actor: String,
    },
    /// The person is in none of the groups that decide.
    #[error("{actor} may not decide `{request}`; members of {groups} may")]
    NotApprover {
        /// Id of the request.
        request: String,
        /// The person.
        actor: String,
        /// The groups.
        groups: String,
    },
    /// The engagement has ended.
    #[error("`{project}` has already ended: {text}")]
    Ended {
        /// The engagement.
        project: String,
        /// How it ended.
        text: String,
    },
    /// The engagement has ended, so its requests are closed.
    #[error("`{project}` has ended; its requests are closed")]
    NothingWaits {
        /// The engagement.
        project: String,
    },
    /// The gate does not ask for this rating.
    #[error("this gate has no rating named `{name}`; it asks for: {asked}")]
    NotRated {
        /// Name of the rating.
        name: String,
        /// The ratings that the gate asks for, or `nothing`.
        asked: String,
    },
    /// A rating outside 1 to 5.
    #[error("`{name}={value}`: a rating must be from 1 to 5")]
    Rating {
        /// Name of the rating.
        name: String,
        /// Its value.
        value: u8,
    },
    /// `revise` without feedback.
    #[error("feedback is empty; say what should change")]
    NoWords,
    /// A retry from a phase that runs again only after an earlier one.
    #[error(
        "`{project}` is at `{last}`, to which the work was returned, and `{phase}` runs again \
         after it; retry from `{last}`"
    )]
    Returned {
        /// The engagement.
        project: String,
        /// The phase to retry from.
        phase: String,
        /// The phase that it is at.
        last: String,
    },
    /// `revise` to a phase that the gate does not list.
    #[error("the gate of `{phase}` cannot return the work to `{to}`; {}", returns(listed))]
    NoWayBack {
        /// The phase.
        phase: String,
        /// Where the work was to return to.
        to: String,
        /// The phases that the gate may return it to.
        listed: Vec<String>,
    },
    /// The gate's revisions are used up.
    #[error("no revisions left (`phases/{phase}.yaml gate.max_revisions`); approve or cancel")]
    NoRevisionLeft {
        /// The phase.
        phase: String,
    },
    /// An empty answer to a question.
    #[error("the answer is empty")]
    NoAnswer,
    /// The answer is not one of the choices.
    #[error(
        "`{request}` is answered with one of its choices, or its number: {}",
        numbered(choices)
    )]
    NotAChoice {
        /// The request.
        request: String,
        /// The choices.
        choices: Vec<String>,
    },
    /// An answer to several questions that leaves one open, or has too many lines.
    #[error(
        "{request} asks {count} questions; answer each on a line of its own, in order. Line {line} \
         must answer: {question}"
    )]
    NotAllAnswered {
        /// The request.
        request: String,
        /// Number of questions.
        count: usize,
        /// Number of the line, from 1.
        line: usize,
        /// Its question, with the choices.
        question: String,
    },
    /// A new limit that is too low for the next call.
    #[error(
         "{} is not enough for `{budget}`: {} used, and the next call may take {}; answer with at \
         least {}, or `stop`",
        .unit.show(*.to), .unit.show(*.spent), .unit.show(*.needed), .unit.show(*.least)
    )]
    TooLittle {
        /// YAML key of the budget.
        budget: String,
        /// Its unit.
        unit: Unit,
        /// The proposed limit.
        to: u64,
        /// The amount used.
        spent: u64,
        /// The most that the next call may take.
        needed: u64,
        /// The lowest sufficient limit.
        least: u64,
    },
    /// Neither a limit nor `stop`.
    #[error("answer with a new limit for `{budget}` as a number, or `stop`")]
    NoLimit {
        /// YAML key of the budget.
        budget: String,
    },
    /// `approve` or `revise` on a question or a budget.
    #[error("`{request}` needs an answer, not a decision")]
    WantsAnswer {
        /// The engagement.
        project: String,
        /// Its id.
        request: String,
    },
    /// `answer` on a gate.
    #[error("`{request}` is a gate; approve or revise it")]
    IsGate {
        /// The engagement.
        project: String,
        /// Its id.
        request: String,
    },
    /// A retry of an engagement that has not ended.
    #[error("`{project}` has not ended")]
    NotEnded {
        /// The engagement.
        project: String,
    },
    /// A retry of a completed engagement.
    #[error("`{project}` has completed; nothing to retry")]
    Completed {
        /// The engagement.
        project: String,
    },
    /// A retry of a cancelled engagement.
    #[error("`{project}` was cancelled and cannot be retried")]
    Cancelled {
        /// The engagement.
        project: String,
    },
    /// A retry of an engagement that never entered a phase.
    #[error("`{project}` ended before its first phase started")]
    NeverBegan {
        /// The engagement.
        project: String,
    },
    /// A retry from a phase that was never reached.
    #[error("`{project}` never reached a phase `{phase}`; it reached {reached}")]
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
    /// The definitions do not fit what was approved.
    #[error("`{project}`: {why}")]
    Incompatible {
        /// The engagement.
        project: String,
        /// What does not fit.
        why: String,
    },
    /// The branch was removed.
    #[error(
        "branch `{branch}` was removed; restore it with `git update-ref refs/heads/{branch} {was}`"
    )]
    BranchRemoved {
        /// The engagement.
        project: String,
        /// Its name.
        branch: String,
        /// Its last known commit.
        was: String,
    },
    /// The branch is checked out; moving it would disturb that worktree.
    #[error("branch `{branch}` is checked out; switch to another branch")]
    CheckedOut {
        /// The engagement.
        project: String,
        /// Its name.
        branch: String,
    },
}

impl Refusal {
    /// Who can resolve it.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Refusal::Expired { .. } => RefusalKind::Late,
            Refusal::Superseded { .. }
            | Refusal::Changed { .. }
            | Refusal::Decided { .. }
            | Refusal::Voted { .. }
            | Refusal::AllPushed { .. }
            | Refusal::TooManyMessages { .. }
            | Refusal::TooManyRemarks { .. }
            | Refusal::RemarkSettled { .. }
            | Refusal::Ended { .. }
            | Refusal::NothingWaits { .. }
            | Refusal::Completed { .. }
            | Refusal::Cancelled { .. } => RefusalKind::Conflict,
            Refusal::Incompatible { .. } => RefusalKind::Incompatible,
            Refusal::Own { .. } | Refusal::Unverified { .. } | Refusal::NotApprover { .. } => {
                RefusalKind::NotAllowed
            }
            Refusal::BranchRemoved { .. } | Refusal::CheckedOut { .. } => RefusalKind::Repository,
            _ => RefusalKind::Usage,
        }
    }
}

fn waiting(open: &[String]) -> String {
    if open.is_empty() {
        "no request is open".to_owned()
    } else {
        format!("open requests: {}", open.join(", "))
    }
}

fn returns(listed: &[String]) -> String {
    if listed.is_empty() {
        "only this phase can run again".to_owned()
    } else {
        format!("choose one of {}", listed.join(", "))
    }
}

/// Choices with their numbers.
fn numbered(choices: &[String]) -> String {
    let each = choices.iter().enumerate().map(|(n, choice)| format!("{}: {choice}", n + 1));
    each.collect::<Vec<_>>().join(", ")
}
