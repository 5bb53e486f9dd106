//! The maximum number of runs of a phase that the gates of a workflow allow.

use cloudcrew_definition::crew::{Definition, Phase, Workflow};

/// Maximum number of runs of a phase in a workflow: the first, one for each time that its own gate
/// asks for changes, and one for each time that a later gate returns the work to it or to a phase
/// before it.
pub fn most_runs(definition: &Definition, workflow: &Workflow, phase: &Phase) -> u64 {
    let own = phase.gate.as_ref().map_or(0, |gate| u64::from(gate.max_revisions));
    let at = |name: &str| workflow.phases.iter().position(|there| there == name);
    let Some(place) = at(&phase.name) else { return 1 + own };
    let later = workflow.phases[place + 1..].iter().filter_map(|name| definition.phase(name));
    let returns = later
        .filter_map(|later| later.gate.as_ref())
        .filter(|gate| gate.revise_to.iter().any(|to| at(to).is_some_and(|to| to <= place)));
    1 + own + returns.map(|gate| u64::from(gate.max_revisions)).sum::<u64>()
}
