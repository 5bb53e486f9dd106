//! The shipped workspace, and every value in it with its place.

use std::ops::Range;

use cloudcrew_definition::diagnostic::Report;
use cloudcrew_definition::document::{Document, Kind, NodeId, parse};
use cloudcrew_definition::source::Sources;
use cloudcrew_definition::syntax::FileKind;

use crate::support::{root, sources};

/// The kind of value at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    Word,
    Number,
    List,
    Map,
}

/// A value of a definition file.
#[derive(Debug, Clone)]
pub struct Place {
    pub file: String,
    /// The path of keys, such as `deliverables.*.owner`. List entries and names that the author
    /// chose are `*`.
    pub way: String,
    /// Its key, if it has one.
    pub key: Option<Range<usize>>,
    pub value: Range<usize>,
    pub is: Is,
    /// A scalar without quotes.
    pub text: String,
    /// The index of its parent in the list of places of its file.
    pub parent: Option<usize>,
}

impl Place {
    /// The last key of the path.
    pub fn last(&self) -> &str {
        self.way.rsplit('.').next().unwrap_or_default()
    }
}

/// A pattern without programs.
const SMALL: (&str, &str) = (
    "patterns/small.yaml",
    "version: 1\npattern: small\ntitle: A small pattern\ncategory: application\n\
     tags: [python, retries]\ndescription: Use it in tests only.\nfiles:\n  \
     - { path: app.py, content: print }\n",
);

/// A workflow that continues another.
const OPERATE: (&str, &str) = (
    "workflows/operate.yaml",
    "version: 1\nworkflow: operate\ndescription: Keep it running\nphases: [handoff]\nafter: \
     [delivery]\ninputs:\n  hours: { type: integer, default: 8, description: Hours a day }\n",
);
/// A prompt that reads its input.
const READS: (&str, &str) = (
    "prompts/tasks/handoff.md",
    "\n{% if inputs.hours is defined %}On {{ inputs.hours }} hours a day.{% endif %}\n",
);

/// The keys that the shipped crew does without, laid over its files.
fn extended(path: &str, text: &str) -> String {
    match path {
        "workflows/delivery.yaml" => {
            let pilot = "variants:\n  pilot:\n    description: Prove it before it is built\n    \
                         without: [production, handoff]\n";
            format!("{text}{pilot}")
        }
        "phases/poc.yaml" => text.replace("\ngate: {}", "\ngate: { revise_to: [architecture] }"),
        "phases/production.yaml" => format!("{text}models: {{ qa: opus }}\n"),
        path if path == READS.0 => format!("{text}{}", READS.1),
        _ => text.to_owned(),
    }
}

/// The shipped workspace.
pub struct Shipped {
    pub sources: Sources,
    /// Its definition files, each with its places in text order.
    pub files: Vec<(String, Vec<Place>)>,
}

/// Reads the workspace of this repository, in the order of paths.
pub fn shipped() -> Shipped {
    let read = sources(&root());
    let mut paths: Vec<String> = read.iter().map(|(_, path)| path.to_owned()).collect();
    paths.sort();
    let mut sources = Sources::new();
    for path in &paths {
        let file = read.find(path).expect("a file");
        sources.add(path.clone(), extended(path, read.text(file)).as_bytes());
    }
    for (path, text) in [SMALL, OPERATE] {
        sources.add(path.to_owned(), text.as_bytes());
        paths.push(path.to_owned());
    }
    // The files in the shipped patterns are programs: what a change of one means is not known here.
    let known = |path: &&String| {
        FileKind::of(path).is_some_and(|kind| kind != FileKind::Pattern) || *path == SMALL.0
    };
    let definitions = paths.iter().filter(known);
    let files = definitions.map(|path| (path.clone(), places(&sources, path))).collect();
    Shipped { sources, files }
}

impl Shipped {
    pub fn text(&self, path: &str) -> &str {
        self.sources.text(self.sources.find(path).expect("a file of the workspace"))
    }

    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.files.iter().flat_map(|(_, places)| places)
    }

    /// Prompts, tasks and templates.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_text = |path: &str| path.starts_with("prompts/") || path.starts_with("templates/");
        self.sources
            .iter()
            .filter(move |(_, path)| is_text(path))
            .map(|(file, path)| (path, self.sources.text(file)))
    }

    /// The parent of a place.
    pub fn parent(&self, place: &Place) -> Option<&Place> {
        let (_, places) = self.files.iter().find(|(path, _)| *path == place.file)?;
        place.parent.map(|at| &places[at])
    }

    /// The first place with this file and path.
    pub fn at(&self, file: &str, way: &str) -> Option<&Place> {
        self.places().find(|p| p.file == file && p.way == way)
    }
}

/// Every place of a readable definition file.
pub fn places(sources: &Sources, path: &str) -> Vec<Place> {
    let mut report = Report::new();
    let file = sources.find(path).expect("a file");
    let document = parse(sources, file, &mut report).expect("YAML");
    let mut found = Vec::new();
    walk(&document, (path, String::new()), (None, document.root()), None, &mut found);
    found
}

fn walk(
    document: &Document,
    (file, way): (&str, String),
    (key, node): (Option<NodeId>, NodeId),
    parent: Option<usize>,
    found: &mut Vec<Place>,
) {
    let range = |node: NodeId| document.node(node).span.start..document.node(node).span.end;
    let (is, text) = match &document.node(node).kind {
        Kind::Map(_) => (Is::Map, String::new()),
        Kind::List(_) => (Is::List, String::new()),
        Kind::Text(text) => (Is::Word, text.clone()),
        Kind::Int(number) => (Is::Number, number.to_string()),
        Kind::Float(number) => (Is::Number, number.to_string()),
        Kind::Null | Kind::Bool(_) => (Is::Word, String::new()),
    };
    found.push(Place {
        file: file.to_owned(),
        way: way.clone(),
        key: key.map(range),
        value: range(node),
        is,
        text,
        parent,
    });
    let me = Some(found.len() - 1);
    let below = |step: &str| if way.is_empty() { step.to_owned() } else { format!("{way}.{step}") };
    match &document.node(node).kind {
        Kind::Map(entries) => {
            let own = ["agents", "models", "variants", "inputs"].contains(&way.as_str())
                || way.ends_with("approves");
            for (key, value) in entries {
                let step = if own { "*" } else { document.text(*key).unwrap_or_default() };
                walk(document, (file, below(step)), (Some(*key), *value), me, found);
            }
        }
        Kind::List(items) => items
            .iter()
            .for_each(|item| walk(document, (file, below("*")), (None, *item), me, found)),
        _ => {}
    }
}
