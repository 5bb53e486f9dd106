//! Shows information about the word at a place.

use cloudcrew_definition::document::{Document, NodeId};
use cloudcrew_definition::names::{Name, NameKind, Names};
use cloudcrew_definition::schema::{below, plain};
use cloudcrew_definition::syntax::FileKind;
use cloudcrew_plan::forecast::of_phase;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};
use serde_json::Value;

use crate::completion::words;
use crate::cursor::Step;
use crate::folder::Folder;
use crate::place::Place;
use crate::{names, spot};

/// Information about the word at a place.
pub(crate) fn hover(place: &Place<'_>) -> Option<Hover> {
    let Place { folder, file, .. } = *place;
    let kind = FileKind::of(place.path())?;
    let document = folder.kept.document(file).map(AsRef::as_ref);
    let spot = spot::at(document, place.text(), place.offset)?;
    let rule = below(plain(kind), spot.way.iter().map(Step::key));
    let name = names::at(place);
    let value = match &name {
        Some(name) => about(name, place),
        None => {
            let here = document.map(|document| {
                let way: Option<Vec<&str>> = spot.way.iter().map(Step::key).collect();
                let node = way.as_ref().and_then(|way| spot::node(document, way));
                layers(document, node, &way.unwrap_or_default(), folder)
            });
            let said = place.text().get(spot.span.clone()).unwrap_or_default();
            explained(rule, (!spot.on_key).then_some(said), folder, here)
        }
    };
    (!value.is_empty()).then(|| Hover {
        contents: HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value }),
        range: Some(place.lines(file).range(spot.span)),
    })
}

/// A named thing: what it is, and for a phase its limits.
fn about(name: &Name, place: &Place<'_>) -> String {
    let Place { folder, world, .. } = place;
    let mut parts = vec![format!("**{}** `{}`", name.kind.one(), name.text)];
    parts.push(Names::about(
        name.kind,
        &name.text,
        &folder.loaded.workspace,
        &folder.sources,
        &world.catalogue,
    ));
    if name.kind == NameKind::Phases {
        parts.extend(phase(&name.text, folder));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// Details of a phase besides its description.
fn phase(name: &str, folder: &Folder) -> Vec<String> {
    let file = NameKind::Phases.file(name).and_then(|path| folder.sources.find(&path));
    let document = file.and_then(|file| folder.kept.document(file));
    let limits = document.map(|document| {
        let layers = layers(document, Some(document.root()), &[], folder);
        limits(plain(FileKind::Phase), &layers, folder)
    });
    limits.into_iter().chain(takes(name, folder)).collect()
}

/// The forecast of a phase; nothing while there are errors.
fn takes(name: &str, folder: &Folder) -> Option<String> {
    let definition = folder.loaded.definition.as_ref()?;
    let forecast = of_phase(definition, definition.phase(name)?);
    Some(format!(
        "Takes {} to {} visits, {}.",
        forecast.visits.low, forecast.visits.high, forecast.estimate
    ))
}

/// A key or a value: its description from the schema, and the value in effect.
fn explained(
    rule: &Value,
    said: Option<&str>,
    folder: &Folder,
    here: Option<Vec<Layer<'_>>>,
) -> String {
    let values = rule["enum"].as_array().into_iter().flatten();
    let said = said.map(|said| said.trim_matches(['"', '\'']));
    let of_value = values.clone().position(|value| value.as_str() == said && said.is_some());
    let of_value = of_value.and_then(|at| rule["markdownEnumDescriptions"][at].as_str());
    let mut parts: Vec<String> = match (of_value, said) {
        (Some(words), Some(said)) => vec![format!("`{said}`: {words}")],
        _ => vec![words(rule).to_owned()],
    };
    if said.is_none() {
        let each = values.enumerate().map(|(at, value)| {
            let words = rule["markdownEnumDescriptions"][at].as_str().unwrap_or_default();
            format!("- `{}`: {words}", value.as_str().unwrap_or_default())
        });
        parts.push(each.collect::<Vec<_>>().join("\n"));
    }
    if let Some(layers) = here {
        parts.push(match (rule.get("default"), layers.first()) {
            (Some(_), Some((document, node))) => {
                let (value, from) = written(document, *node, folder);
                format!("Here `{value}`, from {from}.")
            }
            _ if rule["type"] == "object" && rule["properties"].is_object() => {
                limits(rule, &layers, folder)
            }
            _ => String::new(),
        });
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// The limits of a part of a phase, and where each value comes from: a key of the file, the
/// defaults in `agents.yaml`, or the default of the format.
fn limits(rule: &Value, layers: &[Layer<'_>], folder: &Folder) -> String {
    let mut rows = Vec::new();
    collect(rule, layers, "", folder, &mut rows);
    if rows.is_empty() {
        return String::new();
    }
    let rows: Vec<String> = rows
        .into_iter()
        .map(|(key, value, from)| format!("| `{key}` | `{value}` | {from} |"))
        .collect();
    format!("| Limit | Value | From |\n|---|---|---|\n{}", rows.join("\n"))
}

type Row = (String, String, String);
/// A map that may set a key.
type Layer<'a> = (&'a Document, NodeId);

/// A part of a phase file, and below it the same part of `defaults` in `agents.yaml`.
fn layers<'a>(
    document: &'a Document,
    node: Option<NodeId>,
    way: &[&str],
    folder: &'a Folder,
) -> Vec<Layer<'a>> {
    let own = node.map(|node| (document, node));
    own.into_iter().chain(inherited(document, node, way, folder)).collect()
}

/// The part of `defaults` that a phase file takes from. A review or a gate is only completed.
fn inherited<'a>(
    document: &Document,
    node: Option<NodeId>,
    way: &[&str],
    folder: &'a Folder,
) -> Option<Layer<'a>> {
    let is_phase = FileKind::of(folder.sources.path(document.file())) == Some(FileKind::Phase);
    if !is_phase || (node.is_none() && matches!(way, ["review" | "gate", ..])) {
        return None;
    }
    let (file, _) = folder.loaded.workspace.agents.as_ref()?;
    let crew = folder.kept.document(*file)?;
    let steps = std::iter::once(&"defaults").chain(way);
    let node = steps.into_iter().try_fold(crew.root(), |node, key| Some(crew.entry(node, key)?.1));
    Some((crew.as_ref(), node?))
}

