//! Completes variables of prompts, tasks and templates, between `{{` and `}}` or `{%` and `%}`.

use std::ops::Range;

use cloudcrew_definition::catalogue::Shape;
use lsp_types::CompletionItemKind;

use super::Offer;

/// The word at a byte and its completions; `None` outside of brackets.
pub(super) fn offers(
    text: &str,
    offset: usize,
    variables: &[(&'static str, Shape)],
    inputs: &[(String, String)],
) -> Option<(Range<usize>, Vec<Offer>)> {
    let before = text.get(..offset)?;
    let open = [before.rfind("{{"), before.rfind("{%")].into_iter().flatten().max()?;
    if before[open..].contains("}}") || before[open..].contains("%}") {
        return None;
    }
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let way = &before[before.trim_end_matches(name).len()..];
    let (parents, word) =
        way.rsplit_once('.').map_or((None, way), |(parents, word)| (Some(parents), word));
    let rest =
        text[offset..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').count();
    let place = offset - word.len()..offset + rest;
    if parents == Some("inputs") {
        let offer = |(name, words): &(String, String)| Offer {
            label: name.clone(),
            insert: None,
            kind: CompletionItemKind::VARIABLE,
            detail: Some("input of the workflow".to_owned()),
            words: words.clone(),
            rank: 0,
        };
        return Some((place, inputs.iter().map(offer).collect()));
    }
    let mut parts = variables;
    for parent in parents.into_iter().flat_map(|p| p.split('.')) {
        match parts.iter().find(|(name, _)| *name == parent)? {
            (_, Shape::Record(inner)) => parts = inner,
            _ => return None,
        }
    }
    let offer = |(name, shape): &(&'static str, Shape)| Offer {
        label: (*name).to_owned(),
        insert: None,
        kind: CompletionItemKind::VARIABLE,
        detail: Some(form(shape).to_owned()),
        words: inside(shape),
        rank: 0,
    };
    Some((place, parts.iter().map(offer).collect()))
}

fn form(shape: &Shape) -> &'static str {
    match shape {
        Shape::Scalar => "text or a number",
        Shape::List(_) => "list",
        Shape::Record(_) => "record",
        Shape::Any => "anything",
    }
}

/// The fields of a record, or of each entry of a list.
fn inside(shape: &Shape) -> String {
    match shape {
        Shape::Record(parts) => format!(
            "Has {}",
            parts.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
        Shape::List(each) => match inside(each) {
            words if words.is_empty() => String::new(),
            words => format!("Each entry: {words}"),
        },
        _ => String::new(),
    }
}
