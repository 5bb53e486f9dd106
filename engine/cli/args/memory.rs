//! `memory` and its verbs.

use clap::Subcommand;

use super::Format;

#[derive(Debug, Subcommand)]
pub enum Memory {
    /// List the notes that your engagements share, or those of one engagement.
    List {
        /// Id of the engagement.
        project: Option<String>,
        /// List the notes of rehearsals, which have their own.
        #[arg(long, conflicts_with = "project")]
        rehearsals: bool,
        /// List closed and expired notes as well.
        #[arg(long)]
        all: bool,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Show a note: its words, what it was made from, and where it was shown.
    Show {
        /// Id of the note.
        id: String,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Show which notes were recalled before the files of an engagement were written.
    Why {
        /// Id of the engagement.
        project: String,
        /// Only this file.
        path: Option<String>,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Withdraw a note, so that nobody is shown it any more. Engagements that go on and were shown
    /// it get a blocker in their ledger.
    Withdraw {
        /// Id of the note.
        id: String,
        /// The reason.
        #[arg(long, value_name = "WORDS")]
        reason: String,
    },
    /// Show a note to engagements of all owners. It must not name its engagement or its owner.
    Publish {
        /// Id of the note.
        id: String,
    },
    /// Print all notes as JSON.
    Export {
        /// Print the notes of rehearsals.
        #[arg(long)]
        rehearsals: bool,
    },
}
