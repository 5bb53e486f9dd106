//! Writes to stdout and stderr. A closed pipe or a full disk ends the output, not the engagement.

use std::fmt::Arguments;
use std::io::{ErrorKind, IsTerminal as _, Write};
use std::sync::OnceLock;

use cloudcrew_definition::shown::block;

use crate::paint::{painted, unmarked};

static LOST: OnceLock<String> = OnceLock::new();

/// Data, to stdout.
pub fn data(text: Arguments<'_>) {
    bytes(painted(&text.to_string()).as_bytes());
}

/// Escapes untrusted text, so that it cannot control the terminal or hide anything.
pub fn shown(text: &str) -> String {
    block(text).into_owned()
}

/// A file, unchanged for programs and escaped for terminals.
pub fn file(bytes: &[u8]) {
    if std::io::stdout().is_terminal() {
        self::bytes(shown(&String::from_utf8_lossy(bytes)).as_bytes())
    } else {
        self::bytes(bytes)
    }
}

/// Unchanged data, to stdout.
pub fn bytes(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => drop(LOST.set(error.to_string())),
        _ => {}
    }
}

/// Why data could not be written to stdout. A closed pipe does not count.
pub fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// Everything else, to stderr.
pub fn aside(text: Arguments<'_>) {
    let _ = std::io::stderr().lock().write_all(unmarked(&text.to_string()).as_bytes());
}

/// A document for programs, with a final newline.
pub fn document(text: &str) {
    // In one write: a reader gets whole lines.
    bytes(format!("{}\n", shown(text)).as_bytes());
}

/// A line of data.
macro_rules! say {
    () => { $crate::out::data(format_args!("\n")) };
    ($text:literal $($rest:tt)*) => {
        $crate::out::data(format_args!("{}\n", format_args!($text $($rest)*)))
    };
}

/// Data with its own newlines.
macro_rules! put {
    ($text:literal $($rest:tt)*) => { $crate::out::data(format_args!($text $($rest)*)) };
}

/// A line to stderr.
macro_rules! note {
    ($text:literal $($rest:tt)*) => {
        $crate::out::aside(format_args!("{}\n", format_args!($text $($rest)*)))
    };
}

pub(crate) use {note, put, say};
