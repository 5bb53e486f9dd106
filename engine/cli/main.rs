//! The `cloudcrew` command: parse, run, exit code.

mod args;
mod commands;
mod exit;
mod home;
mod show;
mod view;
mod wiring;
mod workspace;

use clap::Parser;

fn main() -> std::process::ExitCode {
    let args = args::Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(args)),
        Err(error) => Err(exit::Failure::world(format!("no runtime could be started: {error}"))),
    };
    match result {
        Ok(exit) => exit.code(),
        Err(failure) => {
            eprintln!("cloudcrew: {failure}");
            failure.exit.code()
        }
    }
}
