//! Lists the workspaces that `cloudcrew init` writes: the shipped one and the smallest one, file by
//! file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// What a workspace is made of.
const PARTS: [&str; 7] =
    ["agents.yaml", "phases", "workflows", "prompts", "templates", "rehearsals", "examples/sow"];

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's folder");
    let mut text = String::new();
    for (name, folder) in [("FULL", ""), ("MINIMAL", "examples/minimal")] {
        let folder = Path::new(&root).join(folder);
        let mut files = Vec::new();
        for part in PARTS {
            println!("cargo::rerun-if-changed={}", folder.join(part).display());
            collect(&folder, Path::new(part), &mut files);
        }
        files.sort();
        let _ = writeln!(text, "pub const {name}: &[(&str, &str)] = &[");
        for file in files {
            let _ = writeln!(
                text,
                "    ({file:?}, include_str!({:?})),",
                folder.join(&file).display().to_string()
            );
        }
        text.push_str("];\n");
    }
    let out = env::var("OUT_DIR").expect("cargo names a folder for what is built");
    fs::write(Path::new(&out).join("workspaces.rs"), text).expect("the list is written");
}

fn collect(folder: &Path, part: &Path, files: &mut Vec<String>) {
    let path = folder.join(part);
    if path.is_dir() {
        for entry in fs::read_dir(&path).expect("a folder can be read").flatten() {
            collect(folder, &part.join(entry.file_name()), files);
        }
    } else if !part.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
        files.push(part.display().to_string());
    }
}
