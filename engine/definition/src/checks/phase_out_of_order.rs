//! A test expects phases in an order that its workflow does not have.
//!
//! A workflow runs its phases one after the other, from the first; a phase that the customer sends
//! back runs once more. The test could never pass.
//!
//! Wrong:
//!
//! ```yaml
//! # the workflow: [discovery, architecture, poc]
//! expect:
//!   phases: [discovery, poc]
//! ```
//!
//! Right:
//!
//! ```yaml
//! expect:
//!   phases: [discovery, discovery, architecture, poc]
//! ```

use super::context::{text, texts};
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::source::Span;
use crate::syntax::{RehearsalFile, WorkflowFile};

pub(super) const CHECK: Check = Check { code: "phase-out-of-order", run: Some(run) };

/// More tests than this that expect another order: it is the workflow that changed.
const SLIPS: usize = 2;
/// Tests that are named at most.
const MOST: usize = 20;

struct Deviation<'a> {
    name: &'a str,
    span: Span,
    /// What comes next, and where that is written.
    next: Option<&'a str>,
    order: Span,
}

fn run(context: &Context<'_>, report: &mut Report) {
    let found: Vec<Deviation<'_>> = context
        .workspace
        .rehearsals
        .iter()
        .filter_map(|(_, file)| deviation(context, file))
        .collect();
    if found.len() > SLIPS {
        let message = format!("{} tests expect other phases, or another order", found.len());
        let told =
            report.add(CHECK.code, Severity::Warning, message).at(found[0].order, "the phases");
        found
            .iter()
            .take(MOST)
            .for_each(|d| _ = told.also(d.span, format!("`{}` does not come here", d.name)));
        told.help("change the tests, or the phases back");
        return;
    }
    for Deviation { name, span, next, order } in found {
        let message = format!("`{name}` does not come here in the workflow");
        let told = report
            .add(CHECK.code, Severity::Warning, message)
            .at(span, "")
            .also(order, "its phases");
        match next {
            Some(next) => told.help(format!("next comes `{next}`, or the phase before once more")),
            None => told.help("no phase comes after the last"),
        };
    }
}

/// The first phase that a test expects where it cannot run.
fn deviation<'a>(context: &Context<'a>, file: &'a RehearsalFile) -> Option<Deviation<'a>> {
    let known = context.phase_names();
    let expected = file.expect.as_ref()?.get()?.phases.as_ref()?;
    let workflow = workflow_of(context, file)?;
    let planned: Vec<&str> = texts(&workflow.phases).map(|(name, _)| name).collect();
    // Names that are nowhere are told as such, and what cannot be read has no order.
    if workflow.phases.get().is_none_or(|all| all.len() != planned.len())
        || planned.iter().any(|name| !known.contains(name))
    {
        return None;
    }
    let mut at: Option<usize> = None;
    for (name, span) in texts(expected) {
        let next = at.map_or(0, |at| at + 1);
        if at.is_some_and(|at| planned.get(at) == Some(&name)) {
            continue;
        }
        if planned.get(next) != Some(&name) {
            return known.contains(&name).then_some(Deviation {
                name,
                span,
                next: planned.get(next).copied(),
                order: workflow.phases.span,
            });
        }
        at = Some(next);
    }
    None
}

/// The workflow that is rehearsed, as `cloudcrew test` takes it.
fn workflow_of<'a>(context: &Context<'a>, file: &RehearsalFile) -> Option<&'a WorkflowFile> {
    let workflows = &context.workspace.workflows;
    let named = |name: &str| {
        workflows.iter().map(|(_, w)| w).find(|w| text(&w.workflow).is_some_and(|(n, _)| n == name))
    };
    match &file.workflow {
        Some(written) => named(text(written)?.0),
        None => named("delivery")
            .or_else(|| workflows.first().map(|(_, w)| w).filter(|_| workflows.len() == 1)),
    }
}
