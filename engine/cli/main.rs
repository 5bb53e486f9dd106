//! The `cloudcrew` command: parse, run, exit code.

mod args;
mod commands;
mod exit;
mod home;
mod models;
mod out;
mod output;
mod planned;
mod show;
mod sow;
mod suite;
mod summary;
mod view;
mod wiring;
mod words;
mod workspace;

use clap::Parser;

use crate::out::note;

fn main() -> std::process::ExitCode {
    let args = args::Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(commands::run(args));
            // Whoever asked to end does not wait for a disk or a lock.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(exit::Failure::world(format!("no runtime could be started: {error}"))),
    };
    if let Some(why) = out::lost() {
        note!("cloudcrew: stdout took not all of the output: {why}");
        return exit::Exit::World.code();
    }
    match result {
        Ok(exit) => exit.code(),
        Err(failure) => {
            note!("cloudcrew: {failure}");
            failure.exit.code()
        }
    }
}
