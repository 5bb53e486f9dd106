//! A running `cloudcrew serve`, and a small HTTP client that shares no code with it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Crew, root};

/// The operator's token.
pub const TOKEN: &str = "the-operators-token";
/// How long to wait for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that ends with the test.
pub struct Service {
    child: Child,
    pub address: String,
}

/// A reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    #[track_caller]
    pub fn is(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// A problem of this kind.
    #[track_caller]
    pub fn refused(self, status: u16, kind: &str) -> Reply {
        let reply = self.is(status);
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{reply:?}");
        assert_eq!(reply.json()["type"], format!("urn:cloudcrew:{kind}"), "{reply:?}");
        reply
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

pub fn get(path: &str) -> Asked {
    asked("GET", path)
}

pub fn post(path: &str, body: &Value) -> Asked {
    asked("POST", path).header("content-type", "application/json").body(body.to_string())
}

/// A request of the operator.
pub fn asked(method: &str, path: &str) -> Asked {
    let headers = vec![("authorization".to_owned(), format!("Bearer {TOKEN}"))];
    Asked { method: method.to_owned(), path: path.to_owned(), headers, body: Vec::new() }
}

impl Asked {
    /// Adds or replaces a header; an empty value removes it.
    pub fn header(mut self, name: &str, value: &str) -> Asked {
        self.headers.retain(|(there, _)| there != name);
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub fn key(self, key: &str) -> Asked {
        self.header("idempotency-key", key)
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Asked {
        self.body = body.into();
        self
    }

    /// The bytes on the wire.
    pub fn bytes(&self, address: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            text.push_str(&format!("host: {address}\r\n"));
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.method != "GET" || !self.body.is_empty() {
            text.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        text.push_str("connection: close\r\n\r\n");
        [text.into_bytes(), self.body.clone()].concat()
    }
}

impl Service {
    /// Starts it on a free port, in a crew's home.
    pub fn start(crew: &Crew, more: &[&str]) -> Service {
        Service::start_with(crew, more, &[])
    }

    /// Starts it with a log.
    pub fn logging(crew: &Crew, more: &[&str], log: std::fs::File) -> Service {
        Service::spawn(crew, more, &[], Stdio::from(log))
    }

    /// Starts it with more of the environment.
    pub fn start_with(crew: &Crew, more: &[&str], environment: &[(&str, &str)]) -> Service {
        Service::spawn(crew, more, environment, Stdio::null())
    }

    fn spawn(crew: &Crew, more: &[&str], environment: &[(&str, &str)], log: Stdio) -> Service {
        let listens = more.contains(&"--listen");
        let here: &[&str] = if listens { &[] } else { &["--listen", "127.0.0.1:0"] };
        let words = [&["serve"], here, more].concat();
        let mut child = crew
            .command(&words)
            .env("CLOUDCREW_TOKEN", TOKEN)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://");
        assert!(address.is_some(), "it said {line:?}");
        let address = address.unwrap_or_default().to_owned();
        Service { child, address }
    }

    /// Sends a request and reads the whole reply.
    #[track_caller]
    pub fn send(&self, asked: &Asked) -> Reply {
        self.try_send(asked).expect("a reply")
    }

    /// Like [`Service::send`], for a service that may be killed meanwhile.
    pub fn try_send(&self, asked: &Asked) -> std::io::Result<Reply> {
        self.raw(&asked.bytes(&self.address))
    }

    /// Sends bytes and reads the whole reply.
    pub fn raw(&self, bytes: &[u8]) -> std::io::Result<Reply> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // The server may refuse before it has read everything.
        let _ = stream.write_all(bytes);
        let mut all = Vec::new();
        let read = stream.read_to_end(&mut all);
        if all.is_empty() {
            read?;
        }
        parse(&all).ok_or_else(|| std::io::Error::other(format!("{} bytes", all.len())))
    }

    /// Starts an engagement from a statement of work.
    #[track_caller]
    pub fn begin(&self, id: &str, more: Value) -> Reply {
        let text = std::fs::read_to_string(root().join("examples/minimal/examples/sow/example.md"))
            .expect("a statement of work");
        let mut new = json!({ "id": id, "sow": { "name": "example.md", "text": text } });
        for (key, value) in more.as_object().into_iter().flatten() {
            new[key] = value.clone();
        }
        self.send(&post("/projects", &new))
    }

    /// The status of an engagement.
    #[track_caller]
    pub fn status(&self, id: &str) -> Value {
        self.send(&get(&format!("/projects/{id}/status"))).is(200).json()
    }

    /// Waits until an engagement is in this state, and returns its status.
    #[track_caller]
    pub fn reaches(&self, id: &str, state: &str) -> Value {
        self.until(id, |status| status["state"] == state)
    }

    /// Waits until a status is as wanted.
    #[track_caller]
    pub fn until(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let status = self.status(id);
            if wanted(&status) {
                return status;
            }
            assert!(began.elapsed() < PATIENCE, "{status:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The process, as others see it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it without warning.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("its end");
    }

    /// Asks it to end, and returns its exit code.
    pub fn stop(mut self) -> i32 {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("asked to end");
        self.child.wait().expect("its end").code().unwrap_or(-1)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something is so.
#[track_caller]
pub fn eventually(is: impl Fn() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "it is not so after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A reply from its bytes; `None` when they end in its head.
pub fn parse(bytes: &[u8]) -> Option<Reply> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let body = &bytes[end + 4..];
    let chunked =
        headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { whole(body) } else { body.to_vec() };
    Some(Reply { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// A chunked body, as far as it came.
fn whole(mut bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..end]).ok();
        let size = size.and_then(|text| usize::from_str_radix(text, 16).ok()).unwrap_or(0);
        let from = end + 2;
        let to = (from + size).min(bytes.len());
        all.extend_from_slice(&bytes[from..to]);
        if size == 0 || to + 2 > bytes.len() {
            break;
        }
        bytes = &bytes[to + 2..];
    }
    all
}

/// The server-sent events of a body: id, name and data. An event that was cut off is left out.
pub fn events(body: &str) -> Vec<(Option<u64>, String, Value)> {
    let complete = body.rfind("\n\n").map_or("", |end| &body[..end]);
    complete
        .split("\n\n")
        .filter_map(|event| {
            let field = |name: &str| {
                event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            };
            let data = serde_json::from_str(field("data")?).expect("JSON");
            let id = field("id").map(|id| id.parse().expect("a number"));
            Some((id, field("event")?.to_owned(), data))
        })
        .collect()
}
