//! Reads and writes frames. A malformed frame gets an error response instead of ending the server:
//! the next one may be fine.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::mpsc::{Receiver, sync_channel};

use lsp_server::{ErrorCode, Message};
use serde_json::{Value, json};

/// Maximum bytes of a body; longer ones are skipped.
const MAX_BODY: u64 = 64 * 1024 * 1024;

/// Maximum queued messages before the reader blocks.
const WAITING: usize = 4096;

/// An incoming frame.
pub(crate) enum Incoming {
    /// A message.
    Message(Message),
    /// A malformed frame: the error to respond with.
    Broken(ErrorCode, String),
}

/// Reads frames in a separate thread; the channel closes with the input.
pub(crate) fn listen(input: impl Read + Send + 'static) -> Receiver<Incoming> {
    let (sender, receiver) = sync_channel(WAITING);
    std::thread::spawn(move || {
        let mut input = BufReader::new(input);
        while let Ok(Some(incoming)) = next(&mut input) {
            if sender.send(incoming).is_err() {
                break;
            }
        }
    });
    receiver
}

fn next(input: &mut impl BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = header(input)? else { return Ok(None) };
    let Some(length) = length else {
        return Ok(Some(Incoming::Broken(
            ErrorCode::ParseError,
            "the header has no `Content-Length`".to_owned(),
        )));
    };
    if length > MAX_BODY {
        io::copy(&mut input.take(length), &mut io::sink())?;
        return Ok(Some(Incoming::Broken(
            ErrorCode::InvalidRequest,
            format!("the message has {length} bytes; the limit is {MAX_BODY}"),
        )));
    }
    let mut body = Vec::new();
    if input.take(length).read_to_end(&mut body)? < length as usize {
        return Ok(None);
    }
    Ok(Some(message(&body)))
}

/// Outer `None` at the end of the input, inner `None` without a length.
fn header(input: &mut impl BufRead) -> io::Result<Option<Option<u64>>> {
    let (mut length, mut any) = (None, false);
    loop {
        let mut line = Vec::new();
        // A client that sends no line breaks must not exhaust the memory.
        if input.take(64 * 1024).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if line.is_empty() {
            if any {
                return Ok(Some(length));
            }
            continue;
        }
        any = true;
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
}

fn message(body: &[u8]) -> Incoming {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            return Incoming::Broken(
                ErrorCode::ParseError,
                format!("the message is not JSON: {error}"),
            );
        }
    };
    match serde_json::from_value(value) {
        Ok(message) => Incoming::Message(message),
        Err(_) => Incoming::Broken(
            ErrorCode::InvalidRequest,
            "the message is not a request, response or notification".to_owned(),
        ),
    }
}

/// Writes frames.
pub(crate) struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W) -> Writer<W> {
        Writer { out }
    }

    pub(crate) fn send(&mut self, message: impl Into<Message>) -> io::Result<()> {
        message.into().write(&mut self.out)
    }

    /// Responds to a frame without a readable id.
    pub(crate) fn complain(&mut self, code: ErrorCode, why: &str) -> io::Result<()> {
        let body = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code as i32,
            "message": why } })
        .to_string();
        write!(self.out, "Content-Length: {}\r\n\r\n{body}", body.len())?;
        self.out.flush()
    }
}
