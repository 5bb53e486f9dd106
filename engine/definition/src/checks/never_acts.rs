//! A rehearsal entry refers to something that does not happen.
//!
//! The agent is not a member of the phase, the phase has no review or gate, the agent owns no
//! deliverable with this path, or no agent asks the question. The entry has no effect, and the
//! rehearsal appears to show something that it did not.
//!
//! Wrong:
//!
//! ```yaml
//! agents:
//!   - { agent: qa, phase: discovery, asks: "Which region?" }   # qa does not work in discovery
//! ```
//!
//! Right:
//!
//! ```yaml
//! agents:
//!   - { agent: sa, phase: discovery, asks: "Which region?" }
//! ```

use std::collections::BTreeSet;

use super::context::{deliverables, members, text, texts};
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::source::Span;
use crate::syntax::{AgentBend, PhaseFile, RehearsalFile, Written};

pub(super) const CHECK: Check = Check { code: "never-acts", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (_, file) in &context.workspace.rehearsals {
        let bends: Vec<&AgentBend> = file
            .agents
            .as_ref()
            .and_then(Written::get)
            .into_iter()
            .flatten()
            .filter_map(Written::get)
            .collect();
        bends.iter().for_each(|bend| agent(context, bend, report));
        customer(context, file, report);
        answers(file, &bends, report);
    }
}

fn say(report: &mut Report, at: Span, message: String, help: &str) {
    report.add(CHECK.code, Severity::Warning, message).at(at, "has no effect").help(help);
}

fn agent(context: &Context<'_>, bend: &AgentBend, report: &mut Report) {
    let Some((name, at)) = text(&bend.agent) else { return };
    let phases: Vec<&PhaseFile> = match bend.phase.as_ref().map(text) {
        Some(Some((phase, _))) => phase_of(context, phase).into_iter().collect(),
        Some(None) => return,
        None => context.phases().collect(),
    };
    if phases.is_empty() {
        return;
    }
    let there = |p: &&&PhaseFile| members(p).iter().any(|(member, _)| *member == name);
    let Some(first) = phases.iter().find(there) else {
        let place = bend
            .phase
            .as_ref()
            .and_then(text)
            .map_or_else(|| "any phase".to_owned(), |(phase, _)| format!("`{phase}`"));
        let found = report.add(
            CHECK.code,
            Severity::Warning,
            format!("`{name}` is not a member of {place}"),
        );
        found.at(at, "has no effect").help("name a member of the phase, or a different phase");
        if let Some((_, at)) = bend.phase.as_ref().and_then(text) {
            found.also(at, "the phase");
        }
        return;
    };
    if let Some((other, at)) = bend.loops_with.as_ref().and_then(text)
        && other == name
    {
        say(
            report,
            at,
            format!("`{name}` would hand off to itself"),
            "name another member of the phase",
        );
    }
    if let Some((other, at)) = bend.loops_with.as_ref().and_then(text)
        && !phases.iter().any(|p| members(p).iter().any(|(member, _)| *member == other))
    {
        say(
            report,
            at,
            format!("`{other}` is not a member of the phase, so no agent can hand off to it"),
            "name a member of the phase",
        );
    }
    if let Some((path, at)) = bend.forgets.as_ref().and_then(text) {
        let owed = |p: &&PhaseFile| {
            deliverables(p).any(|d| {
                text(&d.path).is_some_and(|(p, _)| p == path)
                    && text(&d.owner).is_some_and(|(o, _)| o == name)
            })
        };
        if !phases.iter().any(owed) {
            let known: Vec<&str> =
                deliverables(first).filter_map(|d| text(&d.path)).map(|(path, _)| path).collect();
            let found = report.add(
                CHECK.code,
                Severity::Warning,
                format!("`{name}` does not own a deliverable `{path}`"),
            );
            found.at(at, "has no effect").help_closest(path, known);
        }
    }
    rejection(&phases, name, bend, report);
}

/// A rejection of something that the agent does not review.
fn rejection(phases: &[&PhaseFile], name: &str, bend: &AgentBend, report: &mut Report) {
    let Some((path, at)) =
        bend.rejects.as_ref().and_then(Written::get).and_then(|rejection| text(&rejection.path))
    else {
        return;
    };
    let reviews = |p: &&PhaseFile| {
        deliverables(p).any(|d| {
            let reviewers = d.reviewers.iter().flat_map(texts);
            text(&d.path).is_some_and(|(p, _)| p == path)
                && reviewers.into_iter().any(|(r, _)| r == name)
        })
    };
    if !phases.iter().any(reviews) {
        say(
            report,
            at,
            format!("`{name}` does not review a deliverable `{path}`"),
            "name one that has the agent among its `reviewers`",
        );
    }
}

/// Reviews and gates that the phase does not have.
fn customer(context: &Context<'_>, file: &RehearsalFile, report: &mut Report) {
    let reviews =
        file.reviews.as_ref().and_then(Written::get).into_iter().flatten().filter_map(Written::get);
    for (phase, at) in reviews.filter_map(|r| text(&r.phase)) {
        if phase_of(context, phase).is_some_and(|p| p.review.is_none()) {
            say(report, at, format!("`{phase}` has no review"), "name a phase with a `review`");
        }
    }
    let gates =
        file.gates.as_ref().and_then(Written::get).into_iter().flatten().filter_map(Written::get);
    for (phase, at) in gates.filter_map(|g| text(&g.phase)) {
        if phase_of(context, phase).is_some_and(|p| p.gate.is_none()) {
            say(report, at, format!("`{phase}` has no gate"), "name a phase with a `gate`");
        }
    }
}

/// Answers to questions that no agent asks.
fn answers(file: &RehearsalFile, bends: &[&AgentBend], report: &mut Report) {
    let asked: BTreeSet<String> = bends
        .iter()
        .filter_map(|b| text(b.asks.as_ref()?))
        .map(|(q, _)| q.to_lowercase())
        .collect();
    let answers =
        file.answers.as_ref().and_then(Written::get).into_iter().flatten().filter_map(Written::get);
    for (part, at) in answers.filter_map(|a| text(&a.question)) {
        let wanted = part.to_lowercase();
        if !asked.iter().any(|question| question.contains(&wanted)) {
            say(
                report,
                at,
                format!("no agent asks a question that contains `{part}`"),
                "use words from a question that an agent `asks` in this file",
            );
        }
    }
}

fn phase_of<'a>(context: &Context<'a>, name: &str) -> Option<&'a PhaseFile> {
    context.phases().find(|p| text(&p.phase).is_some_and(|(n, _)| n == name))
}
