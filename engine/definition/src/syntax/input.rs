//! What a workflow asks for when an engagement starts.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{Entries, Written};
use crate::shown::row;

/// A value chosen by the person who starts an engagement. Prompts and templates read it as
/// `inputs.NAME`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Input {
    /// One line about it, shown where it is asked for.
    #[schemars(extend("examples" = ["Region that must hold all personal data"]))]
    pub description: Option<Written<String>>,
    /// The type of its value.
    #[serde(rename = "type")]
    #[schemars(extend("default" = super::defaults::INPUT_TYPE))]
    pub kind: Option<Written<InputType>>,
    /// The value if none is given. Without a default, the input is required.
    #[schemars(extend("examples" = ["eu-central-1"]))]
    pub default: Option<Written<InputValue>>,
    /// The values that may be given. By default, any of the type.
    #[schemars(length(min = 1, max = 50), extend("examples" = [["eu-central-1", "us-east-1"]]))]
    pub choices: Option<Written<Vec<Written<InputValue>>>>,
}

/// Inputs, keyed by name. Names cannot contain `-`, because templates read them as `inputs.NAME`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Inputs(pub Entries<Input>);

impl JsonSchema for Inputs {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Inputs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let input = generator.subschema_for::<Input>();
        schemars::json_schema!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": 20,
            "propertyNames": { "pattern": INPUT_PATTERN },
            "additionalProperties": input,
        })
    }
}

/// The type of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    /// Text of at most 1,000 characters in one line.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

impl InputType {
    /// The name in YAML.
    pub fn name(self) -> &'static str {
        match self {
            InputType::Text => "text",
            InputType::Integer => "integer",
            InputType::Boolean => "boolean",
        }
    }
}

/// The names of inputs, as a regular expression.
pub const INPUT_PATTERN: &str = "^[a-z][a-z0-9_]{0,39}$";
/// Maximum length of a text, in characters.
pub const MAX_INPUT: usize = 1000;

/// The largest whole number, positive or negative, that every reader of JSON keeps as it is.
pub const MAX_WHOLE: i64 = 9_007_199_254_740_991;

/// A value of an input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum InputValue {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
}

impl InputValue {
    /// Its type.
    pub fn kind(&self) -> InputType {
        match self {
            InputValue::Boolean(_) => InputType::Boolean,
            InputValue::Integer(_) => InputType::Integer,
            InputValue::Text(_) => InputType::Text,
        }
    }

    /// Reads a value that a person typed; `None` if it is not of the type. Text that would be shown
    /// with escapes, such as line breaks, is refused: prompts and files contain it as it is.
    pub fn read(kind: InputType, typed: &str) -> Option<InputValue> {
        match kind {
            InputType::Text => {
                let fits = !typed.trim().is_empty()
                    && typed.chars().count() <= MAX_INPUT
                    && row(typed) == typed;
                fits.then(|| InputValue::Text(typed.to_owned()))
            }
            InputType::Integer => {
                let whole: i64 = typed.trim().parse().ok()?;
                (-MAX_WHOLE..=MAX_WHOLE).contains(&whole).then_some(InputValue::Integer(whole))
            }
            InputType::Boolean => match typed.trim() {
                "true" | "yes" => Some(InputValue::Boolean(true)),
                "false" | "no" => Some(InputValue::Boolean(false)),
                _ => None,
            },
        }
    }
}

impl fmt::Display for InputValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InputValue::Boolean(value) => value.fmt(f),
            InputValue::Integer(value) => value.fmt(f),
            InputValue::Text(value) => value.fmt(f),
        }
    }
}

impl JsonSchema for InputValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "InputValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": ["string", "integer", "boolean"],
            "minimum": -MAX_WHOLE,
            "maximum": MAX_WHOLE,
        })
    }
}
