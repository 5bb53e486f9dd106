//! A proxy between engine and server that breaks some responses. Those requests never reach the
//! server.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// Bytes that are not HTTP.
    Garbage,
    /// A response that starts correctly and continues with bytes that are neither text nor an
    /// event.
    BrokenStream,
    /// Text that is not UTF-8.
    BadUtf8,
    /// A response of 50 MB.
    Huge,
    /// The connection is closed without a response.
    Closed,
    /// Silence for longer than the engine waits.
    Silent,
}

/// Faults that are retried.
pub const PASSING: [Spoil; 5] =
    [Spoil::Garbage, Spoil::BrokenStream, Spoil::BadUtf8, Spoil::Closed, Spoil::Silent];

pub struct Proxy {
    pub port: u16,
    seen: Arc<AtomicUsize>,
    done: Arc<Mutex<Vec<Spoil>>>,
}

impl Proxy {
    /// Breaks requests by their number, from 0.
    pub fn start(server: u16, spoils: BTreeMap<usize, Spoil>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (seen, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let spoils = Arc::new(spoils);
        let (count, record) = (seen.clone(), done.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (spoils, count, record) = (spoils.clone(), count.clone(), record.clone());
                std::thread::spawn(move || serve(client, server, &spoils, &count, &record));
            }
        });
        Proxy { port, seen, done }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The faults that were injected.
    pub fn spoiled(&self) -> Vec<Spoil> {
        self.done.lock().expect("a list").clone()
    }

    /// The number of requests received.
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }
}

fn serve(
    mut client: TcpStream,
    server: u16,
    spoils: &BTreeMap<usize, Spoil>,
    count: &AtomicUsize,
    record: &Mutex<Vec<Spoil>>,
) -> Option<()> {
    loop {
        let request = message(&mut client)?;
        let number = count.fetch_add(1, Ordering::Relaxed);
        if let Some(spoil) = spoils.get(&number) {
            record.lock().expect("a list").push(*spoil);
            let streams = String::from_utf8_lossy(&request).contains("/converse-stream");
            return spoiled(&mut client, *spoil, streams);
        }
        let mut upstream = TcpStream::connect(("127.0.0.1", server)).ok()?;
        upstream.write_all(&request).ok()?;
        let mut piece = [0; 65536];
        let (mut all, mut whole) = (Vec::new(), false);
        while !whole {
            let read = upstream.read(&mut piece).ok()?;
            if read == 0 {
                // The server closed the connection; do the same.
                return None;
            }
            client.write_all(&piece[..read]).ok()?;
            all.extend(&piece[..read]);
            whole = is_whole(&all);
        }
    }
}

/// Reads an HTTP message with a head and a length.
fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut all, mut piece) = (Vec::new(), [0; 65536]);
    loop {
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        all.extend(&piece[..read]);
        if is_whole(&all) {
            return Some(all);
        }
    }
}

fn is_whole(all: &[u8]) -> bool {
    let Some(head) = all.windows(4).position(|w| w == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&all[..head]).to_lowercase();
    if text.contains("transfer-encoding: chunked") {
        return all.ends_with(b"0\r\n\r\n");
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    all.len() >= head + 4 + length.unwrap_or(0)
}

fn spoiled(client: &mut TcpStream, spoil: Spoil, bedrock: bool) -> Option<()> {
    let kind = if bedrock { "application/vnd.amazon.eventstream" } else { "text/event-stream" };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n");
    let delta = |text: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    match spoil {
        Spoil::Garbage => {
            client.write_all(&[0x16, 0x03, 0x01, 0xff, 0x00, 0x80, b'\n', b'?', 0xfe]).ok()
        }
        Spoil::Closed => None,
        Spoil::Silent => {
            std::thread::sleep(std::time::Duration::from_secs(4));
            None
        }
        Spoil::BrokenStream => {
            client.write_all(head.as_bytes()).ok()?;
            client.write_all(delta("It begins well").as_bytes()).ok()?;
            client
                .write_all(&[b'd', b'a', b't', b'a', b':', b' ', 0, 1, 2, 0xff, b'\n', b'\n'])
                .ok()
        }
        Spoil::BadUtf8 => {
            client.write_all(head.as_bytes()).ok()?;
            client
                .write_all(
                    b"data: {\"choices\":[{\"delta\":{\"content\":\"\xff\xfe\xc3\x28\"}}]}\n\n",
                )
                .ok()
        }
        Spoil::Huge => {
            client.write_all(head.as_bytes()).ok()?;
            let piece = delta(&"x".repeat(64 * 1024));
            (0..800).try_for_each(|_| client.write_all(piece.as_bytes())).ok()
        }
    }
}
