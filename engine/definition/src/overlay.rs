//! Overlays: a folder in `overlays/` holds what one customer has different. Its YAML files are laid
//! over those of the workspace, key by key; its other files replace theirs.

use std::collections::BTreeSet;

use crate::catalogue::Catalogue;
use crate::checks::overlay_without_effect::{nothing_removed, nothing_set};
use crate::diagnostic::Report;
use crate::document::{self, Document, Kind, NodeId};
use crate::kept::Read;
use crate::schema;
use crate::source::{FileId, Sources};
use crate::syntax::{FileKind, Form};

/// The folder of the overlays.
pub const OVERLAYS: &str = "overlays/";

/// The overlay that a file belongs to, and its path in it.
pub fn split(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix(OVERLAYS)?.split_once('/')
}

/// The path of a file in the workspace that its overlay makes; the same for any other file.
pub fn within(path: &str) -> &str {
    split(path).map_or(path, |(_, rest)| rest)
}

/// Whether a text can be the name of an overlay: at most 63 letters, digits, `_` and `-`, starting
/// with a letter.
pub fn is_name(text: &str) -> bool {
    let rest = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    text.len() <= 63
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && text.bytes().all(rest)
}

/// The names of all overlays, in alphabetical order. A folder with another name is none.
pub fn names(sources: &Sources) -> Vec<String> {
    let all = sources.all().filter_map(|(_, path)| split(path)).map(|(name, _)| name);
    let all = all.filter(|name| is_name(name)).map(str::to_owned);
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The files in folders of `overlays/` that are no overlays.
pub fn misnamed(sources: &Sources) -> impl Iterator<Item = (FileId, &str)> {
    let all = sources.all().filter_map(|(file, path)| Some((file, split(path)?.0)));
    all.filter(|(_, name)| !is_name(name))
}

/// Which files of a workspace an overlay changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers {
    /// Its name.
    pub name: String,
    /// Files that are replaced, dropped or laid over others.
    pub hidden: BTreeSet<FileId>,
    /// Files that change nothing.
    pub idle: Vec<FileId>,
    /// Files with the one that is laid over each.
    pub merged: Vec<(FileId, FileId)>,
}

/// The workspace with an overlay applied, without some files; `None` if the overlay does not exist.
pub(crate) fn view(sources: &Sources, name: &str, without: &BTreeSet<FileId>) -> Option<Sources> {
    let mut layers = Layers { name: name.to_owned(), hidden: without.clone(), ..Layers::default() };
    let own = sources.all().filter_map(|(file, path)| Some((file, split(path)?)));
    let own: Vec<_> = own.filter(|(_, (of, _))| *of == name).collect();
    for (file, (_, path)) in &own {
        let base = sources.find(path);
        let is_yaml = FileKind::of(path).is_some();
        if is_yaml && drops(sources.text(*file)) {
            layers.hidden.insert(*file);
            layers.hidden.extend(base);
            layers.idle.extend(base.is_none().then_some(*file));
        } else if !is_yaml && base.is_some_and(|base| sources.text(base) == sources.text(*file)) {
            layers.hidden.extend(base);
            layers.idle.push(*file);
        } else if let Some(base) = base {
            let under = if is_yaml { *file } else { base };
            layers.hidden.insert(under);
            layers.merged.extend(is_yaml.then_some((base, *file)));
        }
    }
    (!own.is_empty()).then(|| sources.layered(layers))
}

/// Whether a file says only `~`: it removes the file below it.
fn drops(text: &str) -> bool {
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines.eq(["~"])
}

/// Reads a file of an overlaid workspace.
pub(crate) fn read(sources: &Sources, file: FileId, catalogue: &Catalogue) -> Read {
    let Some(over) = sources.over(file) else {
        return Read::of(sources, file, catalogue).without_tree();
    };
    let mut report = Report::new();
    let base = document::parse(sources, file, &mut report);
    let above = document::parse(sources, over, &mut report);
    let mut form = None;
    if let (Some(kind), Some(base), Some(over)) = (FileKind::of(sources.path(file)), base, above) {
        let merged = Merge { base: &base, over: &over, report: &mut report }.all();
        schema::check(kind, sources, &merged, &mut report);
        form = Form::of(kind, &merged);
    }
    Read::new(report, form)
}

/// Lays a document over another.
struct Merge<'a> {
    base: &'a Document,
    over: &'a Document,
    report: &'a mut Report,
}

impl Merge<'_> {
    fn all(mut self) -> Document {
        let mut merged = self.base.clone();
        let shift = merged.append(self.over);
        let (base, over) = (self.base.root(), self.over.root());
        let root = self.lay(&mut merged, shift, base, over);
        merged.with_root(root)
    }

    /// The node that `over` makes of `base`.
    fn lay(&mut self, merged: &mut Document, shift: u32, base: NodeId, over: NodeId) -> NodeId {
        let (Kind::Map(below), Kind::Map(above)) =
            (&self.base.node(base).kind, &self.over.node(over).kind)
        else {
            if self.base.equals(base, self.over, over) {
                nothing_set(self.over.node(over).span, self.base.node(base).span, self.report);
            }
            return over.shifted(shift);
        };
        if above.is_empty() {
            nothing_set(self.over.node(over).span, self.base.node(base).span, self.report);
        }
        let mut entries = below.clone();
        for (key, value) in above {
            let name = self.over.text(*key).unwrap_or_default();
            let place = entries.iter().position(|(k, _)| merged.text(*k) == Some(name));
            let removes = matches!(self.over.node(*value).kind, Kind::Null);
            match place {
                Some(at) if removes => drop(entries.remove(at)),
                Some(at) => {
                    let (_, there) = entries[at];
                    entries[at].1 = self.lay(merged, shift, there, *value);
                }
                None if removes => nothing_removed(name, self.over.node(*key).span, self.report),
                None => entries.push((key.shifted(shift), value.shifted(shift))),
            }
        }
        merged.push(Kind::Map(entries), self.base.node(base).span)
    }
}
