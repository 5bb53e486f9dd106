//! The world of one engagement, as one value.

use std::sync::Arc;

use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::clock::Clock;
use cloudcrew_ports::journal::Journal;
use cloudcrew_ports::lease::Leases;
use cloudcrew_ports::ledger::Ledger;
use cloudcrew_ports::model::Model;
use cloudcrew_ports::repo::Repo;

use cloudcrew_tools::Toolbox;

use crate::watch::Watch;

/// The world of one engagement.
#[derive(Clone)]
pub struct Ports {
    /// What happened.
    pub journal: Arc<dyn Journal>,
    /// Who drives.
    pub leases: Arc<dyn Leases>,
    /// What is too large for it.
    pub blobs: Arc<dyn Blobs>,
    /// What the crew knows.
    pub ledger: Arc<dyn Ledger>,
    /// The customer's repository.
    pub repo: Arc<dyn Repo>,
    /// The models.
    pub model: Arc<dyn Model>,
    /// What agents may call.
    pub tools: Arc<Toolbox>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who looks on.
    pub watch: Arc<dyn Watch>,
}
