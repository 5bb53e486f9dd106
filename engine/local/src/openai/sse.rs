//! Parses server-sent events from bytes, however they are split.

use cloudcrew_ports::model::ModelFault;
use cloudcrew_ports::reply::MAX_REPLY;

/// Maximum bytes of one event: the largest reply, with every other letter escaped.
const MAX_EVENT: usize = 2 * MAX_REPLY;

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// The event's data.
    Data(String),
    /// The field `error` that some servers send instead of data.
    Error(String),
}

/// Parses events. Comments, `event`, `id` and `retry` are ignored.
#[derive(Debug, Default)]
pub struct Events {
    bytes: Vec<u8>,
    /// Start of the first unread line.
    start: usize,
    /// No line break before this offset.
    searched: usize,
    data: Option<String>,
    began: bool,
}

impl Events {
    /// Adds bytes.
    ///
    /// # Errors
    /// Fails when one event is larger than any reply.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), ModelFault> {
        self.bytes.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
        let waiting = self.data.as_ref().map_or(0, String::len);
        if self.bytes.len() - bytes.len() + waiting > MAX_EVENT {
            Err(ModelFault::too_large())
        } else {
            Ok(())
        }
    }

    /// The next complete event.
    pub fn next_event(&mut self) -> Option<Event> {
        while let Some(end) = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n') {
            let end = self.searched + end;
            let line = String::from_utf8_lossy(&self.bytes[self.start..end]).into_owned();
            (self.start, self.searched) = (end + 1, end + 1);
            if let Some(event) = self.line(&line) {
                return Some(event);
            }
        }
        self.searched = self.bytes.len();
        None
    }

    /// The event at the end of the stream without the blank line that terminates events.
    pub fn rest(&mut self) -> Option<Event> {
        let line = String::from_utf8_lossy(&self.bytes[self.start..]).into_owned();
        self.start = self.bytes.len();
        self.searched = self.start;
        self.line(&line).or_else(|| self.data.take().map(Event::Data))
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        let mut line = line.strip_suffix('\r').unwrap_or(line);
        if !std::mem::replace(&mut self.began, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            return self.data.take().map(Event::Data);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (field, &mut self.data) {
            ("data", Some(data)) => {
                data.push('\n');
                data.push_str(value);
            }
            ("data", None) => self.data = Some(value.to_owned()),
            ("error", _) => return Some(Event::Error(value.to_owned())),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Events};

    const STREAM: &str = "\u{feff}: keep-alive\r\n\r\nevent: x\r\ndata: {\"a\":\r\ndata: \
        1}\r\n\r\ndata:ä\n\nerror: {}\n\ndata: [DONE]";

    fn read(piece: usize) -> Vec<Event> {
        let mut events = Events::default();
        let mut found = Vec::new();
        for piece in STREAM.as_bytes().chunks(piece) {
            events.feed(piece).expect("it is small");
            found.extend(std::iter::from_fn(|| events.next_event()));
        }
        found.extend(events.rest());
        found
    }

    #[test]
    fn events_are_the_same_however_they_are_split() {
        let data = |text: &str| Event::Data(text.to_owned());
        let expected =
            vec![data("{\"a\":\n1}"), data("ä"), Event::Error("{}".into()), data("[DONE]")];
        for piece in 1..STREAM.len() {
            assert_eq!(read(piece), expected, "in pieces of {piece} bytes");
        }
    }

    #[test]
    fn a_line_without_end_is_rejected() {
        let mut events = Events::default();
        let piece = vec![b'x'; 1024 * 1024];
        let given_up = (0..50).find(|_| {
            let fed = events.feed(&piece);
            assert_eq!(events.next_event(), None);
            fed.is_err()
        });
        assert_eq!(given_up, Some(17));
    }
}
