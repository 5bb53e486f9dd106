//! Built-in data about the Claude models on Bedrock: context window, prompt cache and price.
//! Settings in `agents.yaml` take precedence.

use crate::crew::Price;

/// The date of the table, which was compiled from the provider's pages.
pub const AS_OF: &str = "2026-11-25";

/// Built-in data about a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// The start of its identifier; only a date or a version may follow.
    pub id: &'static str,
    /// Size of its context window in tokens.
    pub window: u64,
    /// Minimum number of tokens before a cache point.
    pub cache_minimum: u64,
    /// Price of the global inference profile; `None` if it is unknown or not a single price.
    pub price: Option<Price>,
}

const fn price(input: f64, output: f64, cache_read: f64, cache_write: f64) -> Option<Price> {
    Some(Price { input, output, cache_read, cache_write })
}

const fn known(id: &'static str, window: u64, cache_minimum: u64, price: Option<Price>) -> Known {
    Known { id, window, cache_minimum, price }
}

/// Where sources disagree on the minimum for caching, the table has the larger value: a cache point
/// that is set too late costs less than one without effect. Haiku 5.5 has two prices, which depend
/// on the length of the prompt.
const TABLE: [Known; 14] = [
    known("anthropic.claude-fable-5-1", 1_000_000, 512, price(10.0, 50.0, 0.25, 12.5)),
    known("anthropic.claude-fable-5", 1_000_000, 512, price(10.0, 50.0, 1.0, 12.5)),
    known("anthropic.claude-opus-5-5", 1_000_000, 512, price(4.0, 20.0, 0.2, 5.0)),
    known("anthropic.claude-opus-5", 1_000_000, 512, price(5.0, 25.0, 0.5, 6.25)),
    known("anthropic.claude-opus-4-8", 1_000_000, 1024, price(5.0, 25.0, 0.5, 6.25)),
    known("anthropic.claude-opus-4-7", 1_000_000, 4096, price(5.0, 25.0, 0.5, 6.25)),
    known("anthropic.claude-opus-4-6", 1_000_000, 4096, price(5.0, 25.0, 0.5, 6.25)),
    known("anthropic.claude-opus-4-5", 200_000, 4096, price(5.0, 25.0, 0.5, 6.25)),
    known("anthropic.claude-sonnet-5-5", 1_000_000, 512, price(2.0, 10.0, 0.2, 2.5)),
    known("anthropic.claude-sonnet-5", 1_000_000, 1024, price(2.0, 10.0, 0.2, 2.5)),
    known("anthropic.claude-sonnet-4-6", 1_000_000, 1024, price(3.0, 15.0, 0.3, 3.75)),
    known("anthropic.claude-sonnet-4-5", 200_000, 1024, price(3.0, 15.0, 0.3, 3.75)),
    known("anthropic.claude-haiku-5-5", 1_000_000, 512, None),
    known("anthropic.claude-haiku-4-5", 200_000, 4096, price(1.0, 5.0, 0.1, 1.25)),
];

/// Price of a regional inference profile relative to the global one.
const REGIONAL: f64 = 1.1;
/// The same for the US government regions.
const GOVERNMENT: f64 = 1.2;

/// Looks up a model by its Bedrock identifier: a model, an inference profile, or an ARN of either.
pub fn model(id: &str) -> Option<Known> {
    let name = id.rsplit('/').next().unwrap_or(id);
    let (area, base) = match name.find("anthropic.") {
        Some(at) => name.split_at(at),
        None => return None,
    };
    let follows = |known: &Known| {
        base.strip_prefix(known.id).is_some_and(|rest| rest.is_empty() || is_version(rest))
    };
    let mut found = *TABLE.iter().find(|known| follows(known))?;
    let factor = match area {
        "global." => 1.0,
        "us-gov." => GOVERNMENT,
        _ => REGIONAL,
    };
    found.price = found.price.map(|p| Price {
        input: p.input * factor,
        output: p.output * factor,
        cache_read: p.cache_read * factor,
        cache_write: p.cache_write * factor,
    });
    Some(found)
}

/// Whether this is a date or version suffix, such as `-20251001-v1:0`, `-v1` or `:0`, rather than
/// part of another model's name.
fn is_version(rest: &str) -> bool {
    let dated = rest.strip_prefix('-').is_some_and(|r| r.starts_with('v') || r.starts_with("20"));
    dated || rest.starts_with(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_found_by_every_form_of_its_identifier() {
        let opus = |id| model(id).and_then(|m| m.price).map(|p| p.input);
        assert_eq!(opus("global.anthropic.claude-opus-4-6-v1"), Some(5.0));
        assert_eq!(opus("us.anthropic.claude-opus-4-6-v1"), Some(5.5));
        assert_eq!(opus("anthropic.claude-opus-4-6-v1:0"), Some(5.5));
        assert_eq!(opus("us-gov.anthropic.claude-opus-4-6-v1"), Some(6.0));
        assert_eq!(
            opus(
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-opus-5-5"
            ),
            Some(4.4)
        );
        assert_eq!(
            model("global.anthropic.claude-opus-5-5").map(|m| m.id),
            Some("anthropic.claude-opus-5-5")
        );
        assert_eq!(
            model("global.anthropic.claude-haiku-4-5-20251001-v1:0").map(|m| m.cache_minimum),
            Some(4096)
        );
    }

    #[test]
    fn unknown_models_are_not_confused_with_known_ones() {
        for id in [
            "us.amazon.nova-pro-v1:0",
            "anthropic.claude-opus-6",
            "us.anthropic.claude-opus-5-9",
            "anthropic.claude-3-haiku",
        ] {
            assert_eq!(model(id), None, "{id}");
        }
        assert_eq!(model("global.anthropic.claude-haiku-5-5").map(|m| m.price), Some(None));
    }
}
