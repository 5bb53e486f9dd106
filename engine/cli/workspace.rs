//! Finds a workspace and reads its files as text.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::wiring::folder::Folder;
use cloudcrew_definition::Loaded;
use cloudcrew_definition::crew::{Definition, Model, Pattern, PatternRules};
use cloudcrew_definition::diagnostic::{Format, Report, Severity, closest, render};
use cloudcrew_definition::overlay::{self, OVERLAYS, within};
use cloudcrew_definition::shown::row;
use cloudcrew_definition::side_by_side::{cores, side_by_side};
use cloudcrew_definition::source::{FileId, MAX_FILE_BYTES, Sources};
use cloudcrew_definition::syntax::{Inherited, SOWS, is_part};
use cloudcrew_plan::checks::{load, load_overlay};
use cloudcrew_runtime::catalogue::catalogue;
use cloudcrew_runtime::engagement::{Engagement, RunMode, Started};

use crate::args::Args;
use crate::exit::Failure;
use crate::wiring;
use crate::words::counted;
use cloudcrew_views::plan::PhaseDefault;

/// Folders of a workspace.
const FOLDERS: [&str; 9] = [
    "phases",
    "workflows",
    "rehearsals",
    "knowledge",
    "patterns",
    "prompts",
    "prompts/tasks",
    "templates",
    "examples/sow",
];

/// Folders that an overlay may have.
const OVERLAID: [&str; 7] =
    ["phases", "workflows", "rehearsals", "knowledge", "patterns", "prompts", "templates"];

/// Extensions of files that look like definitions.
const LOOKALIKES: [&str; 8] =
    [".yaml", ".yml", ".md", ".markdown", ".txt", ".json", ".j2", ".jinja"];

/// A workspace, and the overlay to use with it.
#[derive(Debug, Clone)]
pub struct Place {
    root: PathBuf,
    /// Name of the overlay, if one was chosen.
    pub overlay: Option<String>,
}

impl Deref for Place {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.root
    }
}

impl Place {
    /// The workspace as an engagement uses it: with the overlay that it was started with.
    pub fn of(&self, started: &Started) -> Place {
        Place { root: self.root.clone(), overlay: started.overlay.clone() }
    }

    /// The workspace without its overlay.
    pub fn base(&self) -> Place {
        Place { root: self.root.clone(), overlay: None }
    }
}

/// The given workspace, or the nearest parent directory with an `agents.yaml`; with the chosen
/// overlay.
pub fn find(args: &Args) -> Result<Place, Failure> {
    let overlay = args.overlay.clone().filter(|name| !name.is_empty());
    Ok(Place { root: root(args.workspace.as_deref())?, overlay })
}

/// Reads a workspace and applies every rule, with the overlay.
pub fn loaded(place: &Place) -> Result<(Sources, Loaded), Failure> {
    let sources = read(place);
    let loaded = match &place.overlay {
        None => load(&sources, &catalogue()),
        Some(name) => {
            load_overlay(&sources, name, &catalogue()).ok_or_else(|| no_overlay(&sources, name))?
        }
    };
    Ok((sources, loaded))
}

/// Says which overlays there are.
pub fn no_overlay(sources: &Sources, name: &str) -> Failure {
    let names = overlay::names(sources);
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let help = match closest(name, &known) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() && overlay::is_name(name) => {
            format!("create it with a file in `overlays/{name}/`")
        }
        None if known.is_empty() => "a name has letters, digits, `_` and `-`".to_owned(),
        None => format!("there are: {}", known.join(", ")),
    };
    Failure::usage(format!("no overlay named `{}`; {help}", row(name)))
}

fn root(given: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        return if given.is_dir() {
            Ok(given.to_owned())
        } else {
            Err(Failure::usage(format!("{}: no such directory", given.display())))
        };
    }
    let here = std::env::current_dir()?;
    match here.ancestors().find(|d| d.join("agents.yaml").is_file()) {
        Some(found) => Ok(found.to_owned()),
        None => Err(Failure::usage(format!(
            "no `agents.yaml` in {} or its parents; select a workspace with `-C`, or create one \
             with `cloudcrew init`",
            here.display()
        ))),
    }
}

