//! `schema`: what editors and reviewers hold a file against.

use std::fs;

use cloudcrew_definition::schema::schema as generate;
use cloudcrew_definition::syntax::FileKind;

use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::{note, say};
use crate::output::SCHEMAS;
use crate::workspace;

/// Where the schemas of this project stand.
const FOLDER: &str = "engine/definition/schemas";

pub fn schema(args: &Args, kind: Option<&str>, write: bool) -> Result<Exit, Failure> {
    if write {
        let folder = workspace::find(args.workspace.as_deref())?.join(FOLDER);
        fs::create_dir_all(&folder)?;
        for kind in FileKind::ALL {
            fs::write(folder.join(format!("{}.json", kind.name())), format!("{:#}\n", generate(kind)))?;
        }
        note!("wrote {} schemas to {}", FileKind::ALL.len(), folder.display());
        return Ok(Exit::Done);
    }
    let file = FileKind::ALL.into_iter().find(|k| Some(k.name()) == kind);
    let verb = SCHEMAS.iter().find(|(verb, _)| Some(*verb) == kind);
    match (file, verb) {
        (Some(kind), _) => say!("{:#}", generate(kind)),
        (None, Some((_, schema))) => say!("{:#}", schema()),
        (None, None) => {
            let names: Vec<&str> = FileKind::ALL.iter().map(|k| k.name()).chain(SCHEMAS.iter().map(|(verb, _)| *verb)).collect();
            return Err(Failure::usage(format!("say which schema: {}; or `--write`", names.join(", "))));
        }
    }
    Ok(Exit::Done)
}
