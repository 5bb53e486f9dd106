//! Where each value of a definition file comes from: an overlay, the file itself, or `defaults`.

use crate::diagnostic::Report;
use crate::document::{self, Document, Kind, NodeId};
use crate::overlay::OVERLAYS;
use crate::source::{FileId, Sources, Span};
use crate::syntax::FileKind;

/// A value, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it is written.
    pub span: Span,
    /// Whether it is the `~` of an overlay, which removes what is below.
    pub removes: bool,
    /// Whether it is written in `defaults`.
    pub is_default: bool,
}

/// A key of a file with all the places that set it; the first one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layered {
    /// The key: `gate.max_revisions`.
    pub key: String,
    /// The places, the one that counts first.
    pub written: Vec<Written>,
}

/// Where the keys of a definition file come from, in the order of the file. `None` if the file does
/// not exist. A file that cannot be parsed counts as empty.
pub fn layers(sources: &Sources, overlay: Option<&str>, path: &str) -> Option<Vec<Layered>> {
    let kind = FileKind::of(path)?;
    let stored = |path: &str| sources.stored(path);
    let over = |path: &str| overlay.and_then(|name| stored(&format!("{OVERLAYS}{name}/{path}")));
    let files = [over(path), stored(path)];
    if files == [None, None] {
        return None;
    }
    let mut all = All::default();
    for (number, file) in files.into_iter().enumerate() {
        if let Some(document) = file.and_then(|file| parsed(sources, file)) {
            all.of(&document, document.root(), "", Layer { over: number == 0, default: false });
        }
    }
    if kind == FileKind::Phase {
        let has = |part: &str| all.0.iter().any(|one| one.key.split('.').next() == Some(part));
        let gone = ["review", "gate"].into_iter().filter(|part| !has(part)).collect::<Vec<_>>();
        for (number, path) in [over("agents.yaml"), stored("agents.yaml")].into_iter().enumerate() {
            let Some(document) = path.and_then(|file| parsed(sources, file)) else { continue };
            let Some((_, defaults)) = document.entry(document.root(), "defaults") else { continue };
            let Kind::Map(parts) = &document.node(defaults).kind else { continue };
            for (key, value) in parts {
                let key = document.text(*key).unwrap_or_default();
                // Without them, a phase takes nothing of the defaults.
                if !gone.contains(&key) {
                    all.of(&document, *value, key, Layer { over: number == 0, default: true });
                }
            }
        }
    }
    Some(all.settled())
}

fn parsed(sources: &Sources, file: FileId) -> Option<Document> {
    document::parse(sources, file, &mut Report::new())
}

#[derive(Clone, Copy)]
struct Layer {
    over: bool,
    default: bool,
}

#[derive(Default)]
struct All(Vec<Layered>);

impl All {
    /// Adds the values below a node.
    fn of(&mut self, document: &Document, node: NodeId, key: &str, layer: Layer) {
        match &document.node(node).kind {
            Kind::Map(entries) if !entries.is_empty() => {
                for (name, value) in entries {
                    let name = document.text(*name).unwrap_or_default();
                    let way =
                        if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
                    self.of(document, *value, &way, layer);
                }
            }
            kind => {
                let removes = layer.over && matches!(kind, Kind::Null);
                let span = document.node(node).span;
                let written = Written { span, removes, is_default: layer.default };
                self.put(key, written);
            }
        }
    }

    /// The keys, once all layers are added.
    fn settled(mut self) -> Vec<Layered> {
        for one in &mut self.0 {
            // Without its own value, a phase takes that of the defaults.
            if one.written.first().is_some_and(|first| first.removes) {
                one.written.sort_by_key(|written| !written.is_default);
            }
        }
        let keys: Vec<String> = self.0.iter().map(|one| one.key.clone()).collect();
        let has_parts = |key: &str| {
            let is_part =
                |other: &String| other.strip_prefix(key).is_some_and(|r| r.starts_with('.'));
            keys.iter().any(is_part)
        };
        self.0.retain(|one| !has_parts(&one.key));
        self.0
    }

    fn put(&mut self, key: &str, written: Written) {
        match self.0.iter_mut().find(|one| one.key == key) {
            Some(one) => one.written.push(written),
            None => {
                // What an overlay removes as a whole has no keys of its own.
                let within = |one: &&mut Layered| {
                    let removed = one.written.first().is_some_and(|first| first.removes);
                    removed && key.strip_prefix(&one.key).is_some_and(|rest| rest.starts_with('.'))
                };
                if self.0.iter_mut().find(within).is_none() {
                    self.0.push(Layered { key: key.to_owned(), written: vec![written] });
                }
            }
        }
    }
}