/// Reads the definition files.
pub fn read(root: &Path) -> Sources {
    let Ok(folder) = Folder::open(root) else { return Sources::new() };
    let parts = parts(root, &folder);
    let texts = side_by_side(&parts, cores(parts.len()), |part| {
        part.read.then(|| read_in(&folder, &part.path))
    });
    let mut sources = Sources::new();
    for (number, (Part { path, .. }, text)) in parts.into_iter().zip(texts).enumerate() {
        if number == MOST_FILES {
            let why = format!(
                "a workspace has at most {MOST_FILES} files; this one and all after it are not \
                 read"
            );
            sources.add_unreadable(path, why);
            break;
        }
        match text {
            None => sources.add(path, b""),
            Some(Ok(bytes)) => sources.add(path, &bytes),
            Some(Err(why)) => sources.add_unreadable(path, why),
        };
    }
    sources
}

/// A file of a workspace.
struct Part {
    path: String,
    /// Whether the text is needed, or only the name. A statement of work is read when an engagement
    /// starts; a file that only looks like a definition is reported as unused.
    read: bool,
}

/// Maximum files of a workspace.
const MOST_FILES: usize = 20_000;

/// The files of a workspace, in the order of their findings.
fn parts(root: &Path, folder: &Folder) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut put = |path: String| {
        if parts.len() > MOST_FILES {
            return;
        }
        let read = is_part(&path) && !path.starts_with(SOWS);
        if read
            || path.starts_with(SOWS)
            || LOOKALIKES.iter().any(|ending| path.to_lowercase().ends_with(ending))
        {
            parts.push(Part { path, read });
        }
    };
    ["agents.yaml", "agents.yml"]
        .into_iter()
        .filter(|path| root.join(path).exists())
        .for_each(|path| put(path.to_owned()));
    in_folders(root, folder, "", &mut put);
    overlays(root, folder, &mut parts);
    parts
}

/// The files of all overlays. Their folders hold nothing else, so whatever is misnamed or cannot be
/// read is listed too, and reported as ignored: a customer must not silently get the standard
/// process.
fn overlays(root: &Path, top: &Folder, parts: &mut Vec<Part>) {
    let mut put = |path: String| {
        if parts.len() <= MOST_FILES {
            let read = is_part(&path);
            parts.push(Part { path, read });
        }
    };
    let folder = OVERLAYS.trim_end_matches('/');
    if root.join(folder).symlink_metadata().is_ok() && !top.has_folder(Path::new(folder)) {
        return put(folder.to_owned());
    }
    for (name, _) in names(root, top, folder) {
        let overlay = format!("{OVERLAYS}{name}");
        let opened = top.has_folder(Path::new(&overlay));
        if !opened || std::fs::read_dir(root.join(&overlay)).is_err() {
            put(overlay);
            continue;
        }
        for (name, is_folder) in names(root, top, &overlay) {
            let path = format!("{overlay}/{name}");
            let readable =
                top.has_folder(Path::new(&path)) && std::fs::read_dir(root.join(&path)).is_ok();
            if !is_folder || !readable {
                put(path);
            } else if !OVERLAID.contains(&name.as_str()) {
                names(root, top, &path).into_iter().for_each(|(n, _)| put(format!("{path}/{n}")));
            }
        }
        in_folders(root, top, &format!("{overlay}/"), &mut put);
    }
}

