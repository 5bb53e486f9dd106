//! Unmet expectations of a test.

use cloudcrew_definition::source::Span;
use cloudcrew_definition::syntax::{
    Expect, ExpectedDeliverable, ExpectedOutcome, RehearsalFile, Written,
};
use cloudcrew_definition::text::headings;
use cloudcrew_runtime::engagement::{EndReason, Engagement, RequestKind, Rest};

use super::Miss;
use crate::show::waits;
use crate::summary::money;
use crate::words::counted;

/// The result of a test.
pub struct Seen<'a> {
    pub rest: &'a Rest,
    /// States in the order they were entered.
    pub states: &'a [String],
    /// Expected files, with their text if they exist.
    pub texts: &'a [(&'a str, Option<String>)],
    pub engagement: &'a Engagement,
}

/// Unmet expectations, in file order.
pub fn misses(test: &RehearsalFile, seen: &Seen<'_>) -> Vec<Miss> {
    let Some(expect) = test.expect.as_ref().and_then(Written::get) else { return Vec::new() };
    let mut found = outcome(test, expect, seen);
    found.extend(phases(expect, seen));
    for deliverable in expect
        .deliverables
        .as_ref()
        .and_then(Written::get)
        .into_iter()
        .flatten()
        .filter_map(Written::get)
    {
        found.extend(artifact(deliverable, seen));
    }
    let requests = &seen.engagement.state.requests;
    let reminders: u32 = requests.iter().map(|r| r.reminders).sum();
    let questions =
        requests.iter().filter(|r| matches!(r.kind, RequestKind::Question { .. })).count() as u32;
    for (written, came, what) in
        [(&expect.reminders, reminders, "reminder"), (&expect.questions, questions, "question")]
    {
        if let Some((wanted, at)) = given(written).filter(|(wanted, _)| **wanted != came) {
            let wanted = counted(*wanted as usize, what);
            let text = format!("expected {wanted}, got {came}");
            found.push(Miss { at: Some(at), text, came: Some(came.to_string()) });
        }
    }
    found.extend(cost(expect, seen));
    found
}

/// A value and its place in the file.
fn given<T>(written: &Option<Written<T>>) -> Option<(&T, Span)> {
    written.as_ref().and_then(|w| Some((w.get()?, w.span)))
}

fn outcome(test: &RehearsalFile, expect: &Expect, seen: &Seen<'_>) -> Vec<Miss> {
    let (came, said) = match seen.rest {
        Rest::Ended(end) => {
            let kind = match end.kind {
                EndReason::Completed => Some(ExpectedOutcome::Completed),
                EndReason::Failed => Some(ExpectedOutcome::Failed),
                EndReason::BudgetExhausted => Some(ExpectedOutcome::BudgetExhausted),
                EndReason::Expired => Some(ExpectedOutcome::Expired),
                EndReason::Cancelled => None,
            };
            let key = if end.key.is_empty() || end.text.contains(&end.key) {
                String::new()
            } else {
                format!(" [{}]", end.key)
            };
            (kind, format!("{}{key}", end.text))
        }
        Rest::Waiting(requests) => {
            let lines: Vec<String> =
                requests.iter().map(|r| waits(&seen.engagement.project, r)).collect();
            (Some(ExpectedOutcome::Waiting), lines.join("; "))
        }
        Rest::Blocked(reason) => (Some(ExpectedOutcome::Waiting), reason.clone()),
        Rest::Stopped | Rest::Left | Rest::Away => (None, "stopped".to_owned()),
    };
    let wanted = given(&expect.outcome).map_or(ExpectedOutcome::Completed, |(outcome, _)| *outcome);
    let mut found = Vec::new();
    if came != Some(wanted) {
        let written = expect.outcome.as_ref().map(|w| w.span);
        let instead = written.and(came).map(|came| name(came).to_owned());
        let came = came.map_or("cancelled", name);
        let text = format!("expected {}, got {came}: {said}", name(wanted));
        found.push(Miss { at: written.or(Some(test.rehearsal.span)), text, came: instead });
    }
    if let Some((words, at)) =
        given(&expect.says).filter(|(words, _)| !said.contains(words.as_str()))
    {
        let text = format!("expected the message to contain `{words}`, got: {said}");
        found.push(Miss::new(Some(at), text));
    }
    found
}

