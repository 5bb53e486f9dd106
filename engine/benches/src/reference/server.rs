//! The scripted Bedrock server, a separate process that is never measured.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cloudcrew_benches::root;
use serde_json::Value;

/// A running server; it ends when this value is dropped.
pub struct Server {
    process: Child,
    address: String,
}

impl Server {
    /// Starts it on a free port.
    pub fn start(folder: &Path) -> Server {
        let port_file = folder.join("port");
        let mut command = Command::new("python3");
        command.arg(root().join("tests/rigs/bedrock/fake_bedrock.py")).args([
            "--port",
            "0",
            "--times",
            "--port-file",
        ]);
        let process =
            command.arg(&port_file).stdout(Stdio::null()).spawn().expect("python3 starts");
        let began = Instant::now();
        while !port_file.exists() {
            assert!(began.elapsed() < Duration::from_secs(20), "the scripted server did not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        let port = std::fs::read_to_string(&port_file).expect("a port");
        Server { process, address: format!("127.0.0.1:{}", port.trim()) }
    }

    /// Points a command to the server, with dummy credentials.
    pub fn serves<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"))
        {
            command.env_remove(name);
        }
        command
            .env("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", format!("http://{}", self.address))
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true")
    }

    /// Loads the script of a scenario; resets all counters.
    pub fn load(&self, scenario: &Value) {
        self.ask("POST", "/_fake/load", &scenario.to_string());
    }

    /// Counters of the requests since the last [`Server::load`].
    pub fn stats(&self) -> Value {
        self.ask("GET", "/_fake/stats", "")
    }

    /// The last requests, with their bodies.
    pub fn requests(&self) -> Value {
        self.ask("GET", "/_fake/requests", "")
    }

    /// What a provider with prompt caching would bill.
    pub fn meter(&self) -> Value {
        self.ask("GET", "/_fake/meter", "")
    }

    /// Arrival time of each request and completion time of its answer, in seconds of the server's
    /// clock.
    pub fn times(&self) -> Vec<(f64, f64)> {
        let times = self.ask("GET", "/_fake/times", "");
        let seconds = |value: &Value| value.as_f64().expect("a time");
        times
            .as_array()
            .expect("times")
            .iter()
            .map(|time| (seconds(&time[0]), seconds(&time[1])))
            .collect()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("sent");
        let mut answer = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = stream.read(&mut buffer).expect("an answer");
            answer.extend_from_slice(&buffer[..read]);
            let Some(end) = answer.windows(4).take(4096).position(|four| four == b"\r\n\r\n")
            else {
                continue;
            };
            let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .expect("a length");
            let length: usize = length.trim().parse().expect("a number");
            if answer.len() >= end + 4 + length {
                return serde_json::from_slice(&answer[end + 4..]).expect("JSON");
            }
            assert!(read > 0, "the server answers in full");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
