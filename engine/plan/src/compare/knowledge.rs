//! What agents may look up.

use cloudcrew_definition::crew::{Definition, Service};

use super::{Change, Changes};

/// Facts and prices of the workspace before and after.
pub(super) fn compare(before: &Definition, after: &Definition, found: &mut Vec<Change>) {
    let file = "knowledge".to_owned();
    let mut changes = Changes { found, about: "knowledge".to_owned(), file };
    let names = |of: &Definition| -> Vec<String> {
        of.knowledge.iter().map(|service| service.name.clone()).collect()
    };
    let (old, new) = (names(before), names(after));
    changes.lists("services", &old, &new, "says something about", "says nothing any more about");
    let all = |of: &Definition, name: &str| -> Vec<Service> {
        of.knowledge.iter().filter(|service| service.name == name).cloned().collect()
    };
    let mut names: Vec<&String> = new.iter().filter(|name| old.contains(name)).collect();
    names.dedup();
    for name in names {
        let key = format!("services {name}");
        changes.differ(&key, all(before, name), all(after, name), |_, _| {
            format!("says something else about `{name}`")
        });
    }
}
