//! How long a server asks to wait.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Longest accepted wait, in seconds.
const LONGEST: f64 = 1e9;

/// Reads `Retry-After`, in seconds or as a date, and the millisecond variants.
pub fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let number = |text: &str| text.parse::<f64>().ok().filter(|n| (0.0..LONGEST).contains(n));
    if let Some(milliseconds) = text("retry-after-ms").and_then(number) {
        return Some(Duration::from_secs_f64(milliseconds / 1000.0));
    }
    let said = text(RETRY_AFTER.as_str())?;
    if let Some(seconds) = number(said) {
        return Some(Duration::from_secs_f64(seconds));
    }
    // The date is in the server's time, so compare it with the server's clock.
    let now = text(DATE.as_str()).and_then(date).unwrap_or_else(Timestamp::now);
    date(said)
        .map(|then| then.duration_since(now))
        .map(|wait| Duration::try_from(wait).unwrap_or_default())
}

fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}
