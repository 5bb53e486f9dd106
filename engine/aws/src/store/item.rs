//! Items of the table: keys, attributes, and what they count.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use cloudcrew_ports::StoreError;

/// An item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Partition key and sort key.
pub(crate) const PK: &str = "PK";
pub(crate) const SK: &str = "SK";
/// Sort key of the tip.
pub(crate) const TIP: &str = "TIP";
/// Sort key of the lease.
pub(crate) const LEASE: &str = "LEASE";

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A key.
pub(crate) fn key(partition: String, sort: impl Into<String>) -> Item {
    HashMap::from([(PK.to_owned(), text(partition)), (SK.to_owned(), text(sort))])
}

/// The partition of an engagement.
pub(crate) fn of(engagement: &str) -> String {
    format!("E#{engagement}")
}

/// A number as it sorts.
pub(crate) fn sorted(value: u64) -> String {
    format!("{value:020}")
}

/// A text attribute.
pub(crate) fn text_of<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// A numeric attribute.
pub(crate) fn number_of<N: std::str::FromStr>(item: &Item, name: &str) -> Option<N> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// The texts of a list.
pub(crate) fn texts_of<'i>(item: &'i Item, name: &str) -> Option<Vec<&'i str>> {
    let list = item.get(name)?.as_l().ok()?;
    list.iter().map(|value| value.as_s().ok().map(String::as_str)).collect()
}

/// A list of texts.
pub(crate) fn list(texts: &[String]) -> AttributeValue {
    AttributeValue::L(texts.iter().map(text).collect())
}

/// Reports an item that this version cannot have written.
pub(crate) fn damaged(what: &str, why: impl Into<String>) -> StoreError {
    StoreError::Damaged { what: what.to_owned(), why: why.into() }
}

/// The size of an item by the published rule: names and values in UTF-8, numbers by their digits,
/// and an overhead for lists and their elements.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
pub(crate) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(digits) => digits.trim_start_matches('-').len().div_ceil(2) + 1,
        AttributeValue::L(values) => {
            3 + values.iter().map(|value| 1 + value_size(value)).sum::<usize>()
        }
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::M(map) => {
            3 + map.iter().map(|(name, value)| 1 + name.len() + value_size(value)).sum::<usize>()
        }
        _ => 0,
    }
}
