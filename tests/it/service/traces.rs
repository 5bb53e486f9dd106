//! Traces for OpenTelemetry, and the log.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{approval, small};
use crate::support::receiver::Receiver;
use crate::support::service::{Service, eventually, get, post};

/// The spans that a collector received, in order.
fn spans(collector: &Receiver) -> Vec<Value> {
    let received = collector.received();
    let requests = received
        .iter()
        .map(|request| -> Value { serde_json::from_str(&request.body).expect("JSON") });
    let all = requests.flat_map(|request| {
        let spans = &request["resourceSpans"][0]["scopeSpans"][0]["spans"];
        spans.as_array().expect("spans").clone()
    });
    all.collect()
}

#[test]
fn a_restart_neither_loses_nor_repeats_a_span_and_a_wait_is_a_link() {
    let (crew, collector) = (small(), Receiver::start());
    let url = format!("http://127.0.0.1:{}", collector.port);
    let service = Service::start(&crew, &["--otlp", &url]);
    service.begin("demo", json!({})).is(201);
    let status = service.reaches("demo", "waiting");
    eventually(|| !spans(&collector).is_empty());
    let mut changes = approval(&status);
    changes["words"] = json!("Shorter, please.");
    service.send(&post("/projects/demo/revise", &changes)).is(200);
    service.kill();

    let service = Service::start(&crew, &["--otlp", &url]);
    let again = |now: &Value| now["state"] == "waiting" && now["waiting"] != status["waiting"];
    let status = service.until("demo", again);
    service.send(&post("/projects/demo/approve", &approval(&status))).is(200);
    service.reaches("demo", "done");
    let root = |span: &Value| span["name"] == "demo";
    eventually(|| spans(&collector).iter().any(root));

    let all = spans(&collector);
    let ids: Vec<&Value> = all.iter().map(|span| &span["spanId"]).collect();
    let mut by_id = BTreeMap::new();
    for span in &all {
        let id = span["spanId"].as_str().expect("an id");
        assert!(by_id.insert(id, span).is_none(), "{id} was sent twice: {ids:?}");
        assert_eq!(span["traceId"], all[0]["traceId"]);
        let time = |key: &str| span[key].as_str().and_then(|n| n.parse::<u64>().ok());
        assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"), "{span:#}");
    }
    for span in &all {
        if let Some(parent) = span["parentSpanId"].as_str() {
            assert!(by_id.contains_key(parent), "{span:#} has no parent");
        } else {
            assert!(root(span), "{span:#}");
        }
    }
    let named = |prefix: &str| {
        let of = |span: &&Value| span["name"].as_str().is_some_and(|n| n.starts_with(prefix));
        all.iter().filter(of).collect::<Vec<_>>()
    };
    let page = service.send(&get("/projects/demo/events?kind=model_called&limit=500")).is(200);
    let calls = page.json()["events"].as_array().expect("events").len();
    assert_eq!(named("chat ").len(), calls, "each call of a model is a span");
    assert!(!named("execute_tool ").is_empty() && !named("invoke_agent ").is_empty());
    let work = named("work proposal");
    assert_eq!(work.len(), 2, "each run is a span, and the wait between them is not");
    assert_eq!(work[1]["links"][0]["spanId"], work[0]["spanId"]);
}

#[test]
fn the_log_names_each_request_and_no_secret() {
    let crew = small();
    let file = crew.home().with_file_name("log");
    let log = std::fs::File::create(&file).expect("a file");
    let service = Service::logging(&crew, &["--log", "json"], log);
    service.send(&get("/me?secret=hidden")).is(200);
    service.send(&get("/projects/none/status")).refused(404, "unknown");
    let text = std::fs::read_to_string(&file).expect("a log");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |path: &str| lines.iter().find(|line| line["path"] == path).expect("a line");
    let (me, none) = (of("/me"), of("/projects/none/status"));
    assert_eq!((&me["status"], &me["caller"]), (&json!(200), &json!("customer")));
    assert_eq!(none["status"], 404);
    assert!(!text.contains("hidden") && !text.contains(crate::support::service::TOKEN));
    for level in ["loud=very", "loud", ""] {
        crew.run(&["serve", "--listen", "127.0.0.1:0", "--log-level", level]).exits(2);
    }
}