fn collect<'a>(
    rule: &Value,
    layers: &[Layer<'a>],
    way: &str,
    folder: &Folder,
    rows: &mut Vec<Row>,
) {
    for (key, rule) in rule["properties"].as_object().into_iter().flatten() {
        let entry = |(document, node): &Layer<'a>| {
            let inherits = folder.sources.path(document.file()) == "agents.yaml";
            // Only a phase that has a review or a gate takes its values.
            if inherits && way.is_empty() && ["review", "gate"].contains(&key.as_str()) {
                let (own, node) = layers.first()?;
                own.entry(*node, key)?;
            }
            document.entry(*node, key).map(|(_, value)| (*document, value))
        };
        let entries: Vec<Layer<'a>> = layers.iter().filter_map(entry).collect();
        let way = if way.is_empty() { key.clone() } else { format!("{way}.{key}") };
        let bounds = matches!(rule["type"].as_str(), Some("integer" | "number"))
            || !rule["x-cloudcrew-form"].is_null()
            || rule["enum"].is_array();
        match (rule["type"].as_str(), entries.first(), rule.get("default")) {
            (Some("object"), Some(_), _) => collect(rule, &entries, &way, folder, rows),
            (Some("object"), None, _) if rule["x-cloudcrew-left-out"] == "defaults" => {
                collect(rule, &[], &way, folder, rows)
            }
            (_, Some((document, value)), _) if bounds && key != "version" => {
                let (value, from) = written(document, *value, folder);
                rows.push((way, value, from));
            }
            (_, None, Some(default)) if bounds => {
                let default = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
                rows.push((way, default, "default".to_owned()));
            }
            _ => {}
        }
    }
}

/// A value as written in its file, and its position.
fn written(document: &Document, node: NodeId, folder: &Folder) -> (String, String) {
    let span = document.node(node).span;
    let text = folder.sources.text(span.file).get(span.start..span.end).unwrap_or_default();
    let (line, _) = folder.sources.position(span.file, span.start);
    (text.to_owned(), format!("{}:{line}", folder.sources.path(span.file)))
}
