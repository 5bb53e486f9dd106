//! A tool: what it is called, what it takes, what it does.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::outcome::{Outcome, ToolError};
use super::workplace::Workplace;

/// Bytes of a tool's answer at most.
pub const MAX_RESULT: usize = 256 * 1024;
/// Bytes of an image or a document that is shown at most: what providers take.
pub const MAX_SHOWN: usize = 3 * 1024 * 1024;
/// Bytes of a file that a tool writes at most.
pub const MAX_WRITE: usize = 1024 * 1024;

/// A tool as the engine calls it.
#[async_trait]
pub trait Tool: Send + Sync {
    /// Name, description, schema of the arguments, and what a call may do.
    fn info(&self) -> ToolInfo;

    /// Calls it. The input fits the schema.
    async fn call(&self, at: &dyn Workplace, input: Value) -> Result<Outcome, ToolError>;
}

/// A tool whose arguments are a type: the schema that models and editors see is derived from it.
#[async_trait]
pub trait TypedTool: Send + Sync {
    /// What it takes. The doc comments of its fields are what a model reads.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// Its name in `tools`.
    const NAME: &'static str;
    /// What it is for, as agents and editors read it.
    const DESCRIPTION: &'static str;
    /// What it lets an agent do.
    const CAPABILITY: Capability;
    /// How a repeated call is to be treated.
    const EFFECT: Effect;
    /// Whether the reviewer of a phase may use it.
    const IN_REVIEW: bool;

    /// Runs it.
    async fn run(
        &self,
        at: &dyn Workplace,
        arguments: Self::Arguments,
    ) -> Result<Outcome, ToolError>;
}

#[async_trait]
impl<T: TypedTool> Tool for T {
    fn info(&self) -> ToolInfo {
        ToolInfo {
            name: T::NAME.to_owned(),
            description: T::DESCRIPTION.to_owned(),
            schema: schema::<T::Arguments>(),
            capability: T::CAPABILITY,
            effect: T::EFFECT,
            in_review: T::IN_REVIEW,
        }
    }

    async fn call(&self, at: &dyn Workplace, input: Value) -> Result<Outcome, ToolError> {
        let arguments = serde_json::from_value(input)
            .map_err(|e| ToolError::Refused(format!("Invalid input: {e}")))?;
        self.run(at, arguments).await
    }
}

/// The schema of a tool's arguments, draft-07, without what only a compiler wants to know.
fn schema<A: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|s| s.inline_subschemas = true);
    let mut schema: Value = settings.into_generator().into_root_schema_for::<A>().into();
    if let Value::Object(root) = &mut schema {
        root.remove("$schema");
        root.remove("description");
        root.entry("properties").or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
    tidy(&mut schema);
    schema
}

fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("title");
            map.remove("default");
            map.remove("format");
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|of| of != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::String(words)) = map.get_mut("description") {
                *words = words.replace('\n', " ");
            }
            for (key, part) in map.iter_mut() {
                if key == "properties" {
                    // Names of arguments, which may be called like a keyword.
                    if let Value::Object(properties) = part {
                        properties.iter_mut().for_each(|(_, property)| tidy(property));
                    }
                } else {
                    tidy(part);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}
