//! An agent is not declared in `agents.yaml`.
//!
//! The phase could not start, or a handoff would have no recipient. If several places use an
//! undeclared name that is similar to a declared but unused one, the declaration is reported once
//! instead. A name that is missing in many places is reported once per file.
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { entry: pn, agents: [pm, sa] }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { entry: pm, agents: [pm, sa] }
//! ```

use super::context::{cast, deliverables, expected, members, text, texts};
use super::misdeclared::{MANY, misdeclared, undeclared};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::syntax::{PhaseFile, RehearsalFile, Written};

pub(super) const CHECK: Check = Check { code: "unknown-agent", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let known = context.agent_names();
    if known.is_empty() {
        return;
    }
    let declared = context
        .crew()
        .and_then(|c| c.agents.get())
        .into_iter()
        .flat_map(|a| &a.0)
        .filter_map(|(name, _)| text(name))
        .collect::<Vec<_>>();
    let reported = misdeclared(CHECK.code, "agent", &declared, &context.agents_named(), report);
    let phases = context.phases().flat_map(|phase| in_phase(phase, &known));
    let rehearsals =
        context.workspace.rehearsals.iter().flat_map(|(_, r)| in_rehearsal(context, r, &known));
    let contacts = context.workspace.workflows.iter().filter_map(|(_, w)| w.contact.as_ref());
    let contacts = contacts.filter_map(text).map(|named| (named, known.clone()));
    let reviewer = context.default_reviewer().map(|named| (named, known.clone()));
    let named = phases.chain(rehearsals).chain(contacts).chain(reviewer);
    let missing: Vec<Named<'_>> =
        named.filter(|((name, _), _)| !known.contains(name) && !reported.contains(name)).collect();
    let undeclared_names =
        undeclared(CHECK.code, "agent", missing.iter().map(|(named, _)| *named), report);
    for ((name, span), likely) in
        missing.into_iter().filter(|((name, _), _)| !undeclared_names.contains(name)).take(MANY)
    {
        report
            .error(CHECK.code, format!("no agent named `{name}`"))
            .at(span, "")
            .help_closest(name, likely);
    }
}

type Named<'a> = ((&'a str, crate::source::Span), Vec<&'a str>);

/// The agents that a rehearsal refers to, each with likely candidates: members of the phase, or
/// reviewers of the artifact, come first.
fn in_rehearsal<'a>(
    context: &Context<'a>,
    rehearsal: &'a RehearsalFile,
    known: &[&'a str],
) -> Vec<Named<'a>> {
    let likely = |there: Vec<&'a str>| {
        let (first, last): (Vec<&str>, Vec<&str>) =
            known.iter().copied().partition(|name| there.contains(name));
        [first, last].concat()
    };
    let mut named: Vec<Named<'_>> = Vec::new();
    for bend in rehearsal
        .agents
        .as_ref()
        .and_then(Written::get)
        .into_iter()
        .flatten()
        .filter_map(Written::get)
    {
        let phase = bend.phase.as_ref().and_then(text).map(|(name, _)| name);
        let phases = context
            .phases()
            .filter(|p| text(&p.phase).is_some_and(|(name, _)| Some(name) == phase));
        let there = likely(phases.flat_map(members).map(|(name, _)| name).collect());
        let both = [text(&bend.agent), bend.loops_with.as_ref().and_then(text)];
        named.extend(both.into_iter().flatten().map(|name| (name, there.clone())));
    }
    for wanted in expected(rehearsal) {
        let path = text(&wanted.path).map(|(path, _)| path);
        let owed = context
            .phases()
            .flat_map(deliverables)
            .filter(|d| text(&d.path).is_some_and(|(p, _)| Some(p) == path));
        let there = likely(
            owed.flat_map(|d| d.reviewers.iter().flat_map(texts)).map(|(name, _)| name).collect(),
        );
        named.extend(wanted.passed_by.iter().flat_map(texts).map(|name| (name, there.clone())));
    }
    named
}

/// The unknown agents that a phase refers to, each with the known agents, the likeliest first.
fn in_phase<'a>(phase: &'a PhaseFile, known: &[&'a str]) -> Vec<Named<'a>> {
    let members = members(phase);
    let is_member = |name: &&str| members.iter().any(|(member, _)| member == name);
    // In the list of members, a non-member is likelier. Everywhere else, a member is.
    let (inside, outside): (Vec<&str>, Vec<&str>) = known.iter().copied().partition(is_member);
    let mut rest: Vec<_> = phase.swarm.get().and_then(|s| text(&s.entry)).into_iter().collect();
    rest.extend(phase.review.as_ref().and_then(Written::get).and_then(|r| text(r.agent.as_ref()?)));
    rest.extend(cast(phase).map(|(agent, _)| agent));
    for deliverable in deliverables(phase) {
        rest.extend(text(&deliverable.owner));
        rest.extend(deliverable.reviewers.iter().flat_map(texts));
    }
    let unknown = |(name, _): &(&str, _)| !known.contains(name);
    let of_list = members.iter().copied().filter(unknown).map(|named| (named, [&outside, &inside]));
    let of_rest = rest.into_iter().filter(unknown).map(|named| (named, [&inside, &outside]));
    // Only `MANY` are reported.
    let likely = |n: usize, likely: [&Vec<&'a str>; 2]| {
        if n < MANY { likely.map(Vec::as_slice).concat() } else { Vec::new() }
    };
    of_list
        .chain(of_rest)
        .enumerate()
        .map(|(n, (named, lists))| (named, likely(n, lists)))
        .collect()
}
