//! The language server, built on `definition` and `plan`: the findings of `check` while typing, and
//! completion, hover, navigation and rename across all files. It does not depend on the runtime:
//! the tools on offer and the file reader are passed in. It only checks for itself whether a file
//! exists.
//!
//! ```text
//! stdin ─▶ wire ─▶ server ─▶ folder (sources, what was read) ─▶ completion, hover, names, ... ─▶ wire ─▶ stdout
//! ```

mod actions;
mod client;
mod completion;
mod cursor;
mod findings;
mod folder;
mod hover;
mod names;
mod offer;
mod place;
mod position;
mod rename;
mod server;
mod spot;
mod symbols;
mod uri;
mod wire;

use std::io;
use std::path::Path;

use cloudcrew_definition::catalogue::Catalogue;
use cloudcrew_definition::source::Sources;

/// What the server needs from its caller.
pub struct World {
    /// The tools on offer.
    pub catalogue: Catalogue,
    /// Reads all files of a workspace.
    pub read: fn(&Path) -> Sources,
    /// Reads one file of a workspace, or returns why it cannot.
    pub read_file: fn(&Path, &str) -> Result<Vec<u8>, String>,
}

/// Serves one client until it sends `exit` or disconnects. Returns `true` if it sent `shutdown`
/// before.
pub fn serve(
    world: World,
    input: impl io::Read + Send + 'static,
    output: impl io::Write,
) -> io::Result<bool> {
    server::Server::new(world, wire::Writer::new(output)).run(wire::listen(input))
}
