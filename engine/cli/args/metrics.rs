//! `metrics` and its verbs.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::Format;

#[derive(Debug, Subcommand)]
pub enum Metrics {
    /// Show metrics by month: approvals without changes, costs, waiting times, ratings.
    Trend(Which),
    /// Show where the money went, by phase, agent and model.
    Cost(Which),
    /// Show how the uses of each pattern ended, with the lower bound of its success rate.
    Patterns {
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Compare two groups of engagements, phase by phase.
    Compare {
        /// An engagement, a month (`2026-11`), or the first 8 or more characters of a definition
        /// hash.
        a: String,
        /// What to compare it with.
        b: String,
        /// Of a month or a hash, compare only engagements of this workflow.
        #[arg(long, value_name = "NAME")]
        workflow: Option<String>,
        /// Of a month or a hash, compare rehearsals and replays, instead of engagements with live
        /// models.
        #[arg(long)]
        rehearsals: bool,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Recommend changes to the definitions, where enough engagements support them.
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
    /// FOCUS 1.3 (FinOps Open Cost and Usage Specification) as CSV.
    Focus,
}
