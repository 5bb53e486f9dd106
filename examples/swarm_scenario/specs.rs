//! The scenario tools as a model sees them.

use cloudcrew_ports::model::ToolSpec;
use serde_json::{Map, Value, json};

/// A tool by name.
pub fn spec(name: &str) -> ToolSpec {
    let (description, arguments): (&str, &[(&str, &str)]) = match name {
        "write_file" => ("Writes a file.", &[("path", "string"), ("content", "string")]),
        "read_file" => ("Reads a file.", &[("path", "string")]),
        "echo" => ("Says the text again.", &[("text", "string")]),
        "flaky" => (
            "Scans; the service is away at times.",
            &[("key", "string"), ("fail_times", "integer")],
        ),
        "sleep_ms" => ("Sleeps.", &[("ms", "integer")]),
        "block_ms" => ("Blocks.", &[("ms", "integer")]),
        _ => ("Asks the customer.", &[("name", "string"), ("question", "string")]),
    };
    let required: Vec<&str> = arguments.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = arguments
        .iter()
        .map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind })))
        .collect();
    let schema = json!({ "type": "object", "required": required, "properties": properties });
    ToolSpec { name: name.to_owned(), description: description.to_owned(), schema: schema.into() }
}
