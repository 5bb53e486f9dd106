//! A value with the span where it was written.

use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::document::WRITTEN;
use crate::source::{FileId, Span};

/// A value and its span. `value` is absent if what was written is not a `T`.
#[derive(Debug, Clone, PartialEq)]
pub struct Written<T> {
    /// Where it was written.
    pub span: Span,
    /// The value.
    pub value: Option<T>,
}

impl<T> Written<T> {
    /// The value, if it could be read.
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(WRITTEN, WrittenVisitor(PhantomData))
    }
}

struct WrittenVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for WrittenVisitor<T> {
    type Value = Written<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a definition file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written<T>, A::Error> {
        let mut place = [0_u64; 3];
        for number in &mut place {
            map.next_key::<IgnoredAny>()?;
            *number = map.next_value()?;
        }
        map.next_key::<IgnoredAny>()?;
        let value = map.next_value::<T>().ok();
        let [file, start, end] = place;
        Ok(Written {
            span: Span::new(FileId::from_raw(file as u32), start as usize..end as usize),
            value,
        })
    }
}

impl<T: JsonSchema> JsonSchema for Written<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A map with keys of the author's choice, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries<T>(pub Vec<(Written<String>, Written<T>)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Entries(Vec::new())
    }
}

impl<T> Entries<T> {
    /// Names and readable values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Span, &T)> {
        self.0.iter().filter_map(|(k, v)| Some((k.get()?.as_str(), k.span, v.get()?)))
    }

    /// Names, including those of values that cannot be read.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(k, _)| k.get().map(String::as_str))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
    type Value = Entries<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        Ok(Entries(entries))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Map_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        schemars::json_schema!({
            "type": "object",
            "propertyNames": { "pattern": super::NAME_PATTERN },
            "additionalProperties": value,
        })
    }
}
