//! Replies of a live model in a file: recorded once, and replayed word for word for the same
//! request.
//!
//! A cassette is JSON Lines. The first line is a header; every other line holds one call: the
//! request as the port sees it, with secrets redacted, and the reply or the fault. Replay does not
//! depend on the clock. A cassette belongs to one engagement. One process records at a time, and
//! none while it is being replayed. A call cut off by its deadline has no answer and is not
//! recorded, so a run with such a call can be replayed only up to that point.

mod commits;
mod differ;
mod lines;
mod record;
mod replay;
mod scrub;

use std::io;
use std::path::{Path, PathBuf};

use cloudcrew_ports::model::{
    CallContext, Message, ModelFault, ModelReply, ModelRequest, ToolSpec,
};
use serde::{Deserialize, Serialize};

pub use record::Recorder;
pub use replay::Player;
pub use scrub::Scrubber;

/// Version of the format.
pub const VERSION: u32 = 1;

/// Why a cassette cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CassetteError {
    /// The file cannot be opened, read or written.
    #[error("cannot use the cassette `{}`: {why}", path.display())]
    Unusable {
        /// Path of the cassette.
        path: PathBuf,
        /// The system's error.
        why: String,
    },
    /// Another process holds it.
    #[error(
        "the cassette `{}` is in use by another run; it can serve one engagement at a time and \
         cannot be replayed while it is being recorded: wait, or name another file",
        path.display()
    )]
    Busy {
        /// Path of the cassette.
        path: PathBuf,
    },
    /// A line is malformed.
    #[error("the cassette `{}` is damaged at line {line}: {why}", path.display())]
    Damaged {
        /// Path of the cassette.
        path: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// What is wrong with the line.
        why: String,
    },
    /// A newer version wrote it.
    #[error(
        "the cassette `{}` has format {found}; this version supports {VERSION}",
        path.display()
    )]
    Newer {
        /// Path of the cassette.
        path: PathBuf,
        /// Format version of the file.
        found: u32,
    },
}

impl CassetteError {
    fn unusable(path: &Path, error: &io::Error) -> CassetteError {
        CassetteError::Unusable { path: path.to_owned(), why: error.to_string() }
    }
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    cassette: u32,
}

/// One call, as a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Call {
    /// Where the call was made. It is not compared; it finds the place where a resumed engagement
    /// continues.
    at: CallContext,
    asked: Asked,
    answer: Answer,
}

/// The part of a request that determines its reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Asked {
    agent: String,
    model: String,
    max_tokens: u32,
    system: String,
    tools: Vec<ToolSpec>,
    messages: Vec<Message>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Reply(ModelReply),
    Fault(ModelFault),
}

impl Asked {
    /// A request with its secrets redacted.
    fn of(request: &ModelRequest<'_>, scrubber: &Scrubber) -> Asked {
        Asked {
            agent: request.agent.to_owned(),
            model: request.model.to_owned(),
            max_tokens: request.max_tokens,
            system: scrubber.text(request.system),
            tools: request.tools.iter().map(|tool| scrubber.tool(tool)).collect(),
            messages: request.messages.iter().map(|message| scrubber.message(message)).collect(),
        }
    }
}

/// Whether both calls are at the same place, whatever the engagement's name and day. A lost call is
/// counted among the earlier ones, so the count is ignored too.
fn same_place(one: &CallContext, other: &CallContext) -> bool {
    let place =
        |c: &CallContext| (c.phase.clone(), c.revision, c.purpose, c.swarm, c.visit, c.turn);
    place(one) == place(other)
}
