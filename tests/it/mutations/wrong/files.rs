//! Files that are missing or have the wrong extension, reported where they are named.

use super::super::verdict::Mutation;
use super::Maker;

pub fn make(maker: &mut Maker<'_>) {
    let paths: Vec<String> =
        maker.shipped.sources.iter().map(|(_, path)| path.to_owned()).collect();
    for path in paths {
        let name =
            path.rsplit('/').next().and_then(|f| f.rsplit_once('.')).map_or("", |(stem, _)| stem);
        let codes: &[&str] = match path.split('/').next().unwrap_or_default() {
            "prompts" | "examples" => &["missing-file"],
            "templates" => &["unknown-template"],
            "phases" => &["unknown-phase"],
            "workflows" => &["unknown-workflow"],
            _ => continue,
        };
        // Without a summary template, the engine uses its own format.
        if path == "templates/phase_summary.md" {
            continue;
        }
        let names = |text: &str| {
            text == path
                || (path.starts_with("templates/") || path.starts_with("phases/")) && text == name
        };
        let mut at: Vec<_> = maker
            .shipped
            .places()
            .filter(|p| p.file != path && names(&p.text))
            .map(|p| (p.file.clone(), p.value.clone()))
            .collect();
        match path.as_str() {
            "templates/adr.md" => {
                at = maker
                    .shipped
                    .places()
                    .filter(|p| p.text == "write_adr")
                    .map(|p| (p.file.clone(), p.value.clone()))
                    .collect()
            }
            "workflows/delivery.yaml" => {
                at = maker
                    .shipped
                    .places()
                    .filter(|p| p.way == "after.*" && p.text == name)
                    .map(|p| (p.file.clone(), p.value.clone()))
                    .collect()
            }
            _ => {}
        }
        if at.is_empty() {
            continue; // No file names it.
        }
        maker.made.push(Mutation {
            kind: "a file gone",
            file: path.clone(),
            text: None,
            at,
            codes,
            meant: None,
            related: false,
        });
    }
}
