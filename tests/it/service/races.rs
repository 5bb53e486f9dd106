//! Many callers, one decision.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{approval, small};
use crate::support::service::{Asked, Reply, Service, get, post};

/// Number of gates to race for: `CLOUDCREW_GATES` for more.
fn gates() -> usize {
    std::env::var("CLOUDCREW_GATES").ok().and_then(|n| n.parse().ok()).unwrap_or(40).min(1000) / 4
}

#[test]
fn of_sixty_four_callers_one_decides() {
    let crew = small();
    let mut service = Service::start(&crew, &[]);
    for gate in 0..gates().max(2) {
        let id = format!("gate-{gate}");
        service.begin(&id, json!({})).is(201);
        let status = service.reaches(&id, "waiting");
        let kills = gate % 10 == 1;
        let replies: Vec<(usize, Option<Reply>)> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..64)
                .map(|caller| {
                    let asked = decision(&id, &status, caller);
                    let service = &service;
                    scope.spawn(move || (caller, service.try_send(&asked).ok()))
                })
                .collect();
            if kills {
                std::thread::sleep(Duration::from_millis(gate as u64 % 7));
                let pid = rustix::process::Pid::from_raw(service.pid() as i32).unwrap();
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            }
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        if kills {
            drop(service);
            service = Service::start(&crew, &[]);
        }
        let path =
            format!("/projects/{id}/requests/{}", status["waiting"][0]["id"].as_str().unwrap());
        let won = service.send(&get(&path)).is(200).json()["answer"]["decision"].clone();
        let mut winners = BTreeSet::new();
        for (caller, reply) in &replies {
            let Some(reply) = reply else {
                assert!(kills, "caller {caller} got no reply");
                continue;
            };
            match reply.status {
                200 => {
                    assert_eq!(reply.json()["decision"], won, "{reply:?}");
                    winners.insert(if won == "approved" { 0 } else { *caller });
                }
                409 if caller % 4 == 3 => {
                    let kind = &reply.json()["type"];
                    assert!(kind == "urn:cloudcrew:changed" || kind == "urn:cloudcrew:decided");
                }
                409 => assert!(!reply.json()["detail"].as_str().unwrap().is_empty(), "{reply:?}"),
                _ => panic!("caller {caller}: {reply:?}"),
            }
        }
        assert!(winners.len() <= 1, "{winners:?} all decided {id}");
        assert!(kills || winners.len() == 1, "nobody decided {id}");
        if won.is_null() {
            continue;
        }
        let answers = service.send(&get(&format!("/projects/{id}/events?kind=request_answered")));
        assert_eq!(answers.is(200).json()["events"].as_array().unwrap().len(), 1, "{id}");
    }
}

/// What a caller sends: an approval, a revision, the same approval with a key, or an old digest.
fn decision(id: &str, status: &Value, caller: usize) -> Asked {
    let (approve, revise) = (format!("/projects/{id}/approve"), format!("/projects/{id}/revise"));
    let mut body = approval(status);
    match caller % 4 {
        0 => post(&approve, &body),
        1 => {
            body["words"] = format!("As caller {caller} says.").into();
            post(&revise, &body)
        }
        2 => post(&approve, &body).key(&format!("the-same-{id}")),
        _ => {
            body["digest"] = "0".repeat(64).into();
            post(&approve, &body)
        }
    }
}
