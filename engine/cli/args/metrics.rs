//! `metrics` and its verbs.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::Format;

#[derive(Debug, Subcommand)]
pub enum Metrics {
    /// Show what each month came to: approvals without a change, costs, waits, ratings.
    Trend(Which),
    /// Show where the money went, by phase, agent and model.
    Cost(Which),
    /// Compare two groups of engagements, phase by phase.
    Compare {
        /// An engagement, a month (`2026-11`), or the start of a definition's hash.
        a: String,
        /// What to compare it with.
        b: String,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Say what to change in the definitions, where there are enough engagements to say so.
    Advise {
        /// Workflow. Defaults to `delivery`, or the only workflow.
        workflow: Option<String>,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
}

/// Which engagements to count.
#[derive(Debug, ClapArgs)]
pub struct Which {
    /// Count rehearsals and replays, instead of engagements with live models.
    #[arg(long)]
    pub rehearsals: bool,
    /// Output format.
    #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
    pub format: Format,
}

/// A format for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Export {
    /// CSV of FOCUS 1.3, the open format for billing data.
    Focus,
}