fn name(outcome: ExpectedOutcome) -> &'static str {
    match outcome {
        ExpectedOutcome::Completed => "completed",
        ExpectedOutcome::Failed => "failed",
        ExpectedOutcome::BudgetExhausted => "budget_exhausted",
        ExpectedOutcome::Expired => "expired",
        ExpectedOutcome::Waiting => "waiting",
    }
}

/// A phase counts when its first swarm starts, and again after each revision. Retries, reworks and
/// pauses belong to it.
fn phases(expect: &Expect, seen: &Seen<'_>) -> Option<Miss> {
    let (wanted, at) = given(&expect.phases)?;
    let wanted: Vec<&str> = wanted.iter().filter_map(|w| w.get().map(String::as_str)).collect();
    let mut came: Vec<&str> = Vec::new();
    let mut before = "";
    for state in seen.states {
        if let Some(phase) = state.strip_suffix(".swarm")
            && (came.last() != Some(&phase) || before.ends_with(".gate"))
        {
            came.push(phase);
        }
        before = state;
    }
    (wanted != came).then(|| {
        let came = format!("[{}]", came.join(", "));
        let text = format!("expected phases [{}], got {came}", wanted.join(", "));
        Miss { at: Some(at), text, came: Some(came) }
    })
}

fn artifact(wanted: &ExpectedDeliverable, seen: &Seen<'_>) -> Vec<Miss> {
    let Some(path) = wanted.path.get() else { return Vec::new() };
    let text = seen.texts.iter().find(|(p, _)| p == path).and_then(|(_, text)| text.as_deref());
    let Some(text) = text else {
        return vec![Miss::new(Some(wanted.path.span), format!("`{path}` was not written"))];
    };
    let mut found = Vec::new();
    let there: Vec<String> = headings(text).into_iter().map(|h| h.title).collect();
    for (heading, at) in
        words(&wanted.headings).filter(|(heading, _)| !there.iter().any(|t| t == heading))
    {
        found.push(Miss::new(
            Some(at),
            format!("`{path}` has no heading `{heading}`; it has: {}", there.join(" · ")),
        ));
    }
    for (part, at) in words(&wanted.says).filter(|(part, _)| !text.contains(part)) {
        found.push(Miss::new(Some(at), format!("`{path}` does not contain `{part}`")));
    }
    let verdicts = seen.engagement.state.phases.values().flat_map(|p| p.verdicts.values());
    let passed: Vec<&str> = verdicts
        .filter(|v| v.passed && v.path.as_deref() == Some(path))
        .map(|v| v.reviewer.as_str())
        .collect();
    for (agent, at) in words(&wanted.passed_by).filter(|(agent, _)| !passed.contains(agent)) {
        let who = if passed.is_empty() { "no one".to_owned() } else { passed.join(", ") };
        let text = format!("`{agent}` did not pass `{path}`; it was passed by {who}");
        found.push(Miss::new(Some(at), text));
    }
    found
}

fn words(list: &Option<Written<Vec<Written<String>>>>) -> impl Iterator<Item = (&str, Span)> {
    list.as_ref()
        .and_then(Written::get)
        .into_iter()
        .flatten()
        .filter_map(|w| Some((w.get()?.as_str(), w.span)))
}

fn cost(expect: &Expect, seen: &Seen<'_>) -> Option<Miss> {
    let (most, at) = given(&expect.cost_at_most)?;
    let total = seen.engagement.state.meter.total();
    if total.unpriced > 0 {
        return Some(Miss::new(
            Some(at),
            format!(
                "expected a cost of at most ${most:.2}, but a model has no known price: {}",
                money(&total)
            ),
        ));
    }
    let above = total.micro_usd as f64 > most * 1e6;
    let miss = || format!("expected a cost of at most ${most:.2}, got {}", money(&total));
    above.then(|| Miss::new(Some(at), miss()))
}
