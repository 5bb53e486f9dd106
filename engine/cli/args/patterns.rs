//! `patterns` and its verbs.

use std::path::PathBuf;

use clap::Subcommand;

use super::Format;

#[derive(Debug, Subcommand)]
pub enum Patterns {
    /// List the patterns of the workspace and of the library, with their evidence.
    List {
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Show a pattern: its files, its uses, and how they ended.
    Show {
        /// Name of the pattern.
        name: String,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Find patterns.
    Search {
        /// What you need, in words.
        #[arg(default_value = "")]
        query: String,
        /// Only this category.
        #[arg(long)]
        category: Option<String>,
        /// Only those with this tag. Can be repeated.
        #[arg(long = "tag", value_name = "TAG")]
        tags: Vec<String>,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Write the files of a pattern to a new or empty directory. This does not count as a use.
    Use {
        /// Name of the pattern.
        name: String,
        /// The directory.
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
    },
    /// Add a pattern to the library, from a file such as those in `patterns/`.
    Contribute {
        /// The file.
        file: PathBuf,
    },
    /// Promote a pattern to proven if the evidence supports it; otherwise print what is missing.
    Promote {
        /// Name of the pattern.
        name: String,
    },
    /// Withdraw a pattern, so that it is no longer offered to agents.
    Withdraw {
        /// Name of the pattern.
        name: String,
        /// The reason.
        #[arg(long, value_name = "WORDS")]
        reason: String,
    },
}
