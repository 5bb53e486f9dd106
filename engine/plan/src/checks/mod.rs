//! Rules that need states, forecasts or the limits of a service: one file each, reporting in the
//! same form as the rules of `definition`.

mod allow_without_effect;
mod budget_below_forecast;
mod machine_above_limits;
mod overlays;
mod too_few_visits;

use std::collections::HashMap;

use cloudcrew_definition::catalogue::Catalogue;
use cloudcrew_definition::checks as below;
use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::diagnostic::Report;
use cloudcrew_definition::source::Sources;
use cloudcrew_definition::syntax::{PhaseFile, WorkflowFile, Workspace, Written};
use cloudcrew_definition::{Loaded, load as load_definition};

pub use overlays::{MAX_OVERLAYS, load_all, load_overlay, with_overlays};

/// A rule: its code, its function, and the source of its page.
type Rule = (&'static str, fn(&Context<'_>, &mut Report), &'static str);

const RULES: [Rule; 3] = [
    (
        budget_below_forecast::CODE,
        budget_below_forecast::run,
        include_str!("budget_below_forecast.rs"),
    ),
    (
        machine_above_limits::CODE,
        machine_above_limits::run,
        include_str!("machine_above_limits.rs"),
    ),
    (too_few_visits::CODE, too_few_visits::run, include_str!("too_few_visits.rs")),
];

/// The rule about what is allowed, which runs after all others.
const ALLOW: (&str, &str) = (allow_without_effect::CODE, include_str!("allow_without_effect.rs"));

/// Input of the rules: a definition without errors, and the positions of its parts.
struct Context<'a> {
    definition: &'a Definition,
    workspace: &'a Workspace,
    phases: HashMap<&'a str, &'a PhaseFile>,
}

impl<'a> Context<'a> {
    fn new(definition: &'a Definition, workspace: &'a Workspace) -> Context<'a> {
        let phases = workspace
            .phases
            .iter()
            .filter_map(|(_, p)| Some((p.phase.get()?.as_str(), p)))
            .collect();
        Context { definition, workspace, phases }
    }

    fn phase(&self, name: &str) -> Option<&'a PhaseFile> {
        self.phases.get(name).copied()
    }

    fn workflow(&self, name: &str) -> Option<&'a WorkflowFile> {
        self.workspace
            .workflows
            .iter()
            .map(|(_, w)| w)
            .find(|w| w.workflow.get().is_some_and(|n| n == name))
    }
}

/// The value of an optional part.
fn part<T>(written: &Option<Written<T>>) -> Option<&T> {
    written.as_ref().and_then(Written::get)
}

/// Loads a workspace, applies every rule, and returns all findings in one report. This is what
/// `check` shows.
pub fn load(sources: &Sources, catalogue: &Catalogue) -> Loaded {
    judge(load_definition(sources, catalogue), sources)
}

/// Applies the rules of this crate to a loaded workspace.
pub fn judge(mut loaded: Loaded, sources: &Sources) -> Loaded {
    if let Some(definition) = &loaded.definition {
        let context = Context::new(definition, &loaded.workspace);
        for (_, run, _) in RULES {
            run(&context, &mut loaded.report);
        }
    }
    allow_without_effect::run(&mut loaded, sources);
    loaded.report.sort(sources);
    if loaded.report.has_errors() {
        loaded.definition = None;
    }
    loaded
}

/// Codes of all rules, in alphabetical order.
pub fn codes() -> Vec<&'static str> {
    let mut codes = below::codes();
    codes.extend(RULES.map(|(code, ..)| code));
    codes.push(ALLOW.0);
    codes.sort_unstable();
    codes
}

/// The page of a rule, in Markdown.
pub fn explain(code: &str) -> Option<String> {
    let own = RULES.iter().map(|(code, _, source)| (*code, *source)).chain([ALLOW]);
    let own = own.into_iter().find(|(c, _)| *c == code).map(|(_, source)| below::page(source));
    own.or_else(|| below::explain(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_page_with_a_wrong_and_a_right_example() {
        for code in codes() {
            let page = explain(code).unwrap_or_default();
            for part in ["Wrong:", "Right:", "```"] {
                assert!(page.contains(part), "{code} lacks {part}");
            }
        }
    }
}
