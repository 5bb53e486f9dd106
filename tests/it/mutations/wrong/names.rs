//! Names: misspelt where they are used, misspelt where they are declared, or in the wrong place.

use super::super::shipped::{Is, Place, Shipped};
use super::super::slip::slip;
use super::Maker;

/// The kind of name at a place, and the rules that report an unknown one.
fn named(place: &Place) -> Option<(&'static str, &'static [&'static str])> {
    let way = place.way.as_str();
    let of_agents: &[&str] = &["unknown-agent"];
    let found: (&str, &[&str]) = match place.file.split('/').next()? {
        "agents.yaml" => match way {
            "agents.*.model" => ("model", &["unknown-model"]),
            "agents.*.prompt" => ("prompt", &["missing-file"]),
            "shared_tools.*" | "agents.*.tools.*" => ("tool", &["unknown-tool"]),
            _ => return None,
        },
        "phases" => match way {
            "swarm.entry"
            | "swarm.agents.*"
            | "deliverables.*.owner"
            | "deliverables.*.reviewers.*"
            | "review.agent" => ("agent", of_agents),
            "deliverables.*.template" => ("template", &["unknown-template"]),
            "task" => ("task", &["missing-file"]),
            "gate.revise_to.*" => ("phase", &["unknown-phase"]),
            "models.*" => ("model", &["unknown-model"]),
            _ => return None,
        },
        "workflows" => match way {
            "phases.*" => ("phase", &["unknown-phase"]),
            "variants.*.without.*" => ("phase", &["bad-variant"]),
            "after.*" => ("workflow", &["unknown-workflow"]),
            "finalize.*" => ("step", &["unknown-finalize-step"]),
            _ => return None,
        },
        "rehearsals" => match way {
            "agents.*.agent" | "agents.*.loops_with" | "expect.deliverables.*.passed_by.*" => {
                ("agent", of_agents)
            }
            "agents.*.phase" | "reviews.*.phase" | "gates.*.phase" | "expect.phases.*" => {
                ("phase", &["unknown-phase"])
            }
            "agents.*.forgets" | "expect.deliverables.*.path" => {
                ("deliverable", &["unknown-deliverable"])
            }
            "expect.deliverables.*.headings.*" => ("heading", &["unknown-heading"]),
            "sow" => ("statement of work", &["missing-file"]),
            _ => return None,
        },
        _ => return None,
    };
    Some(found)
}

pub fn make(maker: &mut Maker<'_>) {
    for place in maker.places() {
        used(maker, &place);
        declared(maker, &place);
        elsewhere(maker, &place);
    }
}

/// All names of a kind, so that a typo that produces another of them can be skipped.
fn names(shipped: &Shipped, kind: &str) -> Vec<String> {
    let mut names: Vec<String> = shipped
        .places()
        .filter(|p| named(p).is_some_and(|(k, _)| k == kind))
        .map(|p| p.text.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Whether another name is as close to the typo as the intended one.
fn ambiguous(shipped: &Shipped, kind: &str, place: &Place, wrong: &str) -> bool {
    let far = |name: &str| edits(&wrong.to_lowercase(), &name.to_lowercase());
    let meant = far(&place.text);
    names(shipped, kind)
        .iter()
        .any(|name| *name == wrong || (*name != place.text && far(name) <= meant))
}

/// Edit distance between two words, counting a swap as one. Implemented independently of `check`.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, n) | (n, 0) => n,
                _ => {
                    let least = (rows[i - 1][j] + 1)
                        .min(rows[i][j - 1] + 1)
                        .min(rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]));
                    let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                    if swapped { least.min(rows[i - 2][j - 2] + 1) } else { least }
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

fn used(maker: &mut Maker<'_>, place: &Place) {
    let Some((kind, codes)) = named(place).filter(|_| place.is == Is::Word) else { return };
    let wrong = slip(&place.text, &mut maker.chance);
    if ambiguous(maker.shipped, kind, place, &wrong) {
        return;
    }
    maker
        .write("a name misspelt", &place.file, place.value.clone(), &wrong, codes)
        .meant(&place.text);
}

fn declared(maker: &mut Maker<'_>, place: &Place) {
    let is_own =
        ["agents.*", "models.*"].contains(&place.way.as_str()) && place.file == "agents.yaml";
    let is_name = ["phase", "workflow", "rehearsal"].contains(&place.way.as_str());
    if is_own {
        let key = place.key.clone().expect("a key");
        let name = maker.shipped.text(&place.file)[key.clone()].to_owned();
        let wrong = slip(&name, &mut maker.chance);
        let kind = if place.way.starts_with("agents") { "agent" } else { "model" };
        if !names(maker.shipped, kind).contains(&wrong) {
            // If the typo is not similar to any name, or is not a valid name, the rule for names
            // reports it.
            let codes: &[&str] = &["unknown-agent", "unknown-model", "bad-value"];
            maker.write("a declared name misspelt", &place.file, key, &wrong, codes);
        }
    } else if is_name
        && !place.file.starts_with("agents")
        && place.is == Is::Word
        && !place.way.contains('.')
    {
        let wrong = slip(&place.text, &mut maker.chance);
        maker
            .write(
                "a file's name misspelt",
                &place.file,
                place.value.clone(),
                &wrong,
                &["name-differs-from-file", "bad-value"],
            )
            .meant(&place.text);
    } else if place.way == "gates.*.approves.*" {
        let key = place.key.clone().expect("a key");
        let name = maker.shipped.text(&place.file)[key.clone()].to_owned();
        let wrong = slip(&name, &mut maker.chance);
        maker
            .write("a rating misspelt", &place.file, key, &wrong, &["unknown-rating"])
            .meant(&name);
    }
}

/// Existing names in the wrong place.
fn elsewhere(maker: &mut Maker<'_>, place: &Place) {
    let kind = "a name that does not belong";
    let file = place.file.as_str();
    let agents = names(maker.shipped, "agent");
    let members = |shipped: &Shipped, phase: &str| -> Vec<String> {
        let path = format!("phases/{phase}.yaml");
        shipped
            .places()
            .filter(|p| p.file == path && p.way == "swarm.agents.*")
            .map(|p| p.text.clone())
            .collect()
    };
    let phase_here = file.strip_prefix("phases/").and_then(|f| f.strip_suffix(".yaml"));
    let sibling = |shipped: &Shipped, key: &str| {
        let parent = place.way.rsplit_once('.').map(|(p, _)| p.to_owned());
        let at = place.parent;
        shipped
            .places()
            .find(|p| {
                p.file == place.file
                    && p.parent == at
                    && parent.as_ref().is_some_and(|w| p.way == format!("{w}.{key}"))
            })
            .map(|p| p.text.clone())
    };
    match (file.split('/').next().unwrap_or_default(), place.way.as_str()) {
        (
            "phases",
            way @ ("swarm.entry" | "deliverables.*.owner" | "deliverables.*.reviewers.*"),
        ) => {
            let inside = members(maker.shipped, phase_here.expect("a phase"));
            let outside: Vec<&String> = agents.iter().filter(|a| !inside.contains(a)).collect();
            let codes: &[&str] = if way == "swarm.entry" {
                &["entry-outside-swarm"]
            } else {
                &["owner-outside-swarm"]
            };
            let name = maker.chance.one(&outside).to_string();
            maker.write(kind, file, place.value.clone(), &name, codes);
        }
        ("phases", "review.agent") => {
            maker.write(kind, file, place.value.clone(), "data", &["reviewer-cannot-review"]);
        }
        ("phases", "task") => {
            // Another task is used twice, and its own not at all.
            let others: Vec<String> =
                names(maker.shipped, "task").into_iter().filter(|t| *t != place.text).collect();
            let other = maker.chance.one(&others).clone();
            maker.write(kind, file, place.value.clone(), &other, &["unused-prompt"]).or_related();
        }
        ("agents.yaml", "agents.*.prompt") => {
            let others: Vec<String> =
                names(maker.shipped, "prompt").into_iter().filter(|t| *t != place.text).collect();
            let other = maker.chance.one(&others).clone();
            maker.write(kind, file, place.value.clone(), &other, &["unused-prompt"]).or_related();
        }
        ("workflows", "phases.*") => {
            let listed = maker.shipped.places().filter(|p| p.file == file && p.way == place.way);
            let others: Vec<String> =
                listed.map(|p| p.text.clone()).filter(|text| *text != place.text).collect();
            if others.is_empty() {
                return;
            }
            let other = maker.chance.one(&others).clone();
            maker.write(kind, file, place.value.clone(), &other, &["listed-twice"]).or_related();
        }
        ("rehearsals", "agents.*.agent" | "agents.*.loops_with") => {
            let Some(phase) = sibling(maker.shipped, "phase") else { return };
            let inside = members(maker.shipped, &phase);
            let outside: Vec<&String> = agents.iter().filter(|a| !inside.contains(a)).collect();
            let name = maker.chance.one(&outside).to_string();
            maker.write(kind, file, place.value.clone(), &name, &["never-acts"]);
            if let Some(me) =
                sibling(maker.shipped, "agent").filter(|_| place.last() == "loops_with")
            {
                maker.write(
                    "an agent that hands to itself",
                    file,
                    place.value.clone(),
                    &me,
                    &["never-acts"],
                );
            }
        }
        ("rehearsals", "agents.*.phase") => {
            let agent = sibling(maker.shipped, "agent").expect("an agent");
            let phases = names(maker.shipped, "phase");
            let without: Vec<&String> =
                phases.iter().filter(|p| !members(maker.shipped, p).contains(&agent)).collect();
            if without.is_empty() {
                return;
            }
            let name = maker.chance.one(&without).to_string();
            let change = maker.write(kind, file, place.value.clone(), &name, &["never-acts"]);
            change.or_related();
        }
        ("rehearsals", "agents.*.forgets") => {
            maker.write(kind, file, place.value.clone(), "app/poc/findings.md", &["never-acts"]);
        }
        ("rehearsals", "reviews.*.phase" | "gates.*.phase") => {
            maker.write(kind, file, place.value.clone(), "retrospective", &["never-acts"]);
        }
        ("rehearsals", "gates.*.approves.*") => {
            let key = place.key.clone().expect("a key");
            maker.write(kind, file, key, "beauty", &["unknown-rating"]);
        }
        ("rehearsals", "answers.*.question") => {
            maker.write(kind, file, place.value.clone(), "weather", &["never-acts"]);
        }
        ("rehearsals", "expect.phases.*") => {
            let first =
                maker.shipped.at(file, "expect.phases.*").is_some_and(|p| p.value == place.value);
            let name = if first { "poc" } else { "discovery" };
            // After a revision, discovery runs twice.
            if place.text != "discovery" && place.text != "architecture" || first {
                maker.write(
                    "a phase out of its order",
                    file,
                    place.value.clone(),
                    name,
                    &["unknown-phase", "phase-out-of-order"],
                );
            }
        }
        ("rehearsals", "expect.deliverables.*.headings.*") => {
            maker.write(kind, file, place.value.clone(), "Weather", &["unknown-heading"]);
        }
        _ => {}
    }
}
