//! The layers of the engine: which crate may depend on which, according to the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::support::root;

/// Each crate, with the workspace crates that it may use. A new crate must be added here. Test
/// dependencies do not count.
const LAYERS: [(&str, &[&str]); 15] = [
    ("dashboard", &[]),
    ("planted", &[]),
    ("definition", &["planted"]),
    ("plan", &["definition"]),
    ("sow", &["definition"]),
    ("documents", &["sow"]),
    ("ports", &["definition"]),
    ("tools", &["definition", "ports", "sow"]),
    ("local", &["definition", "plan", "planted", "ports", "sow"]),
    ("aws", &["definition", "plan", "planted", "ports", "sow"]),
    ("runtime", &["definition", "plan", "planted", "ports", "sow", "tools"]),
    ("lsp", &["definition", "plan"]),
    ("views", &["definition", "plan", "ports", "runtime", "sow"]),
    ("api", &["definition", "plan", "ports", "runtime", "sow", "views"]),
    (
        "benches",
        &["aws", "definition", "local", "plan", "ports", "runtime", "sow", "tools", "views"],
    ),
];

#[test]
fn each_crate_uses_only_the_layers_below_it() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    let layers: BTreeMap<&str, &[&str]> = LAYERS.into_iter().collect();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        // The command line may use all of them.
        let Some(name) = name.strip_prefix("cloudcrew-") else { continue };
        let uses: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|dependency| dependency["kind"].is_null())
            .filter_map(|dependency| dependency["name"].as_str()?.strip_prefix("cloudcrew-"))
            .collect();
        let Some(may) = layers.get(name) else {
            wrong.push(format!("`{name}` is not in a layer"));
            continue;
        };
        let beyond = uses.iter().filter(|used| !may.contains(used));
        wrong.extend(beyond.map(|used| format!("`{name}` must not use `{used}`")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_wiring_names_adapters() {
    let mut folders = vec![root().join("engine/cli")];
    let mut named = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).expect("a file").contains("cloudcrew_local")
                || std::fs::read_to_string(&path).expect("a file").contains("cloudcrew_aws")
            {
                named.push(path.file_name().expect("a name").to_string_lossy().into_owned());
            }
        }
    }
    named.sort();
    assert_eq!(named, ["aws.rs", "wiring.rs"]);
}
