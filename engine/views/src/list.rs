//! `list`: all engagements of a place.

use cloudcrew_ports::index::Listing;
use cloudcrew_runtime::engagement::{End, Standing};
use schemars::JsonSchema;
use serde::Serialize;

/// `list`: all engagements of a place.
#[derive(Serialize, JsonSchema)]
pub struct List {
    /// Always 1.
    pub version: u32,
    /// By the time they began.
    pub projects: Vec<Project>,
}

/// An engagement in a line.
#[derive(Serialize, JsonSchema)]
pub struct Project {
    /// Its id.
    pub project: String,
    /// When it began, milliseconds since 1970 UTC.
    pub created: i64,
    /// State of the plan where it stands.
    pub state: String,
    /// Its workflow.
    pub workflow: String,
    /// Ids of requests that wait for a person.
    pub waiting: Vec<String>,
    /// When the first of them expires, milliseconds since 1970 UTC.
    pub until: Option<i64>,
    /// Why its provider refuses, when somebody must change something outside before it goes on.
    pub blocked: Option<String>,
    /// Who drives it now.
    pub driver: Option<String>,
    /// How it ended.
    pub end: Option<End>,
    /// Entries of its journal.
    pub events: u64,
}

impl Project {
    /// The line of an engagement.
    pub fn new(listing: &Listing, standing: &Standing) -> Project {
        let requests = &standing.requests;
        Project {
            project: listing.engagement.clone(),
            created: listing.created,
            state: standing.state.clone(),
            workflow: standing.workflow.clone(),
            waiting: requests.iter().map(|request| request.id.clone()).collect(),
            until: requests.iter().filter_map(|request| request.expires).min(),
            blocked: standing.blocked.clone(),
            driver: listing.driver.as_ref().map(|holder| holder.name.clone()),
            end: standing.end.clone(),
            events: listing.head.seq,
        }
    }
}
