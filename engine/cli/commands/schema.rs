//! `schema`: JSON Schemas of definition files and of JSON output.

use std::path::Path;

use crate::wiring::folder::Folder;
use cloudcrew_definition::load;
use cloudcrew_definition::names::Names;
use cloudcrew_definition::path::sensitive_page;
use cloudcrew_definition::schema::{named, page, schema as generate, tools_page};
use cloudcrew_definition::source::Sources;
use cloudcrew_definition::syntax::{FileKind, Workspace};
use cloudcrew_runtime::catalogue::catalogue;

use crate::args::Args;
use crate::environment;
use crate::exit::{Exit, Failure};
use crate::out::{bytes, document, note};
use crate::output::SCHEMAS;
use crate::workspace;

/// Where `--write` puts the schemas, and the reference pages generated from them.
const FOLDER: &str = "engine/definition/schemas";
const PAGES: &str = "docs/reference";
const SENSITIVE: &str = "sensitive-files.md";
const TOOLS: &str = "tools.md";
const ENVIRONMENT: &str = "environment.md";
const SERVICE: &str = "openapi.json";

/// Where the schemas of a workspace are; the first line of each file names its schema. They are
/// generated, and Git ignores them.
const NAMED: &str = ".cloudcrew/schemas";

pub fn schema(args: &Args, kind: Option<&str>, write: bool) -> Result<Exit, Failure> {
    if write {
        let root = Folder::open(&workspace::find(args)?)?;
        for kind in FileKind::ALL {
            put(
                &root,
                FOLDER,
                &format!("{}.json", kind.name()),
                &format!("{:#}\n", generate(kind)),
            )?;
            put(&root, PAGES, &format!("{}.md", kind.name()), &page(kind))?;
        }
        put(&root, PAGES, SENSITIVE, &sensitive_page())?;
        put(&root, PAGES, TOOLS, &tools_page(&catalogue().tools))?;
        put(&root, PAGES, ENVIRONMENT, &environment::page())?;
        put(&root, PAGES, SERVICE, &openapi()?)?;
        note!(
            "wrote {} schemas to {FOLDER}, and {} pages and {SERVICE} to {PAGES}",
            FileKind::ALL.len(),
            FileKind::ALL.len() + 3
        );
        return Ok(Exit::Done);
    }
    let file = FileKind::ALL.into_iter().find(|k| Some(k.name()) == kind);
    let verb = SCHEMAS.iter().find(|(verb, _)| Some(*verb) == kind);
    match (file, verb) {
        (Some(kind), _) => document(&format!("{:#}", generate(kind))),
        (None, None) if kind == Some("openapi") => bytes(openapi()?.as_bytes()),
        (None, Some((_, schema))) => document(&format!("{:#}", schema())),
        (None, None) => {
            let names: Vec<&str> = FileKind::ALL
                .iter()
                .map(|k| k.name())
                .chain(SCHEMAS.iter().map(|(verb, _)| *verb))
                .chain(["openapi"])
                .collect();
            return Err(Failure::usage(format!(
                "choose a schema: {}; or use `--write`",
                names.join(", ")
            )));
        }
    }
    Ok(Exit::Done)
}

/// The OpenAPI document of the service.
fn openapi() -> Result<String, Failure> {
    cloudcrew_api::document().map_err(|error| Failure::world(error.to_string()))
}

/// Schemas with the names of a workspace, from the files that can be read.
pub fn of_workspace(args: &Args) -> Result<Exit, Failure> {
    write_for(&workspace::find(args)?)?;
    note!("wrote {} schemas with the names of this workspace to {NAMED}", FileKind::ALL.len());
    Ok(Exit::Done)
}

/// Writes the schemas of the workspace at `root`.
pub fn write_for(root: &Path) -> Result<(), Failure> {
    let (sources, catalogue) = (workspace::read(root), catalogue());
    let loaded = load(&sources, &catalogue);
    write_named(root, &sources, &loaded.workspace)
}

/// Whether the workspace has schemas that no longer match its files.
pub fn are_stale(root: &Path, sources: &Sources, workspace: &Workspace) -> bool {
    let Ok(folder) = Folder::open(root).and_then(|root| root.below(Path::new(NAMED), false)) else {
        return false;
    };
    let mut schemas = schemas(sources, workspace);
    schemas.any(|(name, text)| {
        let there = folder.read(Path::new(&name), text.len() as u64 + 1);
        there.is_ok_and(|there| there != text.as_bytes())
    })
}

fn write_named(root: &Path, sources: &Sources, workspace: &Workspace) -> Result<(), Failure> {
    let root = Folder::open(root)?;
    schemas(sources, workspace).try_for_each(|(name, text)| put(&root, NAMED, &name, &text))
}

/// The schemas of a workspace, with their file names.
fn schemas(sources: &Sources, workspace: &Workspace) -> impl Iterator<Item = (String, String)> {
    let names = Names::read(sources);
    FileKind::ALL.into_iter().map(move |kind| {
        let schema = named(kind, &names, workspace, sources, &catalogue());
        (format!("{}.json", kind.name()), format!("{schema:#}\n"))
    })
}

/// Writes a file atomically, because an editor may be reading it.
fn put(root: &Folder, folder: &str, name: &str, text: &str) -> Result<(), Failure> {
    let path = Path::new(folder).join(name);
    if root.read(&path, text.len() as u64 + 1).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    Ok(root.write(&path, text.as_bytes())?)
}
