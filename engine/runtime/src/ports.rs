//! Everything outside one engagement, as one value.

use std::sync::Arc;

use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::clock::Clock;
use cloudcrew_ports::journal::Journal;
use cloudcrew_ports::knowledge::Knowledge;
use cloudcrew_ports::lease::Leases;
use cloudcrew_ports::ledger::Ledger;
use cloudcrew_ports::memory::Memory;
use cloudcrew_ports::metrics::Metrics;
use cloudcrew_ports::model::Model;
use cloudcrew_ports::pattern::Patterns;
use cloudcrew_ports::program::Programs;
use cloudcrew_ports::repo::Repo;
use cloudcrew_ports::server::Servers;

use cloudcrew_tools::Toolbox;

use crate::watch::Watch;

/// Everything that an engagement needs from outside.
#[derive(Clone)]
pub struct Ports {
    /// Records what happened.
    pub journal: Arc<dyn Journal>,
    /// Make sure that one process at a time drives the engagement.
    pub leases: Arc<dyn Leases>,
    /// Hold what is too large for the journal.
    pub blobs: Arc<dyn Blobs>,
    /// Holds what the crew shares.
    pub ledger: Arc<dyn Ledger>,
    /// The customer's repository.
    pub repo: Arc<dyn Repo>,
    /// The models.
    pub model: Arc<dyn Model>,
    /// Searches files.
    pub knowledge: Arc<dyn Knowledge>,
    /// What crews remember beyond one engagement.
    pub memory: Arc<dyn Memory>,
    /// Figures of engagements.
    pub metrics: Arc<dyn Metrics>,
    /// The library of patterns.
    pub patterns: Arc<dyn Patterns>,
    /// Where programs run.
    pub programs: Arc<dyn Programs>,
    /// MCP servers.
    pub servers: Arc<dyn Servers>,
    /// The tools that agents may call.
    pub tools: Arc<Toolbox>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Receives events while the engagement runs.
    pub watch: Arc<dyn Watch>,
}
