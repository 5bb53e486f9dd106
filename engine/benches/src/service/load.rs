//! Steady load: engagements that write once a second while many readers follow them, and the same
//! commits made by a bare handler.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::TOKEN;

/// Engagements that write, once a second each.
pub const ACTIVE: usize = 200;
/// Readers that follow them.
pub const READERS: usize = 2_000;
/// How long.
const TIME: Duration = Duration::from_secs(20);

/// Latencies of one run.
#[derive(Default)]
pub struct Latencies {
    /// From a request to its reply.
    pub writes: Vec<Duration>,
    /// From a request to each reader's event.
    pub events: Vec<Duration>,
}

/// The first argument of a process that makes a load alone.
pub const APART: &str = "--make-load";

/// Runs the load in a process of its own, so that nothing else of the benchmark takes its time.
pub fn apart(address: &str, readers: usize) -> Latencies {
    let this = std::env::current_exe().expect("this program");
    let made = std::process::Command::new(this)
        .args([APART, address, &readers.to_string()])
        .output()
        .expect("it starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mut seen = Latencies::default();
    for line in String::from_utf8_lossy(&made.stdout).lines() {
        let (kind, time) = line.split_once(' ').expect("two words");
        let time = Duration::from_micros(time.parse().expect("a number"));
        if kind == "write" { &mut seen.writes } else { &mut seen.events }.push(time);
    }
    seen
}

/// Makes the load that the arguments of this process ask for, and prints every latency.
pub async fn print(address: &str, readers: usize) {
    let Latencies { writes, events } = run(address, readers).await;
    for (kind, times) in [("write", writes), ("event", events)] {
        times.iter().for_each(|time| println!("{kind} {}", time.as_micros()));
    }
}

/// Runs the load; `readers` is 0 for a handler that has none.
async fn run(address: &str, readers: usize) -> Latencies {
    let seen = Arc::new(Mutex::new(Latencies::default()));
    let mut tasks = tokio::task::JoinSet::new();
    for reader in 0..readers {
        let (address, seen) = (address.to_owned(), Arc::clone(&seen));
        tasks.spawn(async move { follow(&address, reader % ACTIVE, &seen).await });
    }
    // All readers are there before the first write.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let end = Instant::now() + TIME;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..ACTIVE {
        let (address, seen) = (address.to_owned(), Arc::clone(&seen));
        writers.spawn(async move {
            tokio::time::sleep(Duration::from_millis(writer as u64 * 1_000 / ACTIVE as u64)).await;
            let mut connection = BufReader::new(TcpStream::connect(&address).await.expect("one"));
            connection.get_ref().set_nodelay(true).expect("no delay");
            let mut ticks = tokio::time::interval(Duration::from_secs(1));
            while Instant::now() < end {
                ticks.tick().await;
                let began = Instant::now();
                write(&mut connection, &address, writer).await;
                seen.lock().expect("no panic").writes.push(began.elapsed());
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.expect("no panic");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    tasks.shutdown().await;
    std::mem::take(&mut *seen.lock().expect("no panic"))
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_micros()).expect("a number")
}

/// Makes one durable commit that says when it was asked for.
async fn write(connection: &mut BufReader<TcpStream>, address: &str, engagement: usize) {
    let body = format!("{{\"role\":\"viewer\",\"groups\":[\"at-{}\"]}}", now());
    let request = format!(
        "PUT /projects/engagement-{engagement}/members/ada HTTP/1.1\r\nhost: {address}\r\n\
         authorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.get_mut().write_all(request.as_bytes()).await.expect("sent");
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        connection.read_line(&mut line).await.expect("a line");
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = value.trim().parse().expect("a number");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.expect("a body");
}

/// Follows an engagement and notes how old each event is.
async fn follow(address: &str, engagement: usize, seen: &Mutex<Latencies>) {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let mut reader = BufReader::new(stream);
    let request = format!(
        "GET /projects/engagement-{engagement}/events/stream?after=1000000 HTTP/1.1\r\n\
         host: {address}\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
    );
    reader.get_mut().write_all(request.as_bytes()).await.expect("sent");
    let mut line = String::new();
    loop {
        line.clear();
        match reader.read_line(&mut line).await {
            Ok(read) if read > 0 => {}
            _ => return,
        }
        let at = line.split("\"at-").nth(1).and_then(|rest| rest.split('"').next());
        if let Some(at) = at.and_then(|at| at.parse::<u64>().ok()) {
            let age = Duration::from_micros(now().saturating_sub(at));
            seen.lock().expect("no panic").events.push(age);
        }
    }
}

/// The value that this share of all does not exceed.
pub fn at(share: f64, all: &mut [Duration]) -> Duration {
    all.sort();
    let last = all.len().saturating_sub(1);
    all.get(((last as f64) * share) as usize).copied().unwrap_or_default()
}
