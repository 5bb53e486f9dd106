//! The log of the service, on stderr.

use std::io::{self, Write};
use std::str::FromStr as _;

use cloudcrew_ports::secret::redacted;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::args::LogFormat;
use crate::exit::Failure;

/// Starts the log. `level` is a level, or levels by module: `info`, `warn,cloudcrew=debug`.
pub fn start(format: LogFormat, level: &str) -> Result<(), Failure> {
    let refused = |why: String| Failure::usage(format!("`--log-level {level}`: {why}"));
    // A word without `=` would be read as the name of a module.
    let is_level = |word: &str| {
        word.contains('=') || (!word.is_empty() && LevelFilter::from_str(word).is_ok())
    };
    if let Some(word) = level.split(',').find(|word| !is_level(word)) {
        let why = format!("`{word}` is not a level; use error, warn, info or debug");
        return Err(refused(why));
    }
    let filter = Targets::from_str(level).map_err(|error| refused(error.to_string()))?;
    let lines =
        tracing_subscriber::fmt::layer().with_writer(|| Clean(std::io::stderr())).with_ansi(false);
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Text => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    started.map_err(|error| Failure::world(error.to_string()))
}

/// Writes each line without secrets.
struct Clean<W>(W);

impl<W: Write> Write for Clean<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(redacted(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
