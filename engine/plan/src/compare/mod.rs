//! Describes how a change of the definitions affects the people who work with them, omitting
//! whatever has no effect.
//!
//! Compares the meaning of two definitions, so comments, order and layout are ignored.

mod agents;
mod budgets;
mod knowledge;
mod patterns;
mod phases;
mod texts;

pub use phases::recalled;

use cloudcrew_definition::crew::{Definition, Input};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A change of behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The subject: the workflow, a phase, an agent, a model, a template.
    pub about: String,
    /// The change, in a sentence.
    pub text: String,
    /// Where it is or was written: `phases/discovery.yaml gate.max_revisions`.
    pub key: String,
}

/// Collects the changes of one subject.
struct Changes<'a> {
    found: &'a mut Vec<Change>,
    about: String,
    file: String,
}

impl Changes<'_> {
    fn say(&mut self, key: &str, text: impl Into<String>) {
        let key = if key.is_empty() { self.file.clone() } else { format!("{} {key}", self.file) };
        self.found.push(Change { about: self.about.clone(), text: text.into(), key });
    }

    /// Reports a change if the two differ.
    fn differ<T: PartialEq>(
        &mut self,
        key: &str,
        before: T,
        after: T,
        text: impl FnOnce(T, T) -> String,
    ) {
        if before != after {
            let text = text(before, after);
            self.say(key, text);
        }
    }

    /// Reports added and removed names.
    fn lists(&mut self, key: &str, before: &[String], after: &[String], came: &str, went: &str) {
        let quoted = |names: Vec<&String>| {
            names.into_iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
        };
        let new: Vec<&String> = after.iter().filter(|n| !before.contains(n)).collect();
        let gone: Vec<&String> = before.iter().filter(|n| !after.contains(n)).collect();
        if !new.is_empty() {
            self.say(key, format!("{came} {}", quoted(new)));
        }
        if !gone.is_empty() {
            self.say(key, format!("{went} {}", quoted(gone)));
        }
    }
}

/// Changes of any workflow before or now; a change shared by several is reported once.
pub fn compare_all(before: &Definition, after: &Definition) -> Vec<Change> {
    let mut names: Vec<&str> =
        after.workflows.iter().chain(&before.workflows).map(|w| w.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut found: Vec<Change> = Vec::new();
    for change in names.into_iter().flat_map(|name| compare(before, after, name)) {
        if !found.contains(&change) {
            found.push(change);
        }
    }
    found
}

/// What is chosen at the start.
fn inputs(old: &[Input], new: &[Input], changes: &mut Changes<'_>) {
    let names = |of: &[Input]| of.iter().map(|i| i.name.clone()).collect::<Vec<_>>();
    changes.lists("inputs", &names(old), &names(new), "new inputs:", "removed inputs:");
    for now in new {
        let Some(was) = old.iter().find(|input| input.name == now.name) else { continue };
        let (name, key) = (&now.name, |part: &str| format!("inputs.{}.{part}", now.name));
        changes.differ(&key("choices"), was.of(), now.of(), |was, now| {
            format!("`{name}` is now {now}, instead of {was}")
        });
        changes.differ(&key("default"), &was.default, &now.default, |_, now| match now {
            Some(value) => format!("`{name}` is `{value}` if none is given"),
            None => format!("`{name}` must be given"),
        });
        changes.differ(&key("description"), &was.description, &now.description, |_, now| {
            format!("`{name}` is now described as \"{now}\"")
        });
    }
}

/// Changes of one workflow from `before` to `after`: its phases in order, then the agents, models
/// and templates it uses.
pub fn compare(before: &Definition, after: &Definition, workflow: &str) -> Vec<Change> {
    let mut found = Vec::new();
    let of = after.workflow(workflow).or_else(|| before.workflow(workflow));
    let base = of.and_then(|of| of.variant_of.as_deref());
    let file = format!("workflows/{}.yaml", base.unwrap_or(workflow));
    let mut changes = Changes { found: &mut found, about: format!("workflow {workflow}"), file };
    let variant = base.and_then(|base| workflow.strip_prefix(base)?.strip_prefix('-'));
    let variant = variant.map(|variant| format!("variants.{variant}"));
    match (before.workflow(workflow), after.workflow(workflow)) {
        (None, None) => {}
        (None, Some(_)) => {
            changes.say(&variant.unwrap_or_default(), format!("`{workflow}` is new"));
        }
        (Some(_), None) => {
            changes.say(&variant.unwrap_or_default(), format!("`{workflow}` was removed"));
        }
        (Some(old), Some(new)) => {
            let key = variant.map_or_else(|| "phases".into(), |of| format!("{of}.without"));
            changes.lists(&key, &old.phases, &new.phases, "new phases:", "removed phases:");
            let order = |of: &[String], other: &[String]| {
                of.iter().filter(|p| other.contains(p)).cloned().collect::<Vec<_>>()
            };
            changes.differ(
                &key,
                order(&old.phases, &new.phases),
                order(&new.phases, &old.phases),
                |_, new| format!("the phases have a new order: {}", new.join(", ")),
            );
            // The rest is the workflow's own.
            changes.about = format!("workflow {}", base.unwrap_or(workflow));
            inputs(&old.inputs, &new.inputs, &mut changes);
            changes.differ("contact", &old.contact, &new.contact, |_, new| match new {
                Some(agent) => format!("`{agent}` answers the customer's messages"),
                None => "no agent is named who answers the customer's messages".to_owned(),
            });
            changes.differ("sow_headings", &old.sow_headings, &new.sow_headings, |_, _| {
                "other headings of statements of work are known".to_owned()
            });
            changes.lists(
                "after",
                &old.after,
                &new.after,
                "also continues an engagement of",
                "no longer continues an engagement of",
            );
            changes.lists(
                "finalize",
                &old.finalize,
                &new.finalize,
                "runs also after the last phase:",
                "no longer runs after the last phase:",
            );
            budgets::differ(&mut changes, "budget", (old.budget, new.budget));
            patterns::rules(&mut changes, old.patterns, new.patterns);
            for name in new.phases.iter().filter(|name| old.phases.contains(name)) {
                if let (Some(old), Some(new)) = (before.phase(name), after.phase(name)) {
                    phases::compare(old, new, &mut found);
                }
            }
            for name in new.phases.iter().filter(|name| !old.phases.contains(name)) {
                after.phase(name).into_iter().for_each(|new| phases::introduce(new, &mut found));
            }
            agents::compare((before, old), (after, new), &mut found);
            budgets::pots(before, after, &mut found);
            texts::templates((before, old), (after, new), &mut found);
            knowledge::compare(before, after, &mut found);
            patterns::compare(before, after, &mut found);
        }
    }
    found
}
