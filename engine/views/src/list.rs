//! `list`: all engagements of a home.

use cloudcrew_ports::index::Listing;
use cloudcrew_runtime::engagement::{End, Standing};
use schemars::JsonSchema;
use serde::Serialize;

/// `list`: all engagements of a home.
#[derive(Serialize, JsonSchema)]
pub struct List {
    /// Always 1.
    pub version: u32,
    /// The engagements in the order they were started.
    pub projects: Vec<Project>,
}

/// One line of the list.
#[derive(Serialize, JsonSchema)]
pub struct Project {
    /// Its id.
    pub project: String,
    /// When it was started, milliseconds since 1970 UTC.
    pub created: i64,
    /// Its current state.
    pub state: String,
    /// Its workflow.
    pub workflow: String,
    /// Ids of its open requests.
    pub waiting: Vec<String>,
    /// When the first request expires, milliseconds since 1970 UTC.
    pub until: Option<i64>,
    /// Why its provider refuses until someone fixes the cause.
    pub blocked: Option<String>,
    /// The process that drives it.
    pub driver: Option<String>,
    /// How it ended; absent until then.
    pub end: Option<End>,
    /// Number of entries in its journal.
    pub events: u64,
}

impl Project {
    /// Creates the line of an engagement.
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
