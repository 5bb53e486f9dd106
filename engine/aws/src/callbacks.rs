//! Callback ids of a scheduler that waits for outcomes: kept in the table beside the journal, and
//! used once the journal has the outcome. An id is never shown or logged.

use std::fmt;

use aws_config::SdkConfig;
use aws_sdk_sfn::Client;
use aws_sdk_sfn::error::{ProvideErrorMetadata as _, SdkError};
use cloudcrew_ports::StoreError;
use serde_json::Value;

use crate::store::failed;

/// A state whose outcome the scheduler is waiting for.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    /// Name of the state in the plan.
    pub state: String,
    /// Identifies this entry into the state to the scheduler. Stays the same when a program
    /// restarts.
    pub entered: String,
    /// Number of states that the journal had entered, including this entry.
    pub entry: u64,
    /// The id to report with.
    pub(crate) id: String,
}

impl Callback {
    /// A callback for an entry into a state.
    pub fn new(state: &str, entered: &str, entry: u64, id: &str) -> Callback {
        let (state, entered, id) = (state.to_owned(), entered.to_owned(), id.to_owned());
        Callback { state, entered, entry, id }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("state", &self.state).finish_non_exhaustive()
    }
}

/// What to report.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// The outcome of a state.
    Outcome(Value),
    /// The state ends by an error of this name.
    Error(&'static str),
}

/// The scheduler: Step Functions.
#[derive(Debug, Clone)]
pub struct Scheduler {
    client: Client,
}

impl Scheduler {
    /// Prepares a connection; sends nothing yet.
    pub fn new(config: &SdkConfig) -> Scheduler {
        Scheduler { client: Client::new(config) }
    }

    /// Tells the scheduler that the work behind a callback id goes on. `false` when it no longer
    /// waits.
    ///
    /// # Errors
    /// When the service fails.
    pub async fn beat(&self, id: &str) -> Result<bool, StoreError> {
        let sent = self.client.send_task_heartbeat().task_token(id).send().await;
        answered(sent)
    }

    /// Starts an execution of a machine; `false` if one with this name exists already.
    ///
    /// # Errors
    /// When the service fails.
    pub async fn start(
        &self,
        machine: &str,
        name: &str,
        input: &Value,
    ) -> Result<bool, StoreError> {
        let asked = self.client.start_execution().state_machine_arn(machine).name(name);
        match asked.input(input.to_string()).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("ExecutionAlreadyExists") => Ok(false),
            Err(error) => Err(failed("Step Functions", &error)),
        }
    }

    /// Reports an outcome. `false` when the scheduler no longer waits for it.
    ///
    /// # Errors
    /// When the service fails.
    pub async fn report(&self, callback: &Callback, report: &Report) -> Result<bool, StoreError> {
        match report {
            Report::Outcome(output) => {
                let success = self.client.send_task_success().task_token(&callback.id);
                answered(success.output(output.to_string()).send().await)
            }
            Report::Error(name) => {
                let failure = self.client.send_task_failure().task_token(&callback.id);
                answered(failure.error(*name).send().await)
            }
        }
    }
}

/// Whether the scheduler accepted it. An id that was used or has expired is not an error.
fn answered<T, E, R>(sent: Result<T, SdkError<E, R>>) -> Result<bool, StoreError>
where
    E: aws_sdk_sfn::error::ProvideErrorMetadata + std::error::Error + 'static,
    R: fmt::Debug,
{
    match sent {
        Ok(_) => Ok(true),
        Err(error)
            if matches!(
                error.code(),
                Some("TaskTimedOut" | "TaskDoesNotExist" | "InvalidToken")
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(failed("Step Functions", &error)),
    }
}