/// The files in the folders of a workspace, or of an overlay, whose path is `within`.
fn in_folders(root: &Path, top: &Folder, within: &str, put: &mut impl FnMut(String)) {
    for folder in FOLDERS {
        // Statements of work belong to an engagement, not to a customer's process.
        if !within.is_empty() && SOWS.starts_with(folder) {
            continue;
        }
        for (name, is_folder) in names(root, top, &format!("{within}{folder}")) {
            let path = format!("{folder}/{name}");
            if !is_folder || is_part(&path) {
                put(format!("{within}{path}"));
            } else if !FOLDERS.contains(&path.as_str()) {
                let inside = names(root, top, &format!("{within}{path}"));
                inside.into_iter().for_each(|(name, _)| put(format!("{within}{path}/{name}")));
            }
        }
    }
}

/// The sorted names in a folder, each with whether it is a folder. Hidden files, backups, and links
/// that leave the workspace are skipped.
fn names(root: &Path, top: &Folder, folder: &str) -> Vec<(String, bool)> {
    if !top.has_folder(Path::new(folder)) {
        return Vec::new();
    }
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten().take(MOST_FILES);
    let named = entries.map(|e| {
        let is_folder = e
            .file_type()
            .is_ok_and(|kind| kind.is_dir() || (kind.is_symlink() && e.path().is_dir()));
        (e.file_name().to_string_lossy().into_owned(), is_folder)
    });
    let mut names: Vec<_> =
        named.filter(|(name, _)| !name.starts_with('.') && !name.ends_with('~')).collect();
    names.sort();
    names
}

/// Reads one file, or returns why that failed.
pub fn read_file(root: &Path, path: &str) -> Result<Vec<u8>, String> {
    Folder::open(root).map_err(|error| error.to_string()).and_then(|folder| read_in(&folder, path))
}

fn read_in(folder: &Folder, path: &str) -> Result<Vec<u8>, String> {
    let read = folder.read(Path::new(path), MAX_FILE_BYTES as u64 + 1);
    if let (Ok(bytes), Ok(size)) = (&read, folder.size(Path::new(path)))
        && bytes.len() > MAX_FILE_BYTES
    {
        return Err(format!("the file has {size} bytes; the maximum is {MAX_FILE_BYTES}"));
    }
    read.map_err(|error| match error.kind() {
        ErrorKind::Other => error.to_string(),
        _ => format!("the file cannot be read: {error}"),
    })
}

/// Loads a workspace that must have no errors.
pub fn definition(place: &Place) -> Result<Definition, Failure> {
    with_defaults(place).map(|(definition, _)| definition)
}

/// The definition, and the values that its phases take from `defaults`.
pub fn with_defaults(place: &Place) -> Result<(Definition, Vec<PhaseDefault>), Failure> {
    let (sources, Loaded { definition, report, workspace, .. }) = loaded(place)?;
    warned(&report);
    let definition = definition
        .or_else(|| without_rehearsals(&sources, &report, place.overlay.as_deref()))
        .ok_or_else(|| wrong(&sources, &report, "the definitions have errors; nothing was done"))?;
    let of_phase = |(file, taken): (&FileId, &Vec<Inherited>)| {
        let phase = workspace.phases.iter().find(|(of, _)| of == file);
        let phase = phase.and_then(|(_, phase)| phase.phase.get()).cloned().unwrap_or_default();
        let each = taken.iter().map(|Inherited { key, span }| {
            let (line, _) = sources.position(span.file, span.start);
            let file = sources.path(span.file).to_owned();
            PhaseDefault { phase: phase.clone(), key: key.clone(), file, line: line as u32 }
        });
        each.collect::<Vec<_>>()
    };
    Ok((definition, workspace.inherited.iter().flat_map(of_phase).collect()))
}

/// Reads a pattern as if it were in the workspace, with all checks.
pub fn pattern(root: &Path, name: &str, bytes: &[u8]) -> Result<Pattern, Failure> {
    let mut sources = read(root);
    let path = format!("patterns/{name}.yaml");
    match sources.find(&path) {
        Some(file) => sources.replace(file, Ok(bytes)),
        None => drop(sources.add(path, bytes)),
    }
    let Loaded { definition, report, .. } = load(&sources, &catalogue());
    let found = definition.and_then(|d| d.patterns.into_iter().find(|p| p.name == name));
    found.ok_or_else(|| wrong(&sources, &report, "the pattern has errors; nothing was done"))
}

