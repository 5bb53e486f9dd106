//! CloudCrew's HTTP interface: one router over engagements, which knows ports and no adapter, so
//! that the same router runs beside a local store and on AWS.
//!
//! A handler reaches an engagement only through [`access::Opened`], which checks the caller's right
//! first. One registration gives a handler both its route and its part of the OpenAPI document.

pub mod access;
pub mod app;
mod body;
pub mod changes;
pub mod notices;
pub mod oidc;
mod once;
pub mod pages;
mod passes;
pub mod people;
pub mod problem;
pub mod pushes;
mod roll;
mod routes;
mod sessions;
pub mod shield;
mod store;
mod tickets;
pub mod traces;

pub use app::{
    App, AppPorts, LargeFiles, Live, New, Peer, PublicUrl, Repos, Started, Starts, UploadForm,
    Wakes,
};
pub use problem::Problem;
pub use routes::{MAX_UPLOAD, document, router};
pub use store::{Current, Kept};
