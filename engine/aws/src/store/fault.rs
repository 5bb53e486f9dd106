//! Turns errors of the service into advice, and tells refused conditions from failures.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use cloudcrew_ports::StoreError;

/// What a write came to.
pub(crate) enum Written {
    /// It is done.
    Done,
    /// A condition was not met, or another transaction was under way.
    Refused,
}

/// Whether the error says that a condition was not met, or that another write was under way.
fn is_refusal(code: Option<&str>, message: Option<&str>) -> bool {
    match code {
        Some(
            "ConditionalCheckFailedException"
            | "TransactionConflictException"
            | "TransactionInProgressException",
        ) => true,
        // The message lists a reason for each item: `[ConditionalCheckFailed, None]`.
        Some("TransactionCanceledException") => {
            let reasons = message.and_then(|text| text.rsplit_once('[')).map_or("", |(_, all)| all);
            let mut reasons =
                reasons.trim_end_matches([']', '.']).split(',').map(str::trim).peekable();
            reasons.peek().is_some()
                && reasons.all(|reason| {
                    matches!(reason, "None" | "ConditionalCheckFailed" | "TransactionConflict")
                })
        }
        _ => false,
    }
}

/// The result of a conditional write.
pub(crate) fn written<T, E: ProvideErrorMetadata + Error + 'static, R: std::fmt::Debug>(
    table: &str,
    sent: Result<T, SdkError<E, R>>,
) -> Result<Written, StoreError> {
    match sent {
        Ok(_) => Ok(Written::Done),
        Err(error) if is_refusal(error.code(), error.message()) => Ok(Written::Refused),
        Err(error) => Err(failed(table, &error)),
    }
}

/// Reports a call that failed.
pub(crate) fn failed<E: ProvideErrorMetadata + Error + 'static, R: std::fmt::Debug>(
    what: &str,
    error: &SdkError<E, R>,
) -> StoreError {
    let what = what.to_owned();
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let said = error.message().map_or_else(|| cause.to_string(), str::to_owned);
    match error.code() {
        Some(
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "SlowDown",
        ) => StoreError::Busy { what, by: format!("too many requests: {said}; try again") },
        Some("TransactionCanceledException") if said.contains("Throttl") => {
            StoreError::Busy { what, by: format!("too many requests: {said}; try again") }
        }
        Some(code) => StoreError::Unusable { what, why: format!("{code}: {said}") },
        None => StoreError::Unusable { what, why: said },
    }
}
