//! Turns errors of the service into advice, and tells refused conditions from failures.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use cloudcrew_ports::StoreError;

/// What a write came to.
pub(super) enum Written {
    /// It is done.
    Done,
    /// A condition was not met, or another transaction was under way.
    Refused,
}

/// Whether the error says that a condition was not met.
fn is_refusal(code: Option<&str>) -> bool {
    matches!(
        code,
        Some(
            "ConditionalCheckFailedException"
                | "TransactionCanceledException"
                | "TransactionConflictException"
                | "TransactionInProgressException"
        )
    )
}

/// The result of a conditional write.
pub(super) fn written<T, E: ProvideErrorMetadata + Error + 'static, R: std::fmt::Debug>(
    table: &str,
    sent: Result<T, SdkError<E, R>>,
) -> Result<Written, StoreError> {
    match sent {
        Ok(_) => Ok(Written::Done),
        Err(error) if is_refusal(error.code()) => Ok(Written::Refused),
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
        Some(code) => StoreError::Unusable { what, why: format!("{code}: {said}") },
        None => StoreError::Unusable { what, why: said },
    }
}
