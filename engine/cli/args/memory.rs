//! `memory` and its verbs.

use clap::Subcommand;

use super::Format;

#[derive(Debug, Subcommand)]
pub enum Memory {
    /// List the notes that your engagements share, or those of one engagement.
    List {
        /// Id of the engagement.
        project: Option<String>,
        /// List notes from rehearsals, which are kept separately.
        #[arg(long, conflicts_with = "project")]
        rehearsals: bool,
        /// Also list superseded, withdrawn and expired notes.
        #[arg(long)]
        all: bool,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Show a note: its text, its sources, and where it was shown.
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
    /// Accept a note, so that your later engagements are shown it.
    Accept {
        /// Id of the note.
        id: String,
    },
    /// Withdraw a note, so that it is no longer shown to anyone. Every engagement that was shown it
    /// and has not ended gets a blocker in its ledger.
    Withdraw {
        /// Id of the note.
        id: String,
        /// The reason.
        #[arg(long, value_name = "WORDS")]
        reason: String,
    },
    /// Publish an accepted note to the engagements of all owners. It must not name its engagement
    /// or owner.
    Publish {
        /// Id of the note.
        id: String,
    },
    /// Print all notes as JSON.
    Export {
        /// Print notes from rehearsals.
        #[arg(long)]
        rehearsals: bool,
    },
}
