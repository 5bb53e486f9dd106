//! Reads a node as a typed value through serde. [`crate::syntax::Written`] keeps the span of the
//! value that it wraps.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};

use super::{Document, Kind, NodeId};

/// The name of a newtype whose visitor expects the span and the value.
pub(crate) const WRITTEN: &str = "$cloudcrew::written";

/// A serde deserializer over a node.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    document: &'a Document,
    node: NodeId,
}

impl<'a> Reader<'a> {
    /// Creates a deserializer over `node`.
    pub fn new(document: &'a Document, node: NodeId) -> Self {
        Reader { document, node }
    }
}

/// A value does not match its type. The schema check reports it to the author, with its span.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misread(String);

impl de::Error for Misread {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Misread(message.to_string())
    }
}

impl<'de, 'a: 'de> Deserializer<'de> for Reader<'a> {
    type Error = Misread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match &self.document.node(self.node).kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(b) => visitor.visit_bool(*b),
            Kind::Int(i) => visitor.visit_i64(*i),
            Kind::Float(f) => visitor.visit_f64(*f),
            Kind::Text(t) => visitor.visit_str(t),
            Kind::List(items) => visitor.visit_seq(Items { reader: self, items: items.iter() }),
            Kind::Map(entries) => {
                visitor.visit_map(Entries { reader: self, entries: entries.iter(), value: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misread> {
        match self.document.node(self.node).kind {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misread> {
        if name == WRITTEN {
            let span = self.document.node(self.node).span;
            return visitor.visit_map(Placed {
                reader: self,
                place: [u64::from(span.file.raw()), span.start as u64, span.end as u64],
                next: 0,
            });
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misread> {
        match self.document.text(self.node) {
            Some(text) => visitor.visit_enum(IntoDeserializer::<Misread>::into_deserializer(text)),
            None => Err(Misread("not a word".to_owned())),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'a> {
    reader: Reader<'a>,
    items: std::slice::Iter<'a, NodeId>,
}

impl<'de, 'a: 'de> SeqAccess<'de> for Items<'a> {
    type Error = Misread;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misread> {
        self.items
            .next()
            .map(|node| seed.deserialize(Reader { node: *node, ..self.reader }))
            .transpose()
    }
}

struct Entries<'a> {
    reader: Reader<'a>,
    entries: std::slice::Iter<'a, (NodeId, NodeId)>,
    value: Option<NodeId>,
}

impl<'de, 'a: 'de> MapAccess<'de> for Entries<'a> {
    type Error = Misread;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misread> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(*value);
        seed.deserialize(Reader { node: *key, ..self.reader }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misread> {
        let node = self.value.take().ok_or_else(|| Misread("a value without a key".to_owned()))?;
        seed.deserialize(Reader { node, ..self.reader })
    }
}

/// `file`, `start`, `end` and `value` of a node, for [`WRITTEN`].
struct Placed<'a> {
    reader: Reader<'a>,
    place: [u64; 3],
    next: usize,
}

impl<'de, 'a: 'de> MapAccess<'de> for Placed<'a> {
    type Error = Misread;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misread> {
        let Some(name) = ["file", "start", "end", "value"].get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(StrDeserializer::<Misread>::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misread> {
        match self.place.get(self.next - 1) {
            Some(n) => seed.deserialize(IntoDeserializer::<Misread>::into_deserializer(*n)),
            None => seed.deserialize(self.reader),
        }
    }
}
