//! Describes the findings of a guardrail. The text that triggered a finding is omitted: it may be the
//! very text that must not spread.

use aws_sdk_bedrockruntime::types::{GuardrailAssessment, GuardrailTraceAssessment};

/// One line per finding, in a fixed order: `what was said: topic Investment, blocked`.
pub fn findings(trace: &GuardrailTraceAssessment) -> Vec<String> {
    let asked =
        trace.input_assessment().into_iter().flatten().flat_map(|(_, found)| lines("asked", found));
    let said = trace
        .output_assessments()
        .into_iter()
        .flatten()
        .flat_map(|(_, found)| found)
        .flat_map(|found| lines("said", found));
    let mut lines: Vec<String> = asked.chain(said).collect();
    lines.sort();
    lines.dedup();
    lines
}

fn lines(of: &str, found: &GuardrailAssessment) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |what: String, action: &str, detected: Option<bool>| {
        if detected != Some(false) {
            lines.push(format!("what was {of}: {what}, {}", done(action)));
        }
    };
    for topic in found.topic_policy().into_iter().flat_map(|policy| policy.topics()) {
        add(format!("topic {}", topic.name()), topic.action().as_str(), topic.detected());
    }
    for filter in found.content_policy().into_iter().flat_map(|policy| policy.filters()) {
        let what = format!(
            "{} with {} confidence",
            lower(filter.r#type().as_str()),
            lower(filter.confidence().as_str())
        );
        add(what, filter.action().as_str(), filter.detected());
    }
    if let Some(policy) = found.word_policy() {
        for word in policy.custom_words() {
            add("a listed word".to_owned(), word.action().as_str(), word.detected());
        }
        for word in policy.managed_word_lists() {
            add(
                format!("a word of the list {}", lower(word.r#type().as_str())),
                word.action().as_str(),
                word.detected(),
            );
        }
    }
    if let Some(policy) = found.sensitive_information_policy() {
        for entity in policy.pii_entities() {
            add(lower(entity.r#type().as_str()), entity.action().as_str(), entity.detected());
        }
        for pattern in policy.regexes() {
            add(
                format!("pattern {}", pattern.name().unwrap_or("without a name")),
                pattern.action().as_str(),
                pattern.detected(),
            );
        }
    }
    for filter in
        found.contextual_grounding_policy().into_iter().flat_map(|policy| policy.filters())
    {
        let what = format!(
            "{} {:.2} where {:.2} is asked",
            lower(filter.r#type().as_str()),
            filter.score(),
            filter.threshold()
        );
        add(what, filter.action().as_str(), filter.detected());
    }
    lines
}

/// What the guardrail did.
fn done(action: &str) -> String {
    match action {
        "ANONYMIZED" => "masked".to_owned(),
        "NONE" => "let through".to_owned(),
        _ => lower(action),
    }
}

/// `INSULTS` as a word.
fn lower(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}
