//! Classifies what went wrong with a call: how to react, the provider's name for it, and its
//! message.

use std::error::Error;
use std::time::Duration;

use cloudcrew_ports::model::{FaultKind, ModelFault};
use serde_json::Value;

use super::OpenAiSettings;

/// Letters to show of a page that is not JSON, enough to recognise it.
const SHOWN: usize = 300;

/// A request without a response.
pub fn of_call(error: &reqwest::Error, place: &str) -> ModelFault {
    let words = chain(error);
    if words.contains("certificate") {
        return ModelFault::denied(
            "CertificateError",
            format!("the certificate of {place} is not trusted: {words}"),
        );
    }
    if error.is_builder() {
        return ModelFault::denied("InvalidRequest", words);
    }
    if error.is_connect() {
        return ModelFault::refused(format!(
            "no connection to {place}: {words} (is the server running there? `models.*.endpoint` \
             in agents.yaml says where it is)"
        ));
    }
    if words.contains("invalid HTTP") {
        return ModelFault::garbled(format!("the server at {place} does not speak HTTP: {words}"));
    }
    ModelFault::connection(format!("the connection to {place} was lost: {words}"))
}

/// A web page instead of an answer; retrying returns the same page.
pub fn page(kind: &str, first: &[u8], place: &str) -> ModelFault {
    let begin: String = String::from_utf8_lossy(first).trim().chars().take(SHOWN).collect();
    let kind = if kind.is_empty() { "no content type" } else { kind };
    let message = format!(
        "{place} answered with a web page ({kind}) that begins with `{begin}`: check \
         `models.*.endpoint` in agents.yaml, and whether a proxy asks you to sign in"
    );
    ModelFault { unpaid: false, ..ModelFault::denied("NoModelThere", message) }
}

/// An answer that was cut off.
pub fn of_body(error: &reqwest::Error) -> ModelFault {
    ModelFault::connection(format!("the answer was cut off: {}", chain(error)))
}

/// A refusal: an error in one of the many formats, or a web page.
pub fn of_status(status: u16, retry_after: Option<Duration>, body: &[u8]) -> ModelFault {
    let text = String::from_utf8_lossy(body);
    let refusal =
        serde_json::from_str(&text).ok().and_then(|value| Refusal::find(&value)).unwrap_or_else(
            || Refusal { message: text.trim().chars().take(SHOWN).collect(), ..Refusal::default() },
        );
    refusal.fault(status, retry_after)
}

/// An error in place of a chunk or a reply, or in the middle of a stream.
pub fn of_answer(value: &Value) -> Option<ModelFault> {
    let refusal = Refusal::find(value)?;
    let status = refusal.status.unwrap_or_else(|| refusal.likely_status());
    // The model may have started to generate.
    Some(ModelFault { unpaid: false, ..refusal.fault(status, None) })
}

/// A provider's error.
#[derive(Debug, Default)]
struct Refusal {
    class: String,
    code: String,
    message: String,
    status: Option<u16>,
}

impl Refusal {
    /// Finds the error as `{error: {...}}`, `{error: "..."}`, `{object: "error", ...}` or `{detail:
    /// ...}`.
    fn find(value: &Value) -> Option<Refusal> {
        let said = match &value["error"] {
            Value::Null if value["object"] == "error" => value,
            Value::Null if value["choices"].is_null() && !value["detail"].is_null() => {
                return Some(Refusal { message: words(&value["detail"]), ..Refusal::default() });
            }
            Value::Null => return None,
            error @ Value::Object(_) => error,
            error => return Some(Refusal { message: words(error), ..Refusal::default() }),
        };
        let code = words(&said["code"]);
        let status = code.parse().ok().filter(|status| (400..600).contains(status));
        Some(Refusal {
            class: words(&said["type"]),
            code,
            message: words(&said["message"]),
            status,
        })
    }

