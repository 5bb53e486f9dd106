//! The outline of a definition file: its keys, and the entries of its lists.

use cloudcrew_definition::document::{Document, Kind, NodeId};
use lsp_types::{DocumentSymbol, Location, SymbolInformation, SymbolKind, Uri};

use crate::position::Lines;

/// Maximum depth; deeper levels hold single values.
const DEPTH: usize = 4;

/// The outline.
pub(crate) fn symbols(document: &Document, lines: &Lines<'_>) -> Vec<DocumentSymbol> {
    below(document, document.root(), lines, 0)
}

fn below(
    document: &Document,
    node: NodeId,
    lines: &Lines<'_>,
    depth: usize,
) -> Vec<DocumentSymbol> {
    if depth >= DEPTH {
        return Vec::new();
    }
    match &document.node(node).kind {
        Kind::Map(entries) => entries
            .iter()
            .map(|(key, value)| symbol(document, Some(*key), *value, lines, depth))
            .collect(),
        Kind::List(items) => {
            items.iter().map(|item| symbol(document, None, *item, lines, depth)).collect()
        }
        _ => Vec::new(),
    }
}

fn symbol(
    document: &Document,
    key: Option<NodeId>,
    value: NodeId,
    lines: &Lines<'_>,
    depth: usize,
) -> DocumentSymbol {
    let node = document.node(value);
    let (word, whole) = match key.map(|key| document.node(key).span) {
        // The target of an alias is elsewhere: only its key is here.
        Some(key) if node.span.start < key.end => (key.start..key.end, key.start..key.end),
        Some(key) => (key.start..key.end, key.start..node.span.end.max(key.end)),
        None => (node.span.start..node.span.start, node.span.start..node.span.end),
    };
    let said = first_word(document, value);
    let name = match key {
        Some(key) => document.text(key).unwrap_or_default().to_owned(),
        None => said.clone().unwrap_or_default(),
    };
    let kind = match node.kind {
        Kind::Map(_) => SymbolKind::OBJECT,
        Kind::List(_) => SymbolKind::ARRAY,
        Kind::Int(_) | Kind::Float(_) => SymbolKind::NUMBER,
        Kind::Bool(_) => SymbolKind::BOOLEAN,
        _ => SymbolKind::STRING,
    };
    let children = below(document, value, lines, depth + 1);
    #[expect(deprecated, reason = "the protocol's type has no other constructor")]
    DocumentSymbol {
        name: if name.trim().is_empty() { "-".to_owned() } else { name },
        detail: key.and(said).filter(|_| !matches!(node.kind, Kind::Map(_) | Kind::List(_))),
        kind,
        tags: None,
        deprecated: None,
        range: lines.range(whole),
        selection_range: lines.range(word),
        children: (!children.is_empty()).then_some(children),
    }
}

/// A short label of a value: itself, or the first word of its first entry.
fn first_word(document: &Document, node: NodeId) -> Option<String> {
    let text = match &document.node(node).kind {
        Kind::Text(text) => text.clone(),
        Kind::Int(number) => number.to_string(),
        Kind::Float(number) => number.to_string(),
        Kind::Bool(yes) => yes.to_string(),
        Kind::Map(entries) => document.text(entries.first()?.1)?.to_owned(),
        Kind::List(_) | Kind::Null => return None,
    };
    Some(text.lines().next().unwrap_or_default().chars().take(80).collect())
}

/// A flat outline for a client without nested symbols.
pub(crate) fn flat(symbols: Vec<DocumentSymbol>, uri: &Uri) -> Vec<SymbolInformation> {
    let mut flat = Vec::new();
    let mut open: Vec<(DocumentSymbol, Option<String>)> =
        symbols.into_iter().rev().map(|symbol| (symbol, None)).collect();
    while let Some((symbol, container)) = open.pop() {
        let name = symbol.name.clone();
        open.extend(
            symbol.children.into_iter().flatten().rev().map(|child| (child, Some(name.clone()))),
        );
        #[expect(deprecated, reason = "the protocol's type has no other constructor")]
        flat.push(SymbolInformation {
            name: symbol.name,
            kind: symbol.kind,
            tags: None,
            deprecated: None,
            location: Location { uri: uri.clone(), range: symbol.range },
            container_name: container,
        });
    }
    flat
}
