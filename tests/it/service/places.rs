//! Which repositories callers may name: what the operator allows, and nothing else.

use serde_json::json;

use crate::support::crew;
use crate::support::service::Service;

#[test]
fn a_caller_reaches_only_the_repositories_that_the_operator_allows() {
    let crew = crew();
    let root = crew.folder.path().join("allowed");
    std::fs::create_dir(&root).expect("a folder");
    let words = ["--repo-root", root.to_str().expect("a path"), "--repo-host", "Git.example.com"];
    let service = Service::start(&crew, &words);
    for (repo, status, why) in [
        (json!({ "path": "/etc" }), 403, "does not allow this path"),
        (json!({ "path": root.join("../home") }), 403, "does not allow this path"),
        (json!({ "url": "https://other.example.com/r.git" }), 403, "does not allow this host"),
        (json!({ "url": "https://git.example.com.evil/r" }), 403, "does not allow this host"),
        (json!({ "url": "ssh://git@169.254.169.254/r" }), 403, "does not allow this host"),
        (json!({ "url": "https://me:secret@git.example.com/r" }), 422, "contains a password"),
        (json!({ "url": "http://git.example.com/r" }), 422, "use `https`"),
        (json!({ "url": "file:///etc" }), 422, "host and a path"),
        (
            json!({ "url": "https://git.example.com/r", "path": "/x" }),
            422,
            "either `path` or `url`",
        ),
        (json!({}), 422, "either `path` or `url`"),
    ] {
        let reply = service.begin("demo", json!({ "repo": repo })).is(status);
        let detail = reply.json()["detail"].to_string();
        assert!(detail.contains(why) && !detail.contains("secret@"), "{repo}: {detail}");
    }
    let named = service.begin("demo", json!({ "customer": "acme" })).is(422).json();
    assert!(named["detail"].to_string().contains("{customer}"), "{named:#}");
}

#[test]
fn a_customer_selects_a_repository_and_nothing_more() {
    let crew = crew();
    let url = "https://127.0.0.1:9/{customer}/delivery.git";
    let service = Service::start(&crew, &["--repo-url", url]);
    for customer in ["../x", "a/b", "A", "-a", "a%2f", "", "a@b"] {
        service.begin("demo", json!({ "customer": customer })).is(422);
    }
    let none = service.begin("demo", json!({})).is(422).json();
    assert!(none["detail"].to_string().contains("name the `customer`"), "{none:#}");
    // Nobody listens there.
    let tried = service.begin("demo", json!({ "customer": "acme" })).is(422).json();
    let detail = tried["detail"].to_string();
    assert!(detail.contains("127.0.0.1:9/acme/delivery.git: no connection"), "{detail}");
}