/// What a workspace says about patterns: its main workflow, or the first that says anything.
pub fn pattern_rules(definition: &Definition) -> PatternRules {
    let main = definition.workflow("delivery").and_then(|workflow| workflow.patterns);
    let first = || definition.workflows.iter().find_map(|workflow| workflow.patterns);
    main.or_else(first).unwrap_or_default()
}

/// Says which warnings there are; `check` shows them.
fn warned(report: &Report) {
    let found = report.diagnostics();
    if found.iter().any(|d| d.severity == Severity::Error) {
        return;
    }
    let mut codes: Vec<&str> = found.iter().map(|d| d.code).collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    if count > 0 {
        let (warnings, codes) = (counted(count, "warning"), codes.join(", "));
        crate::out::note!("{warnings} in the definitions ({codes}); run `cloudcrew check`");
    }
}

/// Models that a live engagement should now call as the workspace configures them. Empty if the
/// workspace cannot be read.
pub fn rerouted(place: &Place, engagement: &Engagement) -> Vec<Model> {
    let state = &engagement.state;
    if !matches!(state.started.voice, RunMode::Live { .. }) || state.end.is_some() {
        return Vec::new();
    }
    let now = loaded(&place.of(&state.started)).ok().and_then(|(_, loaded)| loaded.definition);
    now.map(|now| wiring::rerouted(engagement, &now)).unwrap_or_default()
}

/// The definition without the rehearsal files that have errors, if no other file has any.
fn without_rehearsals(
    sources: &Sources,
    report: &Report,
    overlay: Option<&str>,
) -> Option<Definition> {
    let errors = report.diagnostics().iter().filter(|d| d.severity == Severity::Error);
    let wrong: HashSet<&str> =
        errors.map(|d| d.at.as_ref().map_or("", |at| sources.path(at.span.file))).collect();
    if !wrong.iter().all(|path| within(path).starts_with("rehearsals/")) {
        return None;
    }
    let mut others = Sources::new();
    for (file, path) in sources.all().filter(|(_, path)| !wrong.contains(path)) {
        others.add(path, sources.text(file).as_bytes());
    }
    let loaded = match overlay {
        None => load(&others, &catalogue()),
        Some(name) => load_overlay(&others, name, &catalogue())?,
    };
    let definition = loaded.definition?;
    let mut names: Vec<&str> = wrong.into_iter().collect();
    names.sort_unstable();
    crate::out::note!(
        "ignoring files with errors: {}; run `cloudcrew check` for details",
        names.join(", ")
    );
    Some(definition)
}

/// Prints the errors and returns a failure with this message.
pub fn wrong(sources: &Sources, report: &Report, words: &str) -> Failure {
    let errors: Vec<_> =
        report.diagnostics().iter().filter(|d| d.severity == Severity::Error).cloned().collect();
    crate::out::aside(format_args!(
        "{}",
        render(sources, &errors, Format::Human { colour: false })
    ));
    Failure::failed(words)
}

/// The named workflow, the only one, or `delivery`.
pub fn workflow(definition: &Definition, given: Option<&str>) -> Result<String, Failure> {
    let names: Vec<&str> = definition.workflows.iter().map(|w| w.name.as_str()).collect();
    let written = definition.workflows.iter().filter(|w| w.variant_of.is_none());
    let written: Vec<&str> = written.map(|w| w.name.as_str()).collect();
    match (given, written.as_slice()) {
        (Some(given), _) if names.contains(&given) => Ok(given.to_owned()),
        (Some(given), _) => {
            let help = match closest(given, &names) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("choose one of {}", names.join(", ")),
            };
            Err(Failure::usage(format!("no workflow named `{given}`; {help}")))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) if written.contains(&"delivery") => Ok("delivery".to_owned()),
        (None, _) => Err(Failure::usage(format!("choose a workflow: {}", names.join(", ")))),
    }
}
