//! Durations as people write them: `15m`, `24h`, `1h30m`.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// The regular expression for a duration.
pub const PATTERN: &str =
    "^(?=[0-9])(?=.*[1-9])([0-9]{1,7}d)?([0-9]{1,7}h)?([0-9]{1,7}m)?([0-9]{1,7}s)?([0-9]{1,7}ms)?$";

/// A duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub std::time::Duration);

impl Duration {
    /// Parses `1d2h3m4s5ms`. Units go from largest to smallest, and at least one is required.
    pub fn parse(text: &str) -> Option<Duration> {
        let units =
            [("d", 86_400_000_u64), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
        let (mut rest, mut from, mut total) = (text, 0, 0_u64);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let at = units
                .iter()
                .position(|(unit, _)| *unit == &rest[..letters])
                .filter(|at| *at >= from)?;
            total = total.checked_add(number.checked_mul(units[at].1)?)?;
            rest = &rest[letters..];
            from = at + 1;
        }
        (total > 0).then(|| Duration(std::time::Duration::from_millis(total)))
    }
}

/// The intended duration of a text with spaces, long unit names, capitals or a fraction: `15
/// minutes`, `24H`, `1.5h`.
pub fn meant(text: &str) -> Option<String> {
    let mut found = String::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
        let after = rest[digits..].trim_start();
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = match after[..letters].to_lowercase().as_str() {
            "d" | "day" | "days" => "d",
            "h" | "hr" | "hrs" | "hour" | "hours" => "h",
            "m" | "min" | "mins" | "minute" | "minutes" => "m",
            "s" | "sec" | "secs" | "second" | "seconds" => "s",
            "ms" | "msec" | "millis" | "milliseconds" => "ms",
            _ => return None,
        };
        found.push_str(&if rest[..digits].contains('.') {
            whole(&rest[..digits], unit)?
        } else {
            format!("{}{unit}", &rest[..digits])
        });
        rest = after[letters..].trim_start();
    }
    Duration::parse(&found).map(|_| found)
}

/// Converts a fraction of a unit to whole units: `1.5` hours are `1h30m`.
fn whole(number: &str, unit: &str) -> Option<String> {
    let one = Duration::parse(&format!("1{unit}"))?.0.as_millis() as f64;
    let millis = number.parse::<f64>().ok()? * one;
    (millis >= 1.0 && millis.fract() == 0.0 && millis < 1e12)
        .then(|| written(std::time::Duration::from_millis(millis as u64)))
}

/// A duration as a person would write it.
pub fn written(time: std::time::Duration) -> String {
    let (mut rest, mut text) = (time.as_millis() as u64, String::new());
    for (unit, size) in
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)]
    {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(self.0))
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Duration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `15m`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Duration, E> {
                Duration::parse(text).ok_or_else(|| E::custom("not a duration"))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Duration {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string", "pattern": PATTERN, "x-cloudcrew-form": "duration",
            "examples": ["30s", "5m", "15m", "24h"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_parsed() {
        let ms = |text| Duration::parse(text).map(|d| d.0.as_millis());
        assert_eq!(ms("15m"), Some(900_000));
        assert_eq!(ms("1h30m"), Some(5_400_000));
        assert_eq!(ms("250ms"), Some(250));
        for wrong in [
            "",
            "0s",
            "15",
            "m",
            "15 m",
            "15x",
            "30m1h",
            "1m1m",
            "-5m",
            "99999999999999999999d",
            "1.5h",
        ] {
            assert_eq!(ms(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn loosely_written_durations_are_understood() {
        for (text, duration) in [
            ("15 minutes", "15m"),
            ("24H", "24h"),
            ("1 h 30 min", "1h30m"),
            ("90sec", "90s"),
            ("1.5h", "1h30m"),
        ] {
            assert_eq!(meant(text).as_deref(), Some(duration));
        }
        for text in ["soon", "15", "", "15 parsecs", "minutes", "30s1h", "0.0001ms", "1.2.3h"] {
            assert_eq!(meant(text), None, "{text}");
        }
    }

    #[test]
    fn a_duration_round_trips() {
        for text in ["15m", "1h30m", "250ms", "1d"] {
            assert_eq!(Duration::parse(text).map(|d| d.to_string()), Some(text.to_owned()));
        }
    }
}
