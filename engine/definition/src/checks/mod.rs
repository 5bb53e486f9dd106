//! The checks, one file each: a code, the page that `cloudcrew explain` prints, and the check
//! itself.

mod bad_input;
mod bad_path;
mod bad_value;
mod bad_variant;
mod bend_without_effect;
mod budget_without_effect;
mod command_without_tool;
pub(crate) mod context;
mod contradicting_limits;
mod default_without_effect;
mod deliverable_outside_scope;
mod duplicate_key;
mod empty_text;
mod entry_outside_swarm;
mod grant_without_effect;
mod half_live_crew;
mod ignored_file;
mod key_in_the_open;
mod listed_twice;
mod misdeclared;
mod missing_file;
mod missing_key;
mod missing_program;
mod model_half_named;
mod model_without_effect;
mod name_differs_from_file;
mod never_acts;
mod no_workflow;
mod not_an_earlier_phase;
mod overlapping_scopes;
pub(crate) mod overlay_without_effect;
mod owner_outside_swarm;
mod phase_out_of_order;
mod prompt_syntax;
mod prompt_variable;
mod recall_without_effect;
mod reserved_name;
mod reviewer_cannot_review;
mod scope_without_tool;
mod server_half_named;
mod setting_not_read;
mod template_slot;
mod test_without_sow;
mod tool_without_commands;
mod tool_without_scope;
mod two_owners;
mod unknown_agent;
mod unknown_budget;
mod unknown_deliverable;
mod unknown_finalize_step;
mod unknown_heading;
mod unknown_input;
mod unknown_key;
mod unknown_model;
mod unknown_phase;
mod unknown_rating;
mod unknown_server;
mod unknown_template;
mod unknown_tool;
mod unknown_workflow;
mod unreadable_file;
mod unused_agent;
mod unused_budget;
mod unused_input;
mod unused_model;
mod unused_phase;
mod unused_prompt;
mod unused_server;
mod unused_template;
mod wrong_type;
mod yaml_1_1;
mod yaml_syntax;

macro_rules! checks {
    ($($module:ident),*; without errors: $($last:ident),* $(,)?) => {
        /// Every check with the source of its file.
        const CHECKS: &[(&Check, &str)] = &[
            $((&$module::CHECK, include_str!(concat!(stringify!($module), ".rs")))),*,
            $((&$last::CHECK, include_str!(concat!(stringify!($last), ".rs")))),*
        ];
        /// Checks for unused definitions. They run only when there are no errors, since an error
        /// elsewhere is often the cause.
        const LAST: &[&Check] = &[$(&$last::CHECK),*];
    };
}

checks!(
    bad_input,
    bad_path,
    bad_value,
    bad_variant,
    bend_without_effect,
    budget_without_effect,
    command_without_tool,
    contradicting_limits,
    default_without_effect,
    deliverable_outside_scope,
    duplicate_key,
    empty_text,
    entry_outside_swarm,
    grant_without_effect,
    ignored_file,
    key_in_the_open,
    listed_twice,
    missing_file,
    missing_key,
    missing_program,
    model_half_named,
    model_without_effect,
    name_differs_from_file,
    no_workflow,
    not_an_earlier_phase,
    overlapping_scopes,
    overlay_without_effect,
    owner_outside_swarm,
    phase_out_of_order,
    prompt_syntax,
    prompt_variable,
    recall_without_effect,
    reserved_name,
    reviewer_cannot_review,
    scope_without_tool,
    server_half_named,
    setting_not_read,
    template_slot,
    test_without_sow,
    tool_without_commands,
    tool_without_scope,
    two_owners,
    unknown_agent,
    unknown_budget,
    unknown_deliverable,
    unknown_finalize_step,
    unknown_heading,
    unknown_input,
    unknown_key,
    unknown_model,
    unknown_phase,
    unknown_rating,
    unknown_server,
    unknown_template,
    unknown_tool,
    unknown_workflow,
    unreadable_file,
    wrong_type,
    yaml_1_1,
    yaml_syntax;
    without errors:
    half_live_crew,
    never_acts,
    unused_agent,
    unused_budget,
    unused_input,
    unused_model,
    unused_phase,
    unused_prompt,
    unused_server,
    unused_template,
);

use crate::diagnostic::Report;
use crate::side_by_side::side_by_side;

pub use context::Context;
pub(crate) use prompt_syntax::CODE as PROMPT_SYNTAX;
pub(crate) use prompt_variable::CODE as PROMPT_VARIABLE;
pub use reserved_name::REHEARSAL;
pub(crate) use template_slot::CODE as TEMPLATE_SLOT;

/// A check.
pub(crate) struct Check {
    /// Its stable code.
    code: &'static str,
    /// Runs the check; `None` for checks that are applied while files are read.
    run: Option<fn(&Context<'_>, &mut Report)>,
}

/// Runs every check, spread over at most `cores` cores.
pub(crate) fn run(context: &Context<'_>, cores: usize, report: &mut Report) {
    let last = |code: &str| LAST.iter().any(|check| check.code == code);
    let runs: Vec<_> = CHECKS
        .iter()
        .filter(|(check, _)| !last(check.code))
        .filter_map(|(check, _)| check.run)
        .collect();
    let apply = |run: &fn(&Context<'_>, &mut Report)| {
        let mut report = Report::new();
        run(context, &mut report);
        report.into_found()
    };
    side_by_side(&runs, cores, apply).into_iter().for_each(|found| report.extend(found));
    if !report.has_errors() {
        LAST.iter().filter_map(|check| check.run).for_each(|run| run(context, report));
    }
}

/// All codes in alphabetical order.
pub fn codes() -> Vec<&'static str> {
    let mut codes: Vec<&str> = CHECKS.iter().map(|(check, _)| check.code).collect();
    codes.sort_unstable();
    codes
}

/// The page of a check in Markdown: what it finds, why, and a wrong and a right example.
pub fn explain(code: &str) -> Option<String> {
    let (_, source) = CHECKS.iter().find(|(check, _)| check.code == code)?;
    Some(page(source))
}

/// The page at the start of a check's source file.
pub fn page(source: &str) -> String {
    let page = source
        .lines()
        .take_while(|l| l.starts_with("//!"))
        .map(|l| l[3..].strip_prefix(' ').unwrap_or(&l[3..]));
    page.collect::<Vec<_>>().join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_contains_its_code() {
        for (check, source) in CHECKS {
            assert!(source.contains(&format!("\"{}\"", check.code)), "{}", check.code);
        }
    }
}
