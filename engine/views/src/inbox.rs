//! `inbox`: open requests and blocked engagements.

use cloudcrew_runtime::engagement::{Request, Standing};
use schemars::JsonSchema;
use serde::Serialize;

/// `inbox`: everything that waits for a person.
#[derive(Serialize, JsonSchema)]
pub struct Inbox {
    /// Always 1.
    pub version: u32,
    /// Open requests of all engagements.
    pub requests: Vec<Waiting>,
    /// Engagements whose provider refuses until someone fixes the cause.
    pub blocked: Vec<Blocked>,
    /// Engagements that have ended and whose survey nobody has answered yet. No work waits for it.
    pub surveys: Vec<String>,
}

/// An engagement whose provider refuses.
#[derive(Serialize, JsonSchema)]
pub struct Blocked {
    /// The engagement.
    pub project: String,
    /// The provider's error and what to fix.
    pub reason: String,
}

/// A request with the engagement it belongs to.
#[derive(Serialize, JsonSchema)]
pub struct Waiting {
    /// The engagement.
    pub project: String,
    /// The request.
    #[serde(flatten)]
    pub request: Request,
}

impl Inbox {
    /// Adds the open requests of an engagement and whether it is blocked.
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
