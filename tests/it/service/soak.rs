//! A long run under load with kills: memory, handles and files stay as they are.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{approval, small};
use crate::support::chance::number;
use crate::support::service::{Service, asked, get, post};

/// Time between kills.
const PERIOD: Duration = Duration::from_secs(60);

/// Memory in MiB and open handles of a process.
fn used(pid: u32) -> (u64, usize) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let memory = memory.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    let handles = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("a process").count();
    (memory.unwrap_or_default() / 1024, handles)
}

/// Starts, reads, talks and decides until the time is over.
fn work(service: &Service, worker: usize, round: usize, until: Instant) -> usize {
    let mut done = 0;
    while Instant::now() < until {
        let id = format!("soak-{worker}-{round}-{done}");
        service.begin(&id, json!({})).is(201);
        let status = service.reaches(&id, "waiting");
        let message = json!({ "text": "Where are we?" });
        service.send(&post(&format!("/projects/{id}/message"), &message)).is(202);
        for path in ["", "/board", "/ledger", "/events?limit=500", "/cost", "/audit"] {
            service.send(&get(&format!("/projects/{id}{path}"))).is(200);
        }
        let stream = format!("/projects/{id}/events/stream?limit=5");
        service.send(&get(&stream)).is(200);
        service.send(&post(&format!("/projects/{id}/approve"), &approval(&status))).is(200);
        service.reaches(&id, "done");
        service.send(&asked("GET", "/projects?limit=50")).is(200);
        done += 1;
    }
    done
}

#[test]
#[ignore = "takes ten minutes: CLOUDCREW_SOAK sets the seconds"]
fn memory_and_handles_stay_as_they_are_through_load_and_kills() {
    let time = Duration::from_secs(number("CLOUDCREW_SOAK", 600));
    let crew = small();
    let (began, mut periods) = (Instant::now(), Vec::new());
    while began.elapsed() < time {
        let service = Service::start(&crew, &[]);
        let until = Instant::now() + PERIOD.min(time);
        let round = periods.len();
        let finished: usize = std::thread::scope(|scope| {
            let service = &service;
            let workers: Vec<_> =
                (0..4).map(|w| scope.spawn(move || work(service, w, round, until))).collect();
            workers.into_iter().map(|worker| worker.join().expect("no panic")).sum()
        });
        let (memory, handles) = used(service.pid());
        println!("{finished} engagements, {memory} MiB, {handles} handles");
        assert!(finished > 0);
        periods.push((memory, handles));
        service.kill();
    }
    let (first, last) = (periods[0], periods[periods.len() - 1]);
    // Memory holds the engagements that were read lately, at most 256.
    assert!(last.0 <= first.0 + first.0 / 2 + 32, "{periods:?}");
    assert!(last.1 <= first.1 + 16, "{periods:?}");
    let stray = std::fs::read_dir(crew.home()).expect("a home").count();
    assert!(stray < 12, "{stray} files and folders in the home");
}
