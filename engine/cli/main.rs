//! The `cloudcrew` command: parses arguments, runs a command, returns its exit code.

#[cfg(feature = "aws")]
mod account;
mod args;
#[cfg(feature = "aws")]
mod cloud;
mod commands;
mod document;
mod environment;
mod exit;
mod home;
mod inputs;
mod lines;
mod models;
mod out;
mod output;
mod paint;
mod planned;
mod remote;
mod serve;
mod servers;
mod shell;
mod show;
mod signals;
mod sow;
mod start;
mod suite;
mod summary;
mod view;
mod wiring;
mod words;
mod workspace;

use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};
use cloudcrew_ports::secret;

use crate::out::note;

fn main() -> std::process::ExitCode {
    let matches = args::Args::command().get_matches();
    let args = match args::Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    let typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
    // Before anything is opened: it closes what it has inherited.
    if let args::Command::RunInside { words } = &args.command {
        return match wiring::inside(words) {
            Ok(()) => exit::Exit::Done.code(),
            Err(error) => {
                note!("cloudcrew: {error}");
                exit::Exit::World.code()
            }
        };
    }
    remember_secrets();
    shell::remember(&args, typed("workspace"), typed("home"), typed("server"));
    home::remember(&args);
    let runtime = match args.command {
        args::Command::Serve(_) => tokio::runtime::Builder::new_multi_thread().enable_all().build(),
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build(),
    };
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(commands::run(args));
            // A user who interrupts does not wait for a disk or a lock.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(exit::Failure::world(format!("cannot start the async runtime: {error}"))),
    };
    if let Some(why) = out::lost() {
        note!("cloudcrew: cannot write all output to stdout: {why}");
        return exit::Exit::World.code();
    }
    match result {
        Ok(exit) => exit.code(),
        Err(failure) => {
            note!("cloudcrew: {}", secret::redacted(&failure.to_string()));
            failure.exit.code()
        }
    }
}

/// Remembers the secrets of the environment, so that none is ever recorded.
fn remember_secrets() {
    const MARKS: [&str; 8] =
        ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL", "APIKEY", "_KEY", "_PWD"];
    for (name, value) in std::env::vars_os() {
        let name = name.to_string_lossy().to_uppercase();
        let Some(value) = value.to_str().filter(|_| MARKS.iter().any(|m| name.contains(m))) else {
            continue;
        };
        // A path to a key file is not secret, and plain words and numbers occur in many texts.
        let has = |is: fn(&u8) -> bool| value.bytes().any(|byte| is(&byte));
        let is_plain = !has(u8::is_ascii_alphabetic) || !has(|b| !b.is_ascii_alphabetic());
        let is_path = value.starts_with('/') && std::path::Path::new(value).exists();
        if !is_path && !is_plain {
            secret::remember(value);
        }
    }
}
