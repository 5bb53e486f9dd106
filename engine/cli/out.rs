//! Writing to stdout and stderr. A reader who has gone, or a disk that is full, ends the showing
//! and not the engagement.

use std::fmt::Arguments;
use std::io::{ErrorKind, IsTerminal as _, Write};
use std::sync::OnceLock;

use cloudcrew_definition::shown::block;

use crate::paint::painted;

static LOST: OnceLock<String> = OnceLock::new();

/// Data, to stdout.
pub fn data(text: Arguments<'_>) {
    bytes(painted(&text.to_string()).as_bytes());
}

/// Text that cannot steer a terminal and hides nothing: what a model or a customer wrote holds what
/// it likes.
pub fn shown(text: &str) -> String {
    block(text).into_owned()
}

/// A file as it is where a program reads it, and fit to be shown where a person does.
pub fn file(bytes: &[u8]) {
    if std::io::stdout().is_terminal() {
        self::bytes(shown(&String::from_utf8_lossy(bytes)).as_bytes())
    } else {
        self::bytes(bytes)
    }
}

/// Data as it is, to stdout.
pub fn bytes(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => drop(LOST.set(error.to_string())),
        _ => {}
    }
}

/// Why data did not get to where stdout leads; a reader who has gone did not want more.
pub fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// Everything else, to stderr.
pub fn aside(text: Arguments<'_>) {
    let _ = std::io::stderr().lock().write_all(shown(&text.to_string()).as_bytes());
}

/// A document for programs, and a line end.
pub fn document(text: &str) {
    bytes(shown(text).as_bytes());
    bytes(b"\n");
}

/// A line of data.
macro_rules! say {
    () => { $crate::out::data(format_args!("\n")) };
    ($text:literal $($rest:tt)*) => { $crate::out::data(format_args!("{}\n", format_args!($text $($rest)*))) };
}

/// Data that brings its own line ends.
macro_rules! put {
    ($text:literal $($rest:tt)*) => { $crate::out::data(format_args!($text $($rest)*)) };
}

/// A line beside the data.
macro_rules! note {
    ($text:literal $($rest:tt)*) => { $crate::out::aside(format_args!("{}\n", format_args!($text $($rest)*))) };
}

pub(crate) use {note, put, say};
