//! The language server over `definition` and `plan`: what `check` finds, while somebody types;
//! names completed, explained, found and renamed across all files. It knows no runtime: what the
//! engine offers, and how files are read, is handed to it; whether a file is there it asks itself.
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

/// What the server is handed.
pub struct World {
    /// What the engine offers.
    pub catalogue: Catalogue,
    /// Reads all files of a workspace.
    pub read: fn(&Path) -> Sources,
    /// Reads one file of a workspace, or says why it cannot be.
    pub read_file: fn(&Path, &str) -> Result<Vec<u8>, String>,
}

/// Serves one client until it says `exit` or goes. `true` when it had said `shutdown` before.
pub fn serve(
    world: World,
    input: impl io::Read + Send + 'static,
    output: impl io::Write,
) -> io::Result<bool> {
    server::Server::new(world, wire::Writer::new(output)).run(wire::listen(input))
}
