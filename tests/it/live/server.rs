//! The scripted server of `tests/rigs/bedrock`, on a free port, until it is dropped.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::root;

pub struct Server {
    child: Child,
    pub port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    pub fn start(script: &Value) -> Server {
        Server::on(0, script)
    }

    /// Starts on a given port, to replace an earlier server.
    pub fn on(port: u16, script: &Value) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        let (scenario, port_file) = (folder.path().join("script.json"), folder.path().join("port"));
        std::fs::write(&scenario, script.to_string()).expect("written");
        let child = Command::new("python3")
            .arg(root().join("tests/rigs/bedrock/fake_bedrock.py"))
            .args(["--port", &port.to_string(), "--port-file"])
            .arg(&port_file)
            .arg("--scenario")
            .arg(&scenario)
            .stdout(Stdio::null())
            .spawn()
            .expect("python3 starts");
        let began = Instant::now();
        let port = loop {
            if let Some(port) =
                std::fs::read_to_string(&port_file).ok().and_then(|text| text.parse().ok())
            {
                break port;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "the server did not start");
            std::thread::sleep(Duration::from_millis(10));
        };
        Server { child, port, _folder: folder }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Usage by the meter of the server.
    pub fn meter(&self) -> Value {
        self.get("/_fake/meter")
    }

    /// Requests with their bodies.
    pub fn requests(&self) -> Vec<Value> {
        self.get("/_fake/requests").as_array().expect("a list").clone()
    }

    /// Restarts the scripts.
    pub fn rewind(&self) {
        self.ask("POST", "/_fake/rewind");
    }

    fn get(&self, path: &str) -> Value {
        self.ask("GET", path)
    }

    fn ask(&self, method: &str, path: &str) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the server answers");
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n").expect("written");
        let (mut answer, mut piece) = (Vec::new(), [0; 65536]);
        loop {
            let read = stream.read(&mut piece).expect("read");
            answer.extend(&piece[..read]);
            let head = answer.windows(4).position(|w| w == b"\r\n\r\n");
            let Some(head) = head else { continue };
            let text = String::from_utf8_lossy(&answer[..head]).to_lowercase();
            let length = text.lines().find_map(|line| {
                line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok()
            });
            let body = &answer[head + 4..];
            if read == 0 || length.is_some_and(|length| body.len() >= length) {
                return serde_json::from_slice(body).expect("JSON");
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
