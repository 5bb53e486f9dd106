//! Validates the arguments that a model passes to a tool against the tool's schema.

use jsonschema::Validator;
use serde_json::Value;

/// Maximum number of faults reported at once.
const MAX_FAULTS: usize = 3;

/// A validator for a tool's arguments.
#[derive(Debug)]
pub struct Arguments(Validator);

impl Arguments {
    /// Compiles a JSON Schema (draft 7). Returns `None` if the schema is not valid, or contains
    /// references: a few nested ones of a stranger would keep a validator busy for ever.
    pub fn of(schema: &Value) -> Option<Arguments> {
        if refers(schema) {
            return None;
        }
        jsonschema::draft7::options().build(schema).ok().map(Arguments)
    }

    /// Describes, for the model, what is wrong with `input`. Returns `None` if it is valid.
    pub fn misfit(&self, input: &Value) -> Option<String> {
        let faults =
            self.0.iter_errors(input).take(MAX_FAULTS).map(|e| match e.instance_path().as_str() {
                "" => e.to_string(),
                path => format!("{}: {e}", path.trim_start_matches('/')),
            });
        let faults: Vec<String> = faults.collect();
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// Whether a schema contains a reference.
fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => map.iter().any(|(key, part)| {
            matches!(key.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef") || refers(part)
        }),
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}
