//! `lsp`: the language server on stdin and stdout.

use cloudcrew_lsp::{World, serve};
use cloudcrew_runtime::catalogue::catalogue;

use crate::exit::{Exit, Failure};
use crate::workspace;

pub fn lsp() -> Result<Exit, Failure> {
    let world =
        World { catalogue: catalogue(), read: workspace::read, read_file: workspace::read_file };
    // An editor that disconnects without `exit` breaks the protocol; it is not our failure.
    match serve(world, std::io::stdin(), std::io::stdout()) {
        Ok(true) => Ok(Exit::Done),
        Ok(false) => Ok(Exit::Failed),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Failed),
        Err(error) => Err(error.into()),
    }
}
