//! What a model gives a tool, held against the tool's schema.

use jsonschema::Validator;
use serde_json::Value;

/// How many faults are told at once.
const TOLD: usize = 3;

/// A tool's arguments.
#[derive(Debug)]
pub struct Arguments(Validator);

impl Arguments {
    /// As a JSON Schema (draft 7) says; `None` when it is none.
    pub fn of(schema: &Value) -> Option<Arguments> {
        jsonschema::draft7::options().build(schema).ok().map(Arguments)
    }

    /// What of `input` does not fit, in words for the model.
    pub fn misfit(&self, input: &Value) -> Option<String> {
        let faults =
            self.0.iter_errors(input).take(TOLD).map(|e| match e.instance_path().as_str() {
                "" => e.to_string(),
                path => format!("{}: {e}", path.trim_start_matches('/')),
            });
        let faults: Vec<String> = faults.collect();
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}
