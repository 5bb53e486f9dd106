//! Exit codes and the errors that lead to them.

use std::fmt;
use std::process::ExitCode;

use cloudcrew_ports::StoreError;
use cloudcrew_ports::lease::LeaseError;
use cloudcrew_runtime::engagement::{EngagementError, Refusal, RefusalKind};

use crate::shell::{cloudcrew, quoted};

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    /// Findings, or the engagement failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// An environment error, or a bug in CloudCrew.
    World = 3,
    /// Waiting for a person.
    Waiting = 10,
    /// A budget is used up.
    Budget = 11,
    /// Expired at a gate.
    Expired = 12,
    /// Cancelled.
    Cancelled = 13,
    /// Already decided by someone else, or the subject has changed.
    Conflict = 14,
}

impl Exit {
    /// The exit code of the process.
    pub fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }

    /// The failure of another `cloudcrew` process; `None` if it did not fail.
    pub fn of_failure(code: Option<i32>) -> Option<Exit> {
        match code {
            Some(1) => Some(Exit::Failed),
            Some(2) => Some(Exit::Usage),
            Some(0 | 10..=14) => None,
            _ => Some(Exit::World),
        }
    }
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    /// Whether the cause is that another process drives the engagement.
    pub held: bool,
    text: String,
}

impl Failure {
    pub fn usage(text: impl Into<String>) -> Failure {
        Failure { exit: Exit::Usage, held: false, text: text.into() }
    }

    pub fn world(text: impl Into<String>) -> Failure {
        Failure { exit: Exit::World, held: false, text: text.into() }
    }

    pub fn conflict(text: impl Into<String>) -> Failure {
        Failure { exit: Exit::Conflict, held: false, text: text.into() }
    }

    pub fn failed(text: impl Into<String>) -> Failure {
        Failure { exit: Exit::Failed, held: false, text: text.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<EngagementError> for Failure {
    fn from(error: EngagementError) -> Failure {
        let exit = match &error {
            EngagementError::Unknown(_) | EngagementError::Exists(_) => Exit::Usage,
            EngagementError::Refused(refusal) => match refusal.kind() {
                RefusalKind::Usage | RefusalKind::NotAllowed => Exit::Usage,
                RefusalKind::Conflict | RefusalKind::Late => Exit::Conflict,
                RefusalKind::Incompatible => Exit::Failed,
                RefusalKind::Repository => Exit::World,
            },
            EngagementError::Answered(_)
            | EngagementError::Held { .. }
            | EngagementError::LeaseLost { .. }
            | EngagementError::Damaged { .. }
            | EngagementError::Semantics { .. }
            | EngagementError::World(_)
            | EngagementError::Store(_) => Exit::World,
        };
        Failure {
            exit,
            held: matches!(error, EngagementError::Held { .. }),
            text: format!("{error}{}", what_to_do(&error)),
        }
    }
}

/// A hint on how to resolve an error on the command line.
fn what_to_do(error: &EngagementError) -> String {
    match error {
        EngagementError::Exists(_) => "; choose another id with `--project`".to_owned(),
        EngagementError::Unknown(_) => format!("; `{}` shows all", cloudcrew("list")),
        EngagementError::Refused(refusal) => match refusal {
            Refusal::Superseded { project, .. } | Refusal::Changed { project, .. } => {
                format!("; review it again with `{}`", cloudcrew(&format!("show {project}")))
            }
            Refusal::WantsAnswer { project, request } => {
                let request = quoted(request);
                let answer = cloudcrew(&format!("answer {project} {request} ANSWER"));
                format!("; use `{answer}`")
            }
            Refusal::IsGate { project, .. } => {
                format!("; use `{}`", cloudcrew(&format!("approve {project}")))
            }
            Refusal::NotEnded { project } => {
                format!("; continue it with `{}`", cloudcrew(&format!("resume {project}")))
            }
            Refusal::Incompatible { .. } => "; `--definitions pinned` keeps them".to_owned(),
            Refusal::BranchRemoved { project, .. } | Refusal::CheckedOut { project, .. } => {
                format!(", then run `{}`", cloudcrew(&format!("resume {project}")))
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::world(error.to_string())
    }
}

impl From<LeaseError> for Failure {
    fn from(error: LeaseError) -> Failure {
        Failure::world(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::world(error.to_string())
    }
}
