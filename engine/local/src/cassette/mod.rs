//! What a live model said, on a file: recorded once, and said again word for word to whoever asks
//! the same.
//!
//! A cassette is JSON Lines. The first says what it is, each other holds one call: the request as
//! the port sees it, with secrets crossed out, and the reply or the fault. The clock decides about
//! nothing on it. It belongs to one engagement; only one process records at a time, and none while
//! it is replayed. A call that its deadline broke off was never answered and is not on it, so a run
//! that had one is replayed up to there.

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

/// A cassette that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CassetteError {
    /// The file cannot be opened, read or written.
    #[error("the cassette `{}` cannot be used: {why}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// Somebody else holds it.
    #[error(
        "the cassette `{}` is in use by another run; a cassette belongs to one engagement, and is \
         replayed when nobody records: name another \
         file, or wait",
        path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// A line is not what it must be.
    #[error("the cassette `{}` is damaged in line {line}: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A later version wrote it.
    #[error("the cassette `{}` has format {found}; this version knows {VERSION}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
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
    /// Where it was made. It is not compared: it finds the place from which a resumed engagement
    /// goes on.
    at: CallContext,
    asked: Asked,
    answer: Answer,
}

/// What decides about a reply.
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
    /// A request without its secrets.
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

/// The same place in an engagement, whatever its name and day. A call that was lost counts among
/// the earlier ones, so these do not.
fn same_place(one: &CallContext, other: &CallContext) -> bool {
    let place =
        |c: &CallContext| (c.phase.clone(), c.revision, c.purpose, c.swarm, c.visit, c.turn);
    place(one) == place(other)
}
