//! The minimum number of visits with which every deliverable can be written and passed.

use std::collections::BTreeSet;

use cloudcrew_definition::crew::Phase;

/// The minimum number of visits of a phase.
///
/// The entry agent comes first. A reviewer must come after the owner; if agents review each other
/// in a circle, one of them must come twice. This is a lower bound: fewer visits never suffice.
pub fn least_visits(phase: &Phase) -> u64 {
    let entry = phase.swarm.entry.as_str();
    let mut ways: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut involved: BTreeSet<&str> = BTreeSet::new();
    for deliverable in &phase.deliverables {
        let owner = deliverable.owner.as_str();
        involved.insert(owner);
        for reviewer in deliverable.reviewers.iter().map(String::as_str).filter(|r| *r != owner) {
            involved.insert(reviewer);
            ways.insert((owner, reviewer));
        }
    }
    let comes_again = ways.iter().any(|(_, reviewer)| *reviewer == entry);
    involved.remove(entry);
    // Its first visit opens every circle that includes the entry agent.
    ways.retain(|(owner, reviewer)| *owner != entry && *reviewer != entry);
    1 + u64::from(comes_again) + involved.len() as u64 + circles(&involved, &ways)
}

/// Groups of agents that all wait for each other.
fn circles(agents: &BTreeSet<&str>, ways: &BTreeSet<(&str, &str)>) -> u64 {
    let mut counted: BTreeSet<&str> = BTreeSet::new();
    let mut circles = 0;
    for agent in agents {
        let onward = reach(agent, |(from, to)| (*from, *to), ways);
        if counted.contains(agent) || !onward.contains(agent) {
            continue;
        }
        let back = reach(agent, |(from, to)| (*to, *from), ways);
        counted.extend(onward.intersection(&back));
        circles += 1;
    }
    circles
}

fn reach<'a>(
    start: &'a str,
    along: impl Fn(&(&'a str, &'a str)) -> (&'a str, &'a str),
    ways: &BTreeSet<(&'a str, &'a str)>,
) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(from) = open.pop() {
        for to in ways.iter().map(&along).filter(|(f, _)| *f == from).map(|(_, to)| to) {
            if seen.insert(to) {
                open.push(to);
            }
        }
    }
    seen
}
