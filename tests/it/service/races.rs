//! Many callers, one decision.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{approval, small, with_approvers};
use crate::support::chance::number;
use crate::support::service::{Asked, Reply, Service, get, post};

/// Number of gates to race for: `CLOUDCREW_GATES` for more.
fn gates() -> u64 {
    number("CLOUDCREW_GATES", 10)
}

#[test]
fn of_sixty_four_callers_one_decides() {
    let crew = small();
    let mut service = Service::start(&crew, &[]);
    for gate in 0..gates() {
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
                std::thread::sleep(Duration::from_millis(gate % 7));
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

#[test]
fn of_many_votes_of_three_people_two_decide_and_each_counts_once() {
    let crew = with_approvers();
    let names = ["bea", "cem", "dan"];
    let person = |name: &&str| {
        let hash = cloudcrew_definition::digest::sha256(format!("token-of-{name}").as_bytes());
        ((*name).to_owned(), json!({ "token_sha256": hash, "groups": ["finance"] }))
    };
    let people = Value::Object(names.iter().map(person).collect());
    let file = crew.folder.path().join("people.json");
    std::fs::write(&file, people.to_string()).unwrap();
    let words = ["--people", file.to_str().unwrap()];
    let mut service = Service::start(&crew, &words);
    for gate in 0..gates() {
        let id = format!("gate-{gate}");
        service.begin(&id, json!({})).is(201);
        let status = service.reaches(&id, "waiting");
        let kills = gate % 10 == 1;
        let approve = post(&format!("/projects/{id}/approve"), &approval(&status));
        let replies: Vec<Option<Reply>> = std::thread::scope(|scope| {
            let callers = (0..63).map(|caller| {
                let token = format!("Bearer token-of-{}", names[caller % 3]);
                let mut asked = approve.clone().header("authorization", &token);
                if caller % 2 == 0 {
                    asked = asked.key(&format!("{id}-{}", caller % 3));
                }
                let service = &service;
                scope.spawn(move || service.try_send(&asked).ok())
            });
            let callers: Vec<_> = callers.collect();
            if kills {
                std::thread::sleep(Duration::from_millis(gate % 7));
                let pid = rustix::process::Pid::from_raw(service.pid() as i32).unwrap();
                rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            }
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        if kills {
            drop(service);
            service = Service::start(&crew, &words);
            // Whoever got no reply asks again.
            for name in names {
                let token = format!("Bearer token-of-{name}");
                service.send(&approve.clone().header("authorization", &token));
            }
        }
        for reply in replies {
            let Some(reply) = reply else {
                assert!(kills, "a caller got no reply");
                continue;
            };
            assert!([200, 409].contains(&reply.status), "{reply:?}");
        }
        service.reaches(&id, "done");
        let events = |kind: &str| {
            let page = format!("/projects/{id}/events?kind={kind}");
            let page = service.send(&get(&page)).is(200).json();
            let of = |event: &Value| event["event"]["answer"]["actor"].to_string();
            page["events"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
        };
        let (voted, decided) = (events("voted"), events("request_answered"));
        assert_eq!((voted.len(), decided.len()), (1, 1), "{id}");
        assert_ne!(voted, decided, "one person counts once");
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
