//! The traits of a tool: its name, its arguments and its effect.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect, ToolInfo};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::outcome::{Outcome, ToolError};
use super::workplace::Workplace;

/// Maximum size of a tool's result, in bytes.
pub const MAX_RESULT: usize = 256 * 1024;
/// Maximum size of an image or document that is shown, in bytes: the limit of providers.
pub const MAX_SHOWN: usize = 3 * 1024 * 1024;
/// Maximum size of a file that a tool writes, in bytes.
pub const MAX_WRITE: usize = 1024 * 1024;

/// A tool as the engine calls it.
#[async_trait]
pub trait Tool: Send + Sync {
    /// Its name, description, argument schema and capabilities.
    fn info(&self) -> ToolInfo;

    /// Calls the tool. The input is valid according to the schema.
    async fn call(&self, at: &dyn Workplace, input: Value) -> Result<Outcome, ToolError>;
}

/// A tool whose arguments are a type: the schema that models and editors see is derived from it.
#[async_trait]
pub trait TypedTool: Send + Sync {
    /// Its arguments. Models read the doc comments of the fields.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// Its name in `tools`.
    const NAME: &'static str;
    /// Its purpose, as shown to agents and in editors.
    const DESCRIPTION: &'static str;
    /// What it lets an agent do.
    const CAPABILITY: Capability;
    /// Whether and how a call may be repeated.
    const EFFECT: Effect;
    /// Whether the reviewer of a phase may use it.
    const IN_REVIEW: bool;
    /// Programs that it runs.
    const PROGRAMS: &'static [&'static str] = &[];

    /// Runs the tool.
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
            programs: T::PROGRAMS.iter().map(|&program| program.to_owned()).collect(),
        }
    }

    async fn call(&self, at: &dyn Workplace, input: Value) -> Result<Outcome, ToolError> {
        let arguments = serde_json::from_value(input)
            .map_err(|e| ToolError::Refused(format!("Invalid input: {e}")))?;
        self.run(at, arguments).await
    }
}

/// The draft-07 schema of a tool's arguments, without details that models do not need.
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
                    // Argument names may equal schema keywords.
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
