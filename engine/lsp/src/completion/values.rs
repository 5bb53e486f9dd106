//! Completes values: names of the workspace, enum values, defaults and examples.

use cloudcrew_definition::names::NameKind;
use cloudcrew_plan::checks::{codes, explain};
use lsp_types::CompletionItemKind;
use serde_json::Value;

use super::Offer;
use crate::cursor::{At, Cursor, Step};
use crate::place::Place;

/// Completions of a value.
pub(super) fn offers(rule: &Value, cursor: &Cursor, place: &Place<'_>) -> Vec<Offer> {
    // A list without entries: after its key in brackets, below it after a dash.
    if rule["type"] == "array" {
        let mut offers = of_entry(&rule["items"], cursor, place);
        for offer in &mut offers {
            offer.insert = Some(if cursor.at == At::Value {
                format!("[{}]", offer.label)
            } else {
                format!("- {}", offer.label)
            });
        }
        return offers;
    }
    of_entry(rule, cursor, place)
}

/// The missing keys of a map whose keys are names.
pub(super) fn keys(rule: &Value, cursor: &Cursor, place: &Place<'_>) -> Vec<Offer> {
    let mut offers = of_entry(&rule["propertyNames"], cursor, place);
    offers.retain(|offer| !cursor.beside.contains(&offer.label));
    for offer in &mut offers {
        offer.insert = Some(format!("{}: ", offer.label));
    }
    offers
}

fn of_entry(rule: &Value, cursor: &Cursor, place: &Place<'_>) -> Vec<Offer> {
    let in_list = cursor.way.last() == Some(&Step::Item);
    let mut offers = match rule["x-cloudcrew-names"]
        .as_str()
        .or(rule["x-cloudcrew-mentions"].as_str())
        .and_then(NameKind::of_mark)
    {
        Some(kind) => names(kind, cursor, place),
        None if rule["x-cloudcrew-rules"] == true => rules(),
        None => words(rule),
    };
    // A list contains each name once.
    offers.retain(|offer| !in_list || !cursor.beside.contains(&offer.label));
    offers
}

fn names(kind: NameKind, cursor: &Cursor, place: &Place<'_>) -> Vec<Offer> {
    let known = place.folder.names().known(
        kind,
        &place.folder.loaded.workspace,
        &place.folder.sources,
        &place.world.catalogue,
    );
    // The agents of this swarm come first, except where the swarm is declared.
    let makes_swarm =
        matches!(cursor.way.as_slice(), [.., Step::Key(key), Step::Item] if key == "agents");
    let members =
        if kind == NameKind::Agents && !makes_swarm { members(place) } else { Vec::new() };
    let rank = |name: &String| usize::from(!members.is_empty() && !members.contains(name));
    known
        .into_iter()
        .map(|(name, words)| Offer {
            rank: rank(&name),
            label: name,
            insert: None,
            kind: icon(kind),
            detail: Some(kind.one().to_owned()),
            words,
        })
        .collect()
}

/// The codes of all rules, each with the first line of its page.
fn rules() -> Vec<Offer> {
    let first = |page: String| page.lines().nth(2).map(str::to_owned).unwrap_or_default();
    let offer = |code: &'static str| Offer {
        label: code.to_owned(),
        insert: None,
        kind: CompletionItemKind::ENUM_MEMBER,
        detail: Some("rule".to_owned()),
        words: explain(code).map(first).unwrap_or_default(),
        rank: 0,
    };
    codes().into_iter().map(offer).collect()
}

fn members(place: &Place<'_>) -> Vec<String> {
    let phase =
        place.folder.loaded.workspace.phases.iter().find(|(f, _)| *f == place.file).map(|(_, p)| p);
    let agents = phase.and_then(|p| p.swarm.get()).and_then(|s| s.agents.get());
    agents.into_iter().flatten().filter_map(|agent| agent.get().cloned()).collect()
}

/// Enum values with their descriptions, otherwise the default and examples.
fn words(rule: &Value) -> Vec<Offer> {
    let offer = |value: &Value, detail: Option<&str>, words: &str, rank| {
        let label = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // Quote values that YAML would interpret differently.
        let insert = value
            .as_str()
            .filter(|t| t.contains([':', '#', ',', '?', '!', '[', '{', '*']))
            .map(|_| value.to_string());
        let (detail, words) = (detail.map(str::to_owned), words.to_owned());
        Offer { label, insert, kind: CompletionItemKind::VALUE, detail, words, rank }
    };
    if let Some(values) = rule["enum"].as_array() {
        let words = |at: usize| rule["markdownEnumDescriptions"][at].as_str().unwrap_or_default();
        let default = |value: &Value| (rule["default"] == *value).then_some("default");
        return values
            .iter()
            .enumerate()
            .map(|(at, value)| offer(value, default(value), words(at), 0))
            .collect();
    }
    let default =
        rule.get("default").map(|value| offer(value, Some("default"), super::words(rule), 0));
    let examples = rule["examples"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|v| !v.is_object() && !v.is_array());
    let examples = examples
        .filter(|v| rule.get("default") != Some(v))
        .map(|value| offer(value, Some("example"), super::words(rule), 1));
    default.into_iter().chain(examples).collect()
}

fn icon(kind: NameKind) -> CompletionItemKind {
    match kind {
        NameKind::Agents => CompletionItemKind::CLASS,
        NameKind::Tools | NameKind::FinalizeSteps => CompletionItemKind::FUNCTION,
        NameKind::Prompts | NameKind::Templates | NameKind::Deliverables => {
            CompletionItemKind::FILE
        }
        NameKind::Models
        | NameKind::Budgets
        | NameKind::Servers
        | NameKind::Phases
        | NameKind::Workflows
        | NameKind::Rehearsals => CompletionItemKind::MODULE,
    }
}
