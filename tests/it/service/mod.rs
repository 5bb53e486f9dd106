//! The service, as its callers see it.

mod callers;
mod chaos;
mod dashboard;
mod identity;
mod messages;
mod notices;
mod once;
mod people;
mod places;
mod process;
mod races;
mod reading;
mod remarks;
mod soak;
mod starts;
mod streams;
mod traces;

use serde_json::{Value, json};

use crate::support::service::Asked;
use crate::support::{Crew, copied, root};

/// A crew of one agent and one phase.
pub fn small() -> Crew {
    copied(&root().join("examples/minimal"))
}

/// Approves what waits, as it is now.
pub fn approval(status: &Value) -> Value {
    let waiting = &status["waiting"][0];
    json!({ "request": waiting["id"], "digest": waiting["digest"] })
}

/// The operator acts for someone.
pub fn by(person: &str, asked: Asked) -> Asked {
    asked.header("cloudcrew-as", person)
}

/// Two people of finance must approve, and not the one who started the engagement.
pub fn with_approvers() -> Crew {
    let crew = small();
    let gate = "gate:\n  kind: approval\n";
    let approvers = "  approvers: { groups: [finance], quorum: 2, not_own: true }\n";
    crew.edit("phases/proposal.yaml", gate, &format!("{gate}{approvers}"));
    crew
}