    fn fault(&self, status: u16, retry_after: Option<Duration>) -> ModelFault {
        // Gateways use their own statuses for an unreachable server (520 to 529).
        let away = status >= 500 && status != 501 && status != 505;
        let class = [&self.code, &self.class]
            .into_iter()
            .find(|c| c.starts_with(|letter: char| letter.is_ascii_alphabetic()));
        let class = class.map_or_else(|| format!("Http{status}"), |class| capital(class));
        let message = if self.message.is_empty() {
            format!("HTTP status {status}")
        } else {
            self.message.clone()
        };
        let mut fault =
            ModelFault::of_status(if away { 503 } else { status }, retry_after, &class, &message);
        if matches!(status, 400 | 422) && fault.kind == FaultKind::Permanent {
            // A model without tool support, an unknown parameter, a limit of the server: a person
            // can fix it, and the same call then works.
            fault.kind = FaultKind::Denied;
        }
        if self.says_too_long(status) {
            fault.kind = FaultKind::InputTooLong;
        } else if self.code == "insufficient_quota" || self.class == "insufficient_quota" {
            // The status is that of a rate limit, but waiting does not help.
            fault.kind = FaultKind::Denied;
        }
        fault
    }

    fn says_too_long(&self, status: u16) -> bool {
        let named = [&self.code, &self.class]
            .into_iter()
            .any(|c| c == "context_length_exceeded" || c == "exceed_context_size_error");
        named
            || status == 413
            || (status < 500 && status != 429 && self.message.contains("available context size"))
    }

    /// The status that the error would have had outside a stream.
    fn likely_status(&self) -> u16 {
        let said = format!("{} {}", self.code, self.class).to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        match () {
            () if says(&["authentication", "api_key"]) => 401,
            () if says(&["permission"]) => 403,
            () if says(&["not_found"]) => 404,
            () if says(&["invalid", "validation", "badrequest", "context"]) => 400,
            () if says(&["rate_limit", "quota", "throttl"]) => 429,
            () => 500,
        }
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `rate_limit_exceeded` becomes `RateLimitExceeded`; a name already in that form is kept.
fn capital(class: &str) -> String {
    let words = class.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|word| {
            word.chars()
                .take(1)
                .flat_map(char::to_uppercase)
                .chain(word.chars().skip(1))
                .collect::<String>()
        })
        .collect()
}

/// The messages of the inner causes. The outermost is omitted because it repeats the URL, including
/// any secret in it.
fn chain(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push(error.to_string());
        cause = error.source();
    }
    words.dedup();
    if words.is_empty() { "no reason given".to_owned() } else { words.join(": ") }
}

/// Removes the key: some servers repeat a key that they refuse.
pub fn without_key(mut fault: ModelFault, key: Option<&str>) -> ModelFault {
    if let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) {
        fault.message = fault.message.replace(key, "[the key]");
    }
    fault
}

/// Adds advice to the refusals that every new user meets.
pub fn advised(
    mut fault: ModelFault,
    status: u16,
    settings: &OpenAiSettings,
    place: &str,
) -> ModelFault {
    if let Some(advice) = advice(&fault, status, settings, place) {
        fault.message = format!("{} ({advice})", fault.message);
    }
    fault
}

fn advice(
    fault: &ModelFault,
    status: u16,
    settings: &OpenAiSettings,
    place: &str,
) -> Option<String> {
    if !matches!(fault.kind, FaultKind::Permanent | FaultKind::Denied) {
        return None;
    }
    let message = &fault.message;
    Some(match (status, &settings.key_name, &settings.key) {
        (401 | 403, Some(name), Some(_)) => {
            format!(
                "{place} refused the key in {name}: check that it is the right key and \
                 has the permissions needed"
            )
        }
        (401 | 403, Some(name), None) => format!("{place} requires a key: set {name}"),
        (401 | 403, None, _) => {
            format!(
                "{place} requires a key: set `models.*.key_env` in agents.yaml to the name of an \
                 environment variable that holds one"
            )
        }
        (404 | 405, ..) => format!(
            "no model `{}` at {place}, or it does not serve chat completions: check `models.*.id` \
             and `models.*.endpoint` in agents.yaml",
            settings.id
        ),
        _ if fault.error == "InsufficientQuota" => {
            "the account has no credit left: check the provider's billing page".to_owned()
        }
        _ if message.contains("max_completion_tokens") || message.contains("'max_tokens'") => {
            format!(
                "this server expects another key than `{}` for the maximum tokens",
                settings.max_tokens_key.name()
            )
        }
        (400 | 422, ..) => {
            format!(
                "{place} rejected this request: check `models.*` in agents.yaml, and what \
                 `{}` supports",
                settings.id
            )
        }
        _ => return None,
    })
}
