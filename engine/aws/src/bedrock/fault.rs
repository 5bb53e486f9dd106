//! Classifies what went wrong with a call: how to react, the provider's name for it, and its
//! message.

use std::error::Error;
use std::time::Duration;

use aws_sdk_bedrockruntime::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamError;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::event_stream::RawMessage;
use cloudcrew_ports::model::{FaultKind, ModelFault};

/// A call without an answer, or with a refusal.
pub fn of_call(
    error: SdkError<ConverseStreamError, HttpResponse>,
    silence: Duration,
) -> ModelFault {
    match &error {
        SdkError::ServiceError(said) => {
            let (class, words) = (said.err().code(), said.err().message());
            let raw = said.raw();
            let status = raw.status().as_u16();
            let wait = raw
                .headers()
                .get("retry-after")
                .and_then(|v| v.parse::<f64>().ok())
                .filter(|s| (0.0..1e9).contains(s));
            let class = class.map_or_else(|| format!("Http{status}"), capital);
            let words = words.map_or_else(|| format!("HTTP status {status}"), str::to_owned);
            // A refusal by the service itself is free; an error without a class comes from an
            // intermediary.
            let own = said.err().code().is_some();
            let fault =
                ModelFault::of_status(status, wait.map(Duration::from_secs_f64), &class, &words);
            ModelFault { unpaid: fault.unpaid || own, ..fault }
        }
        SdkError::TimeoutError(_) => ModelFault::silent(silence),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            ModelFault::refused(format!("the connection timed out: {}", chain(&error)))
        }
        SdkError::DispatchFailure(failure) if failure.is_io() => {
            let words = chain(&error);
            let never_began = ["refused", "dns", "resolve", "unreachable"]
                .iter()
                .any(|w| words.to_lowercase().contains(w));
            ModelFault { unpaid: never_began, ..ModelFault::connection(words) }
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
            let words = chain(&error);
            if words.to_lowercase().contains("credential")
                || words.to_lowercase().contains("identity")
            {
                // Each provider of the chain explains at length why it has no credentials.
                let words = words.lines().next().unwrap_or_default();
                let words = words
                    .rsplit_once(": no credentials")
                    .map_or(words, |_| "none in the standard chain");
                return ModelFault::denied(
                    "NoCredentials",
                    format!(
                        "no AWS credentials found ({words}); set AWS_PROFILE, or \
                         AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or \
                         run with an attached role"
                    ),
                );
            }
            ModelFault::connection(words)
        }
        SdkError::ResponseError(response) => {
            let status = response.raw().status().as_u16();
            let said = chain(&error);
            if response.raw().status().is_success() {
                // The answer started and was cut off.
                return if said.contains("IncompleteMessage") || said.contains("closed") {
                    ModelFault::connection(said)
                } else {
                    ModelFault::garbled(said)
                };
            }
            ModelFault::of_status(status, None, &format!("Http{status}"), &said)
        }
        _ => ModelFault::connection(chain(&error)),
    }
}

/// A stream that was lost, or that reported an error.
pub fn of_event(error: SdkError<ConverseStreamOutputError, RawMessage>) -> ModelFault {
    match &error {
        SdkError::ServiceError(said) => {
            use ConverseStreamOutputError as Said;
            let class = match said.err() {
                Said::InternalServerException(_) => "InternalServerException",
                Said::ModelStreamErrorException(_) => "ModelStreamErrorException",
                Said::ServiceUnavailableException(_) => "ServiceUnavailableException",
                Said::ThrottlingException(_) => "ThrottlingException",
                Said::ValidationException(_) => "ValidationException",
                other => other.code().unwrap_or("StreamError"),
            };
            let words = said.err().message().unwrap_or("no reason given");
            if class == "ValidationException" {
                return ModelFault {
                    unpaid: false,
                    ..ModelFault::of_status(400, None, class, words)
                };
            }
            ModelFault::transient(&capital(class), words)
        }
        SdkError::ResponseError(_) => ModelFault::garbled(chain(&error)),
        _ => ModelFault::connection(chain(&error)),
    }
}

/// `throttlingException` in a stream is `ThrottlingException` in an answer.
fn capital(class: &str) -> String {
    let class = class.rsplit('#').next().unwrap_or(class);
    let mut letters = class.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The messages of the inner causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.dedup();
    if words.is_empty() { DisplayErrorContext(error).to_string() } else { words.join(": ") }
}

/// Adds advice to the refusals that every new user meets.
pub fn advised(
    mut fault: ModelFault,
    model: &str,
    region: &str,
    endpoint: Option<&str>,
) -> ModelFault {
    if fault.error == "ConnectionError" && fault.unpaid {
        let advice = match endpoint {
            Some(url) => {
                format!("no server at {url}: check `models.*.endpoint` in agents.yaml")
            }
            None => format!(
                "check the network, and whether {region} has Bedrock; the region is set by \
                 `models.*.region` in agents.yaml"
            ),
        };
        fault.message = format!("{} ({advice})", fault.message);
        return fault;
    }
    if !matches!(fault.kind, FaultKind::Permanent | FaultKind::Denied) {
        return fault;
    }
    let advice = match fault.error.as_str() {
        "AccessDeniedException" => {
            format!(
                "the account or role has no access to `{model}` in {region}: grant it in the \
                 Bedrock console or the role's policy"
            )
        }
        "ResourceNotFoundException" => {
            format!(
                "no model `{model}` in {region}: check `models.*.id` and \
                `models.*.region` in agents.yaml"
            )
        }
        "ValidationException" if fault.message.contains("model identifier") => {
            format!(
                "`{model}` is not a model id in {region}: check `models.*.id` and \
                `models.*.region` in agents.yaml"
            )
        }
        "ValidationException" if fault.message.contains("on-demand throughput") => {
            format!(
                "`{model}` is available only through an inference profile: set \
                `models.*.id` to one, such as `us.{model}`"
            )
        }
        "ExpiredTokenException" | "ExpiredToken" => "the credentials have expired: renew \
         them"
            .to_owned(),
        "UnrecognizedClientException" | "InvalidSignatureException" | "InvalidClientTokenId" => {
            "AWS does not recognise the credentials: check AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY"
                .to_owned()
        }
        "ServiceQuotaExceededException" => "the account's quota for the model is exhausted: raise \
         it, or wait"
            .to_owned(),
        _ => return fault,
    };
    fault.kind = FaultKind::Denied;
    fault.message = format!("{} ({advice})", fault.message);
    fault
}
