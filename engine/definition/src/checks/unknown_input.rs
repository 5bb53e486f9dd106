//! A prompt, template or rehearsal uses an input wrongly.
//!
//! The workflow lacks the input, or a rehearsal sets another value than it may have. A prompt that
//! several workflows use needs the input in each of them, unless it tests for it first:
//! `{% if inputs.region is defined %}`. A test needs a value for each input without a default.
//!
//! Wrong:
//!
//! ```yaml
//! inputs:
//!   region: { default: eu-central-1 }
//! # and a prompt says: All data stays in {{ inputs.regoin }}.
//! ```
//!
//! Right:
//!
//! ```yaml
//! inputs:
//!   region: { default: eu-central-1 }
//! # and a prompt says: All data stays in {{ inputs.region }}.
//! ```

use super::context::{text, texts};
use super::{Check, Context};
use crate::crew::Input;
use crate::diagnostic::Report;
use crate::overlay::within;
use crate::resolve::input;
use crate::source::{FileId, Span};
use crate::syntax::{self, RehearsalFile, WorkflowFile, Written};
use crate::text::{UsedInput, inputs};

pub(super) const CHECK: Check = Check { code: "unknown-input", run: Some(run) };

/// An input that a text uses and a workflow lacks.
struct Unknown<'a> {
    name: &'a str,
    span: Span,
    others: Vec<Span>,
    lacking: &'a WorkflowFile,
    /// Inputs that may be meant.
    meant: Vec<&'a str>,
}

fn run(context: &Context<'_>, report: &mut Report) {
    let workflows: Vec<&WorkflowFile> =
        context.workspace.workflows.iter().map(|(_, workflow)| workflow).collect();
    // Each name once, however often it is used.
    let mut unknown: Vec<Unknown<'_>> = Vec::new();
    for (file, path) in context.sources.iter() {
        let used = if path.ends_with(".md") { inputs(context.sources, file) } else { Vec::new() };
        if used.is_empty() {
            continue;
        }
        let readers: Vec<&WorkflowFile> =
            workflows.iter().copied().filter(|workflow| reads(context, workflow, file)).collect();
        let (all, asked) = match readers.is_empty() {
            true => (false, &workflows),
            false => (true, &readers),
        };
        for UsedInput { name, span, .. } in used.into_iter().filter(|used| used.is_needed) {
            let lacks = |workflow: &&&WorkflowFile| !names(workflow).contains(&name);
            let Some(lacking) = asked.iter().find(lacks) else { continue };
            let nowhere = asked.iter().all(|workflow| lacks(&workflow));
            if !all && !nowhere {
                continue;
            }
            match unknown.iter_mut().find(|unknown| unknown.name == name) {
                Some(unknown) => unknown.others.push(span),
                None => {
                    // A misspelt name may be that of another workflow that uses the text.
                    let meant = if nowhere { asked.as_slice() } else { &[*lacking] };
                    let meant = meant.iter().flat_map(|workflow| names(workflow)).collect();
                    unknown.push(Unknown { name, span, others: Vec::new(), lacking, meant });
                }
            }
        }
    }
    for Unknown { name, span, others, lacking, meant } in unknown {
        let of = text(&lacking.workflow).map_or("", |(name, _)| name);
        let found = report.error(CHECK.code, format!("the workflow `{of}` has no input `{name}`"));
        found.at(span, "");
        if let Some(other) = others.first() {
            let more = match others.len() {
                1 => "used here too".to_owned(),
                2 => "used here too, and in 1 more place".to_owned(),
                n => format!("used here too, and in {} more places", n - 1),
            };
            found.also(*other, more);
        }
        found.help_closest(name, meant);
    }
    for (_, rehearsal) in &context.workspace.rehearsals {
        in_rehearsal(context, rehearsal, report);
    }
}

fn in_rehearsal(context: &Context<'_>, rehearsal: &RehearsalFile, report: &mut Report) {
    let Some(workflow) = context.rehearsed(rehearsal) else { return };
    let given = rehearsal.inputs.as_ref().and_then(Written::get);
    for (name, value) in given.into_iter().flat_map(|given| &given.0) {
        let Some((name, span)) = text(name) else { continue };
        match (asked(workflow).find(|input| input.name == name), value.get()) {
            (None, _) => {
                report
                    .error(CHECK.code, format!("the workflow has no input `{name}`"))
                    .at(span, "")
                    .help_closest(name, names(workflow));
            }
            (Some(input), Some(given)) => {
                if let Err(why) = input.read(&given.to_string()) {
                    report.error(CHECK.code, why).at(value.span, "");
                }
            }
            (Some(_), None) => {}
        }
    }
    // Without its values, a test cannot begin; a run may be given others.
    let Some(test) = rehearsal.expect.as_ref() else { return };
    let has = |name: &str| given.is_some_and(|given| given.names().any(|n| n == name));
    // A default that cannot be read is reported where it is written.
    let needed = written(workflow).filter(|(_, _, input)| input.default.is_none());
    for input in needed.map(input).filter(|input| !has(&input.name)) {
        let (name, of) = (&input.name, input.of());
        report
            .error(CHECK.code, format!("this test sets no value for the input `{name}`"))
            .at(test.span, "")
            .help(format!("add `inputs: {{ {name}: ... }}`; the value must be {of}"));
    }
}

/// The inputs of a workflow as they are written.
fn written(workflow: &WorkflowFile) -> impl Iterator<Item = (&str, Span, &syntax::Input)> {
    let inputs = workflow.inputs.as_ref().and_then(Written::get);
    inputs.into_iter().flat_map(|inputs| inputs.0.iter())
}

/// The inputs of a workflow, as far as they can be read.
fn asked(workflow: &WorkflowFile) -> impl Iterator<Item = Input> {
    written(workflow).map(input)
}

fn names(workflow: &WorkflowFile) -> Vec<&str> {
    let inputs = workflow.inputs.as_ref().and_then(Written::get);
    inputs.into_iter().flat_map(|inputs| inputs.0.names()).collect()
}

/// Whether an engagement of the workflow renders the text: as a task, as the prompt of an agent
/// that takes part, or as a template. Any template may be written from.
fn reads(context: &Context<'_>, workflow: &WorkflowFile, file: FileId) -> bool {
    let path = within(context.sources.path(file));
    if path.starts_with("templates/") {
        return true;
    }
    let of_workflow: Vec<&str> = texts(&workflow.phases).map(|(name, _)| name).collect();
    let phases = context
        .phases()
        .filter(|phase| text(&phase.phase).is_some_and(|(name, _)| of_workflow.contains(&name)));
    let contact = workflow.contact.as_ref().and_then(text);
    let is_prompt = |(agent, _): (&str, _)| {
        context
            .agent(agent)
            .and_then(|(_, agent)| text(&agent.prompt))
            .is_some_and(|(p, _)| p == path)
    };
    contact.is_some_and(is_prompt)
        || phases.into_iter().any(|phase| {
            text(&phase.task).is_some_and(|(task, _)| task == path)
                || super::context::agents_in_phase(phase).into_iter().any(is_prompt)
        })
}
