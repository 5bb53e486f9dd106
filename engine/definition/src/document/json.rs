//! Converts nodes to JSON, for the schema validator.

use serde_json::{Map, Value};

use super::{Document, Kind, NodeId};

impl Document {
    /// Converts a node to JSON.
    pub fn json(&self, id: NodeId) -> Value {
        match &self.node(id).kind {
            Kind::Null => Value::Null,
            Kind::Bool(b) => Value::Bool(*b),
            Kind::Int(i) => Value::from(*i),
            Kind::Float(f) => Value::from(*f),
            Kind::Text(t) => Value::from(t.as_str()),
            Kind::List(items) => items.iter().map(|i| self.json(*i)).collect(),
            Kind::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(k, v)| (self.text(*k).unwrap_or_default().to_owned(), self.json(*v)));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}
