//! `inbox`: what waits for a person, in all engagements.

use cloudcrew_runtime::engagement::{Request, Standing};
use schemars::JsonSchema;
use serde::Serialize;

/// `inbox`: what waits for a person.
#[derive(Serialize, JsonSchema)]
pub struct Inbox {
    /// Always 1.
    pub version: u32,
    /// Open requests of all engagements.
    pub requests: Vec<Waiting>,
    /// Engagements whose provider refuses until somebody changes something outside.
    pub blocked: Vec<Blocked>,
}

/// An engagement whose provider refuses.
#[derive(Serialize, JsonSchema)]
pub struct Blocked {
    /// The engagement.
    pub project: String,
    /// What the provider said, and what to mend.
    pub reason: String,
}

/// A request with the engagement it belongs to.
#[derive(Serialize, JsonSchema)]
pub struct Waiting {
    /// The engagement.
    pub project: String,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

impl Inbox {
    /// Adds what waits in an engagement.
    pub fn add(&mut self, project: &str, standing: &Standing) {
        if let Some(reason) = &standing.blocked {
            let blocked = Blocked { project: project.to_owned(), reason: reason.clone() };
            self.blocked.push(blocked);
        }
        let waiting =
            |request: &Request| Waiting { project: project.to_owned(), request: request.clone() };
        self.requests.extend(standing.requests.iter().map(waiting));
    }
}
