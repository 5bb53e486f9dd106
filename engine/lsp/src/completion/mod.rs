//! Completes the text at the cursor, with documentation for each item.

mod keys;
mod texts;
mod values;

use std::ops::Range;

use cloudcrew_definition::catalogue::TextKind;
use cloudcrew_definition::schema::{below, plain};
use cloudcrew_definition::syntax::FileKind;
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextMode,
    MarkupContent, MarkupKind, TextEdit,
};
use serde_json::Value;

use crate::cursor::{self, At, Cursor};
use crate::place::Place;

/// A completion.
struct Offer {
    label: String,
    /// The text to insert, if it differs from the label.
    insert: Option<String>,
    kind: CompletionItemKind,
    detail: Option<String>,
    words: String,
    /// Lower ranks come first.
    rank: usize,
}

/// Completions at a place.
pub(crate) fn complete(place: &Place<'_>) -> Vec<CompletionItem> {
    let (path, text, offset) = (place.path(), place.text(), place.offset);
    let Some(kind) = FileKind::of(path) else {
        let kind =
            if path.starts_with("templates/") { TextKind::Template } else { TextKind::Prompt };
        let Some((word, offers)) =
            texts::offers(text, offset, place.world.catalogue.variables(kind), &inputs(place))
        else {
            return Vec::new();
        };
        return items(offers, word, place);
    };
    let Some(cursor) = cursor::find(text, offset) else { return Vec::new() };
    let rule = below(plain(kind), cursor.way.iter().map(cursor::Step::key));
    let map = rule["properties"].is_object();
    let named = rule["propertyNames"]["x-cloudcrew-names"].is_string();
    let offers = match cursor.at {
        At::Key | At::Either if named => values::keys(rule, &cursor, place),
        At::Key => keys::offers(rule, &cursor, text),
        At::Either if map => keys::offers(rule, &cursor, text),
        At::Value if map => Vec::new(),
        At::Value | At::Either => values::offers(rule, &cursor, place),
    };
    let offers = spaced(offers, &cursor, text);
    items(offers, cursor.word, place)
}

/// The inputs of all workflows, each with its description.
fn inputs(place: &Place<'_>) -> Vec<(String, String)> {
    let workflows = place.folder.loaded.workspace.workflows.iter();
    let all = workflows.filter_map(|(_, workflow)| workflow.inputs.as_ref()?.get());
    let mut inputs: Vec<(String, String)> = all
        .flat_map(|inputs| inputs.0.iter())
        .map(|(name, _, input)| {
            let words = input.description.as_ref().and_then(|words| words.get());
            (name.to_owned(), words.cloned().unwrap_or_default())
        })
        .collect();
    inputs.sort();
    inputs.dedup_by(|one, other| one.0 == other.0);
    inputs
}

/// A value right after its colon needs a space before it.
fn spaced(mut offers: Vec<Offer>, cursor: &Cursor, text: &str) -> Vec<Offer> {
    if cursor.at != At::Key && text[..cursor.word.start].ends_with([':', '-']) && !cursor.flow {
        for offer in &mut offers {
            offer.insert = Some(format!(" {}", offer.insert.as_ref().unwrap_or(&offer.label)));
        }
    }
    offers
}

fn items(offers: Vec<Offer>, word: Range<usize>, place: &Place<'_>) -> Vec<CompletionItem> {
    let range = place.lines(place.file).range(word);
    let item = |(at, offer): (usize, Offer)| CompletionItem {
        sort_text: Some(format!("{:02}{at:05}", offer.rank)),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit {
            range,
            new_text: offer.insert.unwrap_or_else(|| offer.label.clone()),
        })),
        filter_text: Some(offer.label.clone()),
        label: offer.label,
        kind: Some(offer.kind),
        insert_text_mode: Some(InsertTextMode::AS_IS),
        detail: offer.detail,
        documentation: (!offer.words.is_empty()).then_some(Documentation::MarkupContent(
            MarkupContent { kind: MarkupKind::Markdown, value: offer.words },
        )),
        ..CompletionItem::default()
    };
    offers.into_iter().enumerate().map(item).collect()
}

/// A rule's description, in Markdown.
pub(crate) fn words(rule: &Value) -> &str {
    rule["markdownDescription"].as_str().unwrap_or_default()
}
