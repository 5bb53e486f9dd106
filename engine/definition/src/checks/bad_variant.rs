//! A variant of a workflow cannot run.
//!
//! It leaves out a phase that the workflow does not have, or every phase, or its name is taken.
//!
//! Wrong:
//!
//! ```yaml
//! phases: [discovery, architecture, poc]
//! variants:
//!   pilot: { without: [production] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! phases: [discovery, architecture, poc]
//! variants:
//!   pilot: { without: [poc] }
//! ```

use super::context::{text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::syntax::{WorkflowFile, Written, is_name, variant_name};

pub(super) const CHECK: Check = Check { code: "bad-variant", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let files: Vec<&str> = context.stems("workflows/", ".yaml").map(|(name, _)| name).collect();
    let written: Vec<&WorkflowFile> = context.written_workflows().map(|(_, w)| w).collect();
    let mut taken: Vec<(String, &str)> = Vec::new();
    for workflow in written {
        let Some((base, _)) = text(&workflow.workflow) else { continue };
        let planned: Vec<&str> = texts(&workflow.phases).map(|(name, _)| name).collect();
        let variants = workflow.variants.as_ref().and_then(Written::get);
        for (key, span, variant) in variants.into_iter().flat_map(|variants| variants.iter()) {
            let name = variant_name(base, key);
            if is_name(key) && !is_name(&name) {
                let found = report.error(CHECK.code, format!("`{name}` is too long for a name"));
                found.at(span, "").help("use at most 63 characters for both names together");
            } else if files.contains(&name.as_str()) {
                let message = format!("`{name}` is a workflow of its own");
                let found = report.error(CHECK.code, message).at(span, "");
                found.help("choose another name for the variant");
            } else if let Some((_, of)) = taken.iter().find(|(there, _)| *there == name) {
                let message = format!("`{name}` is also a variant of `{of}`");
                let found = report.error(CHECK.code, message).at(span, "");
                found.help("choose another name for the variant");
            }
            taken.push((name, base));
            let readable = workflow.phases.get().is_some_and(|all| all.len() == planned.len());
            let left_out: Vec<_> = texts(&variant.without).collect();
            for (phase, span) in left_out.iter().filter(|(phase, _)| !planned.contains(phase)) {
                if readable {
                    let message = format!("the workflow `{base}` has no phase `{phase}`");
                    let found = report.error(CHECK.code, message).at(*span, "");
                    found.also(workflow.phases.span, "its phases");
                    found.help_closest(phase, planned.iter().copied());
                }
            }
            let left_out = |phase: &&str| left_out.iter().any(|(name, _)| name == phase);
            if readable && !planned.is_empty() && planned.iter().all(left_out) {
                let found = report.error(CHECK.code, "the variant leaves out every phase");
                found.at(variant.without.span, "").help("keep at least one phase");
            }
        }
    }
}
