//! What the service takes: a page of its lists with many engagements against few, a request with
//! one durable commit against a bare handler that does the same, its start, and a steady load of
//! writers and readers.
//!
//! `cargo bench -p cloudcrew-benches --bench service`

mod load;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::put;
use cloudcrew_benches::home::filled;
use cloudcrew_benches::{binary, median, ms, root};
use rusqlite::Connection;

/// Engagements of the small and the large home; all of them wait.
const FEW: usize = 100;
const MANY: usize = 10_000;
/// Requests per list.
const PAGES: usize = 300;
/// Connections that write at once, and requests on each.
const WRITERS: usize = 8;
const WRITES: usize = 250;
const TOKEN: &str = "the-benchmarks-token";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, first, address, readers] = arguments.as_slice()
        && first == load::APART
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let readers = readers.parse().expect("a number");
        return runtime.expect("a runtime").block_on(load::print(address, readers));
    }
    let ours = binary();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (small, large) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    runtime.block_on(filled(small.path(), FEW, 1));
    runtime.block_on(filled(large.path(), MANY, 1));

    let (few, _) = Service::start(&ours, small.path());
    let (many, ready) = Service::start(&ours, large.path());
    println!(
        "a page of 50 in a home of {MANY} waiting engagements over one of {FEW}, medians of {PAGES}"
    );
    for path in ["/projects", "/inbox", "/projects/engagement-7/status"] {
        let (small, large) = (few.page(path), many.page(path));
        println!(
            "  {path:32} {} and {}   {:.2}x",
            ms(large),
            ms(small),
            large.as_secs_f64() / small.as_secs_f64()
        );
    }
    println!("start to ready with {MANY} waiting engagements\n  {}", ms(ready));

    let bare = runtime.block_on(bare(small.path()));
    let (theirs, ours) = (writes(&bare, 0), writes(&few.address, 1));
    println!(
        "requests with one durable commit, {WRITERS} connections, {WRITES} each\n  \
         bare axum handler  {theirs:.0} per second\n  service            {ours:.0} per second   \
         {:.2} of bare",
        ours / theirs
    );
    drop(few);

    println!(
        "{} engagements write once a second beside {MANY} that wait, {} readers follow them",
        load::ACTIVE,
        load::READERS
    );
    let mut theirs = load::apart(&bare, 0);
    let mut ours = load::apart(&many.address, load::READERS);
    let p99 = load::at(0.99, &mut theirs.writes);
    let own = load::at(0.99, &mut ours.writes);
    let over = own.as_secs_f64() / p99.as_secs_f64();
    println!("  write, p99        {} of the service, {} bare   {over:.2}x", ms(own), ms(p99));
    let sent = ours.writes.len() * load::READERS / load::ACTIVE;
    println!(
        "  event to reader   p50 {}, p99 {}; {} of {sent} events",
        ms(load::at(0.5, &mut ours.events)),
        ms(load::at(0.99, &mut ours.events)),
        ours.events.len()
    );
}

struct Service {
    child: Child,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    /// Starts the service; returns it and the time until it listens.
    fn start(binary: &Path, home: &Path) -> (Service, Duration) {
        let began = Instant::now();
        let mut child = Command::new(binary)
            .arg("-C")
            .arg(root())
            .arg("--home")
            .arg(home)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("CLOUDCREW_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit("http://").next().unwrap_or_default().to_owned();
        let service = Service { child, address };
        service.page_once("/readyz", &mut service.connect());
        (service, began.elapsed())
    }

    fn connect(&self) -> BufReader<TcpStream> {
        BufReader::new(TcpStream::connect(&self.address).expect("a connection"))
    }

    fn page_once(&self, path: &str, connection: &mut BufReader<TcpStream>) -> Duration {
        let began = Instant::now();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\n\r\n",
            self.address
        );
        ask(connection, &request);
        began.elapsed()
    }

    /// Median time of a page.
    fn page(&self, path: &str) -> Duration {
        let mut connection = self.connect();
        self.page_once(path, &mut connection);
        let times: Vec<Duration> =
            (0..PAGES).map(|_| self.page_once(path, &mut connection)).collect();
        median(&times)
    }
}

/// Sends a request and reads its reply, which must be a success.
fn ask(connection: &mut BufReader<TcpStream>, request: &str) {
    connection.get_mut().write_all(request.as_bytes()).expect("sent");
    let (mut line, mut length, mut status) = (String::new(), 0, String::new());
    loop {
        line.clear();
        connection.read_line(&mut line).expect("a line");
        if status.is_empty() {
            status = line.clone();
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().expect("a number");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).expect("a body");
    assert!(status.starts_with("HTTP/1.1 2"), "{status} {}", String::from_utf8_lossy(&body));
}

/// Requests per second of writers at once. Each connection writes to an engagement of its own.
fn writes(address: &str, round: usize) -> f64 {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let stream = TcpStream::connect(address).expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                let mut connection = BufReader::new(stream);
                for n in 0..WRITES {
                    let body = format!("{{\"role\":\"viewer\",\"groups\":[\"{round}-{n}\"]}}");
                    let request = format!(
                        "PUT /projects/engagement-{writer}/members/ada HTTP/1.1\r\nhost: {address}\r\n\
                         authorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
                         content-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    ask(&mut connection, &request);
                }
            });
        }
    });
    (WRITERS * WRITES) as f64 / began.elapsed().as_secs_f64()
}

/// A bare handler that commits one row durably for each request; its address.
async fn bare(home: &Path) -> String {
    let connection = Connection::open(home.join("bare.db")).expect("a database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE row (text TEXT)",
        )
        .expect("a table");
    let shared = Arc::new(Mutex::new(connection));
    let handler = async |State(shared): State<Arc<Mutex<Connection>>>, body: String| {
        let connection = shared.lock().expect("no panic");
        connection.execute("INSERT INTO row (text) VALUES (?1)", [&body]).expect("a row");
        body
    };
    let router =
        Router::new().route("/projects/{id}/members/{person}", put(handler)).with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
