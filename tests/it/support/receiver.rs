//! A program that receives webhooks, and a mail server; both speak the real protocols and share no
//! code with the service.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

/// A received request: its headers in lower case, and its body.
#[derive(Debug, Clone)]
pub struct Received {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

/// A program that receives webhooks.
pub struct Receiver {
    pub port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    status: AtomicU16,
    location: String,
    received: Mutex<Vec<Received>>,
}

impl Receiver {
    pub fn start() -> Receiver {
        Receiver::sending_to("")
    }

    /// With a status of 302, it sends callers on to this address.
    pub fn sending_to(location: &str) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let inner = Arc::new(Inner {
            status: AtomicU16::new(204),
            location: location.to_owned(),
            received: Mutex::default(),
        });
        let served = Arc::clone(&inner);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                served.answer(stream);
            }
        });
        Receiver { port, inner }
    }

    /// Answers with this status from now on.
    pub fn answers(&self, status: u16) {
        self.inner.status.store(status, Ordering::Relaxed);
    }

    /// What it received, in order.
    pub fn received(&self) -> Vec<Received> {
        self.inner.received.lock().expect("no panic").clone()
    }
}

impl Inner {
    fn answer(&self, mut stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim().split_once(':') else { break };
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let status = self.status.load(Ordering::Relaxed);
        self.received.lock().expect("no panic").push(Received { headers, body });
        let location = &self.location;
        let reply = format!(
            "HTTP/1.1 {status} Said\r\nlocation: {location}\r\ncontent-length: 0\r\n\
             connection: close\r\n\r\n"
        );
        stream.write_all(reply.as_bytes()).ok()
    }
}

/// A mail server. It accepts everything and keeps it.
pub struct MailServer {
    pub port: u16,
    mails: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    pub fn start() -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || speak(stream, &kept));
            }
        });
        MailServer { port, mails }
    }

    /// The mails, each with its envelope.
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().expect("no panic").clone()
    }
}

/// The server's side of SMTP (RFC 5321).
fn speak(mut stream: TcpStream, mails: &Mutex<Vec<String>>) -> Option<()> {
    let reader = BufReader::new(stream.try_clone().ok()?);
    let mut say = |text: &str| stream.write_all(format!("{text}\r\n").as_bytes()).ok();
    say("220 ready")?;
    let (mut mail, mut in_data) = (String::new(), false);
    for line in reader.lines() {
        let line = line.ok()?;
        if in_data {
            if line == "." {
                in_data = false;
                mails.lock().expect("no panic").push(std::mem::take(&mut mail));
                say("250 kept")?;
            } else {
                mail.push_str(&line);
                mail.push('\n');
            }
            continue;
        }
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        match verb.as_str() {
            "DATA" => {
                in_data = true;
                say("354 go on")?;
            }
            "QUIT" => return say("221 bye"),
            "MAIL" | "RCPT" => {
                mail.push_str(&line);
                mail.push('\n');
                say("250 ok")?;
            }
            _ => say("250 ok")?,
        }
    }
    Some(())
}
