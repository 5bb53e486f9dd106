//! What a workflow asks for when an engagement starts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Workflow;
use crate::diagnostic::closest;
use crate::syntax::{InputType, InputValue, MAX_INPUT};

/// Something that the person who starts an engagement chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// One line about it, or empty.
    pub description: String,
    /// Its type.
    pub kind: InputType,
    /// Its value if none is given.
    pub default: Option<InputValue>,
    /// The values that may be given; empty for any of the type.
    pub choices: Vec<InputValue>,
}

impl Input {
    /// Reads a value that a person typed.
    ///
    /// # Errors
    /// A sentence about what may be given instead.
    pub fn read(&self, typed: &str) -> Result<InputValue, String> {
        let value = InputValue::read(self.kind, typed);
        let fits = |value: &InputValue| self.choices.is_empty() || self.choices.contains(value);
        value.filter(fits).ok_or_else(|| {
            let shown: String = typed.chars().take(60).collect();
            format!(
                "`{shown}` is not a valid value of the input `{}`; give {}",
                self.name,
                self.of()
            )
        })
    }

    /// What may be given, in words.
    pub fn of(&self) -> String {
        if !self.choices.is_empty() {
            let choices: Vec<String> = self.choices.iter().map(ToString::to_string).collect();
            return format!("one of {}", choices.join(", "));
        }
        match self.kind {
            InputType::Text => format!("a text of at most {MAX_INPUT} characters in one line"),
            InputType::Integer => "a whole number".to_owned(),
            InputType::Boolean => "true or false".to_owned(),
        }
    }
}

impl Workflow {
    /// The values of all inputs: those that were typed, and defaults for the others.
    ///
    /// # Errors
    /// A sentence about the first input that is unknown or wrong, or about those that are missing.
    pub fn inputs(
        &self,
        typed: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, InputValue>, String> {
        let names: Vec<&str> = self.inputs.iter().map(|input| input.name.as_str()).collect();
        if let Some(unknown) = typed.keys().find(|name| !names.contains(&name.as_str())) {
            let shown: String = unknown.chars().take(60).collect();
            let there = match closest(&shown, &names) {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None if names.is_empty() => ", which has none".to_owned(),
                None => format!("; it has {}", names.join(", ")),
            };
            return Err(format!("no input `{shown}` in the workflow `{}`{there}", self.name));
        }
        let (mut values, mut missing) = (BTreeMap::new(), Vec::new());
        for input in &self.inputs {
            let value = match (typed.get(&input.name), &input.default) {
                (Some(typed), _) => input.read(typed)?,
                (None, Some(default)) => default.clone(),
                (None, None) => {
                    missing.push(format!("{}=VALUE ({})", input.name, input.of()));
                    continue;
                }
            };
            values.insert(input.name.clone(), value);
        }
        match missing.as_slice() {
            [] => Ok(values),
            [one] => Err(format!("missing input: {one}")),
            all => Err(format!("missing inputs: {}", all.join("; "))),
        }
    }
}
