//! A path has two owners.
//!
//! The owners would overwrite each other's work, and neither would be accountable for it.
//!
//! Wrong:
//!
//! ```yaml
//! # phases/poc.yaml
//! deliverables:
//!   - { path: app/main.py, owner: dev }
//! # phases/production.yaml
//! deliverables:
//!   - { path: app/main.py, owner: qa }
//! ```
//!
//! Right:
//!
//! ```yaml
//! # phases/production.yaml
//! deliverables:
//!   - { path: app/main.py, owner: dev }
//! ```

use std::collections::HashMap;

use super::context::{deliverables, text};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::source::Span;

pub(super) const CHECK: Check = Check { code: "two-owners", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let mut seen: HashMap<&str, (usize, &str, Span)> = HashMap::new();
    for (number, phase) in context.phases().enumerate() {
        for deliverable in deliverables(phase) {
            let Some(((path, span), (owner, _))) =
                text(&deliverable.path).zip(text(&deliverable.owner))
            else {
                continue;
            };
            if let Some((first_phase, first_owner, first)) = seen.get(path) {
                if *first_owner != owner {
                    let message = format!("`{path}` is owned by `{owner}` and by `{first_owner}`");
                    report
                        .error(CHECK.code, message)
                        .at(span, "")
                        .also(*first, "also listed here")
                        .help("choose one owner");
                } else if *first_phase == number {
                    report
                        .error(CHECK.code, format!("`{path}` is listed twice in this phase"))
                        .at(span, "")
                        .also(*first, "first listed here");
                }
            }
            seen.entry(path).or_insert((number, owner, span));
        }
    }
}
