//! A test expects phases in an order that its workflow cannot produce.
//!
//! A workflow runs its phases in sequence. A phase that the customer sends back runs again, and a
//! gate may return the work to an earlier phase that it lists in `revise_to`. A test that expects
//! any other order can never pass.
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

use super::context::texts;
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};
use crate::source::Span;
use crate::syntax::RehearsalFile;

pub(super) const CHECK: Check = Check { code: "phase-out-of-order", run: Some(run) };

/// If more tests than this expect a different order, the workflow has changed.
const SLIPS: usize = 2;
/// Maximum number of tests that are listed.
const MOST: usize = 20;

/// The first entry of a test's list that does not match the workflow.
struct Deviation<'a> {
    name: &'a str,
    span: Span,
    why: Why<'a>,
    /// The workflow's phases.
    order: Span,
}

enum Why<'a> {
    /// The workflow does not run this phase.
    Absent,
    /// The workflow runs another phase first, which the test does not list.
    Skips(&'a str),
    /// The phase has run; only the current one can run again.
    Earlier { at: &'a str },
}

impl Deviation<'_> {
    fn message(&self) -> String {
        let name = self.name;
        match self.why {
            Why::Absent => format!("the workflow has no phase `{name}`"),
            Why::Skips(next) => format!("`{next}` runs before `{name}`, but the test omits it"),
            Why::Earlier { at } => format!("`{name}` does not run again after `{at}`"),
        }
    }

    fn help(&self) -> String {
        match self.why {
            Why::Absent => "remove it from the test, or add it to the workflow".to_owned(),
            Why::Skips(next) => format!("insert `{next}` here"),
            Why::Earlier { .. } => {
                "follow the workflow's order: only a gate with `revise_to` returns the work to an \
                 earlier phase"
                    .to_owned()
            }
        }
    }
}

fn run(context: &Context<'_>, report: &mut Report) {
    let found: Vec<Deviation<'_>> = context
        .workspace
        .rehearsals
        .iter()
        .filter_map(|(_, file)| deviation(context, file))
        .collect();
    if found.len() > SLIPS {
        let message = format!("{} tests expect different phases or a different order", found.len());
        let reported =
            report.add(CHECK.code, Severity::Warning, message).at(found[0].order, "the phases");
        found.iter().take(MOST).for_each(|d| _ = reported.also(d.span, d.message()));
        reported.help("update the tests, or restore the order of the phases");
        return;
    }
    for deviation in found {
        report
            .add(CHECK.code, Severity::Warning, deviation.message())
            .at(deviation.span, "")
            .also(deviation.order, "the phases of the workflow")
            .help(deviation.help());
    }
}

/// The first phase that a test expects where it cannot run.
fn deviation<'a>(context: &Context<'a>, file: &'a RehearsalFile) -> Option<Deviation<'a>> {
    let known = context.phase_names();
    let expected = file.expect.as_ref()?.get()?.phases.as_ref()?;
    let workflow = context.rehearsed(file)?;
    let planned: Vec<&str> = texts(&workflow.phases).map(|(name, _)| name).collect();
    // Unknown names have their own check, and an unreadable list has no order.
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
        let place = planned.iter().position(|phase| *phase == name);
        let current = at.and_then(|at| planned.get(at));
        if place < at && current.is_some_and(|phase| context.returns(phase).contains(&name)) {
            at = place.or(at);
            continue;
        }
        if planned.get(next) != Some(&name) {
            let why = match (planned.iter().position(|phase| *phase == name), planned.get(next)) {
                (None, _) => Why::Absent,
                (Some(place), Some(next)) if at.is_none_or(|at| place > at) => Why::Skips(next),
                _ => Why::Earlier { at: at.and_then(|at| planned.get(at)).copied()? },
            };
            let order = workflow.phases.span;
            return known.contains(&name).then_some(Deviation { name, span, why, order });
        }
        at = Some(next);
    }
    None
}
