//! The names in one file.

use serde_json::Value;

use super::{Name, NameKind};
use crate::document::{Document, Kind, NodeId};
use crate::overlay::within;
use crate::schema::{for_item, for_key, plain};
use crate::source::{FileId, Span};
use crate::syntax::{FileKind, is_text, variant_name};

/// The name that a file defines by its path: a template, prompt, phase, workflow or rehearsal.
pub fn of_file(file: FileId, path: &str) -> Option<Name> {
    let path = within(path);
    let stem = path.rsplit('/').next()?.rsplit_once('.')?.0;
    let (kind, text) = match FileKind::of(path) {
        Some(FileKind::Phase) => (NameKind::Phases, stem),
        Some(FileKind::Workflow) => (NameKind::Workflows, stem),
        Some(FileKind::Rehearsal) => (NameKind::Rehearsals, stem),
        Some(FileKind::Agents | FileKind::Knowledge | FileKind::Pattern) => return None,
        None if !is_text(path) => return None,
        None if path.starts_with("templates/") => (NameKind::Templates, stem),
        None => (NameKind::Prompts, path),
    };
    Some(Name { kind, text: text.to_owned(), span: Span::new(file, 0..0), defines: true })
}

/// The names in a definition file, in the order in which they are written.
pub fn in_document(kind: FileKind, path: &str, document: &Document) -> Vec<Name> {
    let mut walk = Walk { document, names: Vec::new() };
    walk.visit(plain(kind), document.root());
    let mut names = walk.names;
    let in_variants = variants(kind, path, document);
    names.extend(in_variants.iter().cloned());
    names.sort_by_key(|n| (n.span.start, n.span.end));
    // An alias repeats the names at one place.
    names.dedup();
    // Other files refer to it by its file name, whatever name it declares.
    let own = of_file(document.file(), path);
    for name in &mut names {
        let declares = name.defines && !in_variants.contains(name);
        if let Some(own) = own.as_ref().filter(|own| declares && own.kind == name.kind) {
            name.text.clone_from(&own.text);
        }
    }
    names
}

/// The workflows that the variants of a workflow are started as, each at the key of its variant.
fn variants(kind: FileKind, path: &str, document: &Document) -> Vec<Name> {
    let own = of_file(document.file(), path).filter(|_| kind == FileKind::Workflow);
    let entries = |node: NodeId| match &document.node(node).kind {
        Kind::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    let is_variants = |(key, _): &&(NodeId, NodeId)| document.text(*key) == Some("variants");
    let Some((own, (_, variants))) =
        own.zip(entries(document.root()).iter().find(is_variants).copied())
    else {
        return Vec::new();
    };
    let name = |(key, _): &(NodeId, NodeId)| {
        let text = variant_name(&own.text, document.text(*key)?);
        let span = document.node(*key).span;
        Some(Name { kind: NameKind::Workflows, text, span, defines: true })
    };
    entries(variants).iter().filter_map(name).collect()
}

struct Walk<'a> {
    document: &'a Document,
    names: Vec<Name>,
}

impl Walk<'_> {
    fn visit(&mut self, rule: &Value, node: NodeId) {
        let mark = |key: &str| rule[key].as_str().and_then(NameKind::of_mark);
        let referred = mark("x-cloudcrew-names").or_else(|| mark("x-cloudcrew-mentions"));
        let defined = mark("x-cloudcrew-defines");
        let keys = rule["propertyNames"]["x-cloudcrew-names"].as_str();
        let keyed = keys.and_then(NameKind::of_mark);
        match &self.document.node(node).kind {
            Kind::Map(entries) => {
                for (key, value) in entries {
                    if let Some(kind) = defined.or(keyed) {
                        self.take(kind, *key, defined.is_some());
                    }
                    self.visit(for_key(rule, self.document.text(*key).unwrap_or_default()), *value);
                }
            }
            Kind::List(items) => items.iter().for_each(|item| self.visit(for_item(rule), *item)),
            _ => {
                if let Some(kind) = referred.or(defined) {
                    self.take(kind, node, referred.is_none());
                }
            }
        }
    }

    fn take(&mut self, kind: NameKind, node: NodeId, defines: bool) {
        if let Some(text) = self.document.text(node) {
            let span = self.document.node(node).span;
            self.names.push(Name { kind, text: text.to_owned(), span, defines });
        }
    }
}
