//! A proxy between a program and the services: it can lose what it is told to lose.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is passed on, and its reply too.
    Passed,
    /// It never arrives.
    Lost,
    /// It arrives, but its reply does not.
    Unanswered,
}

/// Decides over requests: their headers and body.
pub type Decide = dyn Fn(&str, &str) -> Fate + Send + Sync;

/// A proxy, which ends with its test.
pub struct Proxy {
    /// Its address.
    pub url: String,
    ended: Arc<AtomicBool>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the listener.
        let _ = TcpStream::connect(self.url.trim_start_matches("http://"));
    }
}

/// A proxy to a host, such as `127.0.0.1:4566`.
pub fn proxy(to: &str, decide: Arc<Decide>) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (ended, to) = (Arc::new(AtomicBool::new(false)), to.to_owned());
    let stops = ended.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            if stops.load(Ordering::Relaxed) {
                return;
            }
            let (to, decide) = (to.clone(), decide.clone());
            std::thread::spawn(move || serve(client, &to, &*decide));
        }
    });
    Proxy { url, ended }
}

/// Serves one request of a connection, and closes it: the client opens another.
fn serve(mut client: TcpStream, to: &str, decide: &Decide) -> Option<()> {
    let (head, body) = request(&mut client)?;
    let fate = decide(&head, &String::from_utf8_lossy(&body));
    if fate == Fate::Lost {
        return None;
    }
    let mut server = TcpStream::connect(to).ok()?;
    let lines = head.lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head = lines.collect::<Vec<_>>().join("\r\n");
    server.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).ok()?;
    server.write_all(&body).ok()?;
    let mut reply = Vec::new();
    server.read_to_end(&mut reply).ok()?;
    if fate == Fate::Unanswered {
        return None;
    }
    client.write_all(&reply).ok()
}

/// The headers and the body of a request.
fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut read, mut part) = (Vec::new(), [0_u8; 16 * 1024]);
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        let count = client.read(&mut part).ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&part[..count]);
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    let mut body = read[end + 4..].to_vec();
    while body.len() < length {
        let count = client.read(&mut part).ok().filter(|count| *count > 0)?;
        body.extend_from_slice(&part[..count]);
    }
    Some((head, body))
}
