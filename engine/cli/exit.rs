//! Exit codes and the errors that lead to them.

use std::fmt;
use std::process::ExitCode;

use cloudcrew_ports::StoreError;
use cloudcrew_ports::lease::LeaseError;
use cloudcrew_runtime::engagement::EngagementError;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Findings, or the engagement failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// The world failed, or a fault of ours.
    World = 3,
    /// Waits for a person.
    Waiting = 10,
    /// A budget is used up.
    Budget = 11,
    /// Expired at a gate.
    Expired = 12,
    /// Cancelled.
    Cancelled = 13,
    /// Decided by someone else, or the subject has changed.
    Conflict = 14,
}

impl Exit {
    /// As the system takes it.
    pub fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }

    /// The failure that another process of ours ended with; `None` when it did not fail.
    pub fn of_failure(code: Option<i32>) -> Option<Exit> {
        match code {
            Some(1) => Some(Exit::Failed),
            Some(2) => Some(Exit::Usage),
            Some(0 | 10..=14) => None,
            _ => Some(Exit::World),
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// Whether it is that another process drives the engagement.
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
            EngagementError::Unknown(_)
            | EngagementError::Exists(_)
            | EngagementError::Usage(_) => Exit::Usage,
            EngagementError::Conflict(_) | EngagementError::TooLate(_) => Exit::Conflict,
            EngagementError::Incompatible(_) => Exit::Failed,
            EngagementError::Held { .. }
            | EngagementError::LeaseLost { .. }
            | EngagementError::Damaged { .. }
            | EngagementError::Semantics { .. }
            | EngagementError::World(_)
            | EngagementError::Store(_) => Exit::World,
        };
        Failure {
            exit,
            held: matches!(error, EngagementError::Held { .. }),
            text: error.to_string(),
        }
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
