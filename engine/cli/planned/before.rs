//! The other side of a comparison: an engagement, a saved plan, or a Git revision of the workspace.

use std::fs;
use std::path::Path;

use crate::wiring::repo::files_at;
use crate::wiring::store::Store;
use cloudcrew_definition::Loaded;
use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::source::Sources;
use cloudcrew_definition::syntax::is_part;
use cloudcrew_plan::checks::{load, load_overlay};
use cloudcrew_ports::journal::Journal;
use cloudcrew_runtime::catalogue::catalogue;
use cloudcrew_runtime::engagement::{Record, open};
use serde_json::Value;

use crate::args::Args;
use crate::exit::Failure;
use crate::workspace::Place;
use crate::{home, workspace};

/// Largest saved plan, in bytes.
const MAX_PLAN_BYTES: u64 = 16 * 1024 * 1024;

/// With an overlay, the name of the workspace without it.
const BASE: &str = "base";

/// The definition that a plan is compared with.
pub struct Before {
    pub definition: Definition,
    /// The name to show.
    pub name: String,
    /// The workflow, if the definition is that of an engagement.
    pub workflow: Option<String>,
}

/// Resolves `against`: first as an engagement, then as a file, then as a revision.
pub async fn before(args: &Args, place: &Place, against: &str) -> Result<Before, Failure> {
    if against == BASE && place.overlay.is_some() {
        let definition = workspace::definition(&place.base())?;
        return Ok(Before { definition, name: BASE.to_owned(), workflow: None });
    }
    if let Some(store) = Store::open_existing(&home::path(args)?)?
        && store.head(against).await?.is_some()
    {
        let engagement = open(Record::of(&store), against).await?;
        let workflow = Some(engagement.state.started.workflow.clone());
        return Ok(Before {
            definition: (*engagement.definition).clone(),
            name: format!("engagement {against}"),
            workflow,
        });
    }
    let path = Path::new(against);
    if path.is_file() {
        return saved(path).map(|definition| Before {
            definition,
            name: against.to_owned(),
            workflow: None,
        });
    }
    at_revision(place, against).map(|definition| Before {
        definition,
        name: against.to_owned(),
        workflow: None,
    })
}

fn saved(path: &Path) -> Result<Definition, Failure> {
    let failure = |why: String| Failure::usage(format!("{}: {why}", path.display()));
    let no_plan = "not a plan; save one with `cloudcrew plan --format json`";
    if fs::metadata(path).is_ok_and(|file| file.len() > MAX_PLAN_BYTES) {
        return Err(failure(format!("larger than {MAX_PLAN_BYTES} bytes")));
    }
    let text = fs::read_to_string(path).map_err(|e| failure(e.to_string()))?;
    let mut document: Value =
        serde_json::from_str(&text).map_err(|e| failure(format!("{no_plan} ({e})")))?;
    let definition = document.get_mut("definition").map(Value::take).unwrap_or_default();
    serde_json::from_value(definition).map_err(|_| failure(no_plan.to_owned()))
}

fn at_revision(place: &Place, revision: &str) -> Result<Definition, Failure> {
    let files = files_at(place, revision, is_part).map_err(|e| {
        Failure::usage(format!("`{revision}` is not an engagement, a file or a Git revision: {e}"))
    })?;
    let mut sources = Sources::new();
    for (path, bytes) in files {
        sources.add(path, &bytes);
    }
    let loaded = match &place.overlay {
        None => load(&sources, &catalogue()),
        // A new overlay is compared with the process without it.
        Some(name) => load_overlay(&sources, name, &catalogue())
            .unwrap_or_else(|| load(&sources, &catalogue())),
    };
    let Loaded { definition, report, .. } = loaded;
    let words = format!(
        "the definitions at `{revision}` have errors under the current rules and cannot be compared"
    );
    definition.ok_or_else(|| workspace::wrong(&sources, &report, &words))
}
