//! What servers ask people: forms, answered from what a person has said before.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use cloudcrew_ports::bounds::cut;
use cloudcrew_ports::server::{Asked, MAX_QUESTIONS};
use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, FormElicitationCapability, Implementation,
};
use rmcp::service::RequestContext;
use rmcp::{ClientHandler, ErrorData, RoleClient};
use serde_json::{Map, Value, json};

/// Maximum bytes of a question.
const MOST: usize = 4 * 1024;
/// Maximum number of choices.
const CHOICES: usize = 50;

/// Answers the forms of one call.
#[derive(Clone)]
pub(super) struct Forms(Arc<Mutex<State>>);

struct State {
    answers: VecDeque<(String, String)>,
    asked: Option<Asked>,
    left: usize,
}

impl Forms {
    /// With the answers that a person has given.
    pub(super) fn new(answers: Vec<(String, String)>) -> Forms {
        let (answers, left) = (answers.into(), MAX_QUESTIONS);
        Forms(Arc::new(Mutex::new(State { answers, asked: None, left })))
    }

    /// Forgets what was asked before a call.
    pub(super) fn begin(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).asked = None;
    }

    /// The first question that has no answer yet.
    pub(super) fn asked(&self) -> Option<Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).asked.clone()
    }

    fn answer(&self, message: &str, schema: &Value) -> ElicitResult {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let mut content = Map::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let question = question(message, name, field);
            let given = state.answers.iter().find(|(asked, _)| *asked == question);
            match given.map(|(_, answer)| answer.clone()) {
                Some(answer) if answer.is_empty() => {}
                Some(answer) => drop(content.insert(name.clone(), value(field, &answer))),
                None if state.left == 0 => return ElicitResult::new(ElicitationAction::Decline),
                None => {
                    let optional = !required.contains(&json!(name));
                    let asked = Asked { question, choices: choices(field), optional };
                    state.asked.get_or_insert(asked);
                    return ElicitResult::new(ElicitationAction::Cancel);
                }
            }
            state.left = state.left.saturating_sub(1);
        }
        ElicitResult::new(ElicitationAction::Accept).with_content(Value::Object(content))
    }
}

impl ClientHandler for Forms {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        let form = FormElicitationCapability::default();
        capabilities.elicitation = Some(ElicitationCapability::new().with_form(form));
        let us = Implementation::new("cloudcrew", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(capabilities, us)
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        Ok(match request {
            ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } => {
                let schema = serde_json::to_value(&requested_schema).unwrap_or_default();
                self.answer(&message, &schema)
            }
            // A server must not send people to web pages.
            _ => ElicitResult::new(ElicitationAction::Decline),
        })
    }
}

/// A field of a form as a question.
fn question(message: &str, name: &str, field: &Value) -> String {
    let title = field["title"].as_str().unwrap_or(name);
    // Titles may repeat, names do not.
    let named = if title == name { String::new() } else { format!(" [{name}]") };
    let mut text = format!("{message} {title}{named}");
    if let Some(description) = field["description"].as_str() {
        text.push_str(&format!(": {description}"));
    }
    cut(&mut text, MOST);
    text
}

/// The values of a field, if it has a list of them.
fn choices(field: &Value) -> Vec<String> {
    if field["type"] == "boolean" {
        return vec!["yes".to_owned(), "no".to_owned()];
    }
    let plain = field["enum"].as_array().into_iter().flatten();
    let titled = field["oneOf"].as_array().into_iter().flatten().map(|one| &one["const"]);
    let all = plain.chain(titled).filter_map(Value::as_str).map(str::to_owned);
    all.take(CHOICES).collect()
}

/// An answer as a value of a field.
fn value(field: &Value, answer: &str) -> Value {
    match field["type"].as_str() {
        Some("boolean") => json!(["yes", "true", "y"].contains(&answer.to_lowercase().as_str())),
        Some("integer") => answer.parse::<i64>().map_or_else(|_| json!(answer), |n| json!(n)),
        Some("number") => answer.parse::<f64>().map_or_else(|_| json!(answer), |n| json!(n)),
        Some("array") => json!([answer]),
        _ => json!(answer),
    }
}
