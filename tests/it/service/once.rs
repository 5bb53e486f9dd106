//! Requests that are sent twice.

use std::collections::BTreeSet;

use serde_json::json;

use super::{approval, small};
use crate::support::service::{Service, get, post};

#[test]
fn a_request_that_is_sent_twice_acts_once() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    let text = "# Orders\n\n## Requirements\n\n- Take orders.\n";
    let new = json!({ "sow": { "name": "orders.md", "text": text } });
    let start = post("/projects", &new).key("one");
    let first = service.send(&start).is(201);
    let again = service.send(&start).is(201);
    assert_eq!((first.json(), again.header("idempotency-replayed")), (again.json(), Some("true")));
    let other = json!({ "sow": { "name": "other.md", "text": text } });
    service.send(&post("/projects", &other).key("one")).refused(422, "key-reused");
    assert_eq!(service.send(&post("/projects", &new)).is(201).json()["id"], "orders-2");
    let all = service.send(&get("/projects")).is(200).json();
    assert_eq!(all["projects"].as_array().unwrap().len(), 2);

    // A refusal is repeated too, even when it would be accepted by now.
    let status = service.reaches("orders", "waiting");
    let stale = json!({ "request": status["waiting"][0]["id"], "digest": "0".repeat(64) });
    let refused = service.send(&post("/projects/orders/approve", &stale).key("two"));
    let refused = refused.refused(409, "changed");
    let approve = post("/projects/orders/approve", &approval(&status)).key("three");
    let decided = service.send(&approve).is(200);
    assert_eq!(service.send(&approve).is(200).body, decided.body);
    let again = service.send(&post("/projects/orders/approve", &stale).key("two"));
    assert_eq!(again.is(409).body, refused.body);
    // Without its key, the same approval was given before.
    service.send(&post("/projects/orders/approve", &approval(&status))).is(200);
    assert_eq!(service.send(&start).is(201).body, first.body, "after everything else");
}

#[test]
fn a_ticket_is_never_given_twice() {
    let crew = small();
    let service = Service::start(&crew, &[]);
    let ask = post("/tickets", &json!({ "projects": "all" })).key("same");
    let tickets: BTreeSet<String> = (0..3)
        .map(|_| service.send(&ask).is(201).json()["ticket"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(tickets.len(), 3);
}
