//! Streams through a network that delays and cuts.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use super::{approval, small};
use crate::support::chance::{Chance, number};
use crate::support::service::{Service, events, get, parse, post};

/// Readers of each engagement.
const READERS: u64 = 4;

/// Passes connections on, slowly, and cuts each after some bytes.
struct Network {
    address: String,
    cuts: Arc<AtomicUsize>,
}

impl Network {
    fn before(service: &str) -> Network {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let (cuts, service) = (Arc::new(AtomicUsize::new(0)), service.to_owned());
        let counted = Arc::clone(&cuts);
        std::thread::spawn(move || {
            for (number, client) in (0..).zip(listener.incoming().flatten()) {
                let (service, cuts) = (service.clone(), Arc::clone(&counted));
                std::thread::spawn(move || pass(client, &service, &cuts, number));
            }
        });
        Network { address, cuts }
    }
}

fn pass(mut client: TcpStream, service: &str, cuts: &AtomicUsize, number: u64) -> Option<()> {
    let mut chance = Chance::of(number);
    let mut server = TcpStream::connect(service).ok()?;
    let (mut asks, mut sends) = (client.try_clone().ok()?, server.try_clone().ok()?);
    std::thread::spawn(move || std::io::copy(&mut asks, &mut sends));
    let mut left = 200 + chance.below(6_000);
    let mut part = vec![0; 1 + chance.below(900)];
    loop {
        let read = server.read(&mut part).ok().filter(|read| *read > 0)?;
        let sent = read.min(left);
        client.write_all(&part[..sent]).ok()?;
        left -= sent;
        if left == 0 {
            cuts.fetch_add(1, Ordering::Relaxed);
            let _ = server.shutdown(Shutdown::Both);
            return client.shutdown(Shutdown::Both).ok();
        }
        std::thread::sleep(Duration::from_millis(chance.below(4) as u64));
    }
}

/// Follows an engagement to its end through a bad network; returns the numbers that it saw.
fn follow(network: &str, id: &str) -> Vec<u64> {
    let mut seen = Vec::<u64>::new();
    loop {
        let last = seen.last().copied().unwrap_or(0).to_string();
        let path = format!("/projects/{id}/events/stream");
        let asked = get(&path).header("last-event-id", &last).header("host", "127.0.0.1");
        let mut stream = TcpStream::connect(network).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
        stream.write_all(&asked.bytes(network)).expect("sent");
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let body = parse(&all).map(|reply| reply.body).unwrap_or_default();
        for (seq, kind, _) in events(&body) {
            seen.extend(seq);
            if kind == "ended" {
                return seen;
            }
        }
        assert!(seen.len() < 100_000, "{id} never ends");
    }
}

#[test]
fn no_event_is_lost_repeated_or_out_of_order_however_often_the_network_cuts() {
    let wanted = number("CLOUDCREW_CUTS", 100);
    let crew = small();
    let service = Service::start(&crew, &[]);
    let network = Network::before(&service.address);
    for round in 0.. {
        let id = format!("round-{round}");
        service.begin(&id, json!({})).is(201);
        std::thread::scope(|scope| {
            let readers: Vec<_> =
                (0..READERS).map(|_| scope.spawn(|| follow(&network.address, &id))).collect();
            let status = service.reaches(&id, "waiting");
            let approve = format!("/projects/{id}/approve");
            service.send(&post(&approve, &approval(&status))).is(200);
            let last = service.reaches(&id, "done")["as_of"].as_u64().expect("a number");
            for reader in readers {
                let seen = reader.join().expect("no panic");
                let all: Vec<u64> = (1..=last).collect();
                assert_eq!(seen, all, "round {round}");
            }
        });
        if network.cuts.load(Ordering::Relaxed) as u64 >= wanted {
            return;
        }
    }
}
