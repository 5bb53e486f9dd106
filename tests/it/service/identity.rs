//! People whom an identity provider vouches for.

use std::collections::BTreeMap;

use ring::signature::RSA_PKCS1_SHA512;
use serde_json::{Value, json};

use super::{approval, small};
use crate::support::issuer::{CLIENT, Issuer, Signed, header, now, url64};
use crate::support::service::{Asked, Reply, Service, TOKEN, asked, get, post};

/// The public address of the service.
const PUBLIC: &str = "crew.example";

/// A service that listens on every address, and its identity provider.
fn vouched() -> (Issuer, crate::support::Crew, Service) {
    let (issuer, crew) = (Issuer::start(), small());
    let words = [
        "--issuer",
        &issuer.url,
        "--client-id",
        CLIENT,
        "--public-url",
        "https://crew.example",
        "--operators",
        "operators",
        "--listen",
        "0.0.0.0:0",
    ];
    let service = Service::start(&crew, &words);
    (issuer, crew, service)
}

/// A request from elsewhere, with a token.
fn from_elsewhere(asked: Asked, token: &str) -> Asked {
    let asked = asked.header("host", PUBLIC);
    if token.is_empty() {
        return asked.header("authorization", "");
    }
    asked.header("authorization", &format!("Bearer {token}"))
}

/// Tokens that must not be accepted, each with its fault.
fn bad_tokens(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let claims = issuer.claims("eve");
    let with = |changes: Value| {
        let mut changed = claims.clone();
        for (key, value) in changes.as_object().expect("claims") {
            match value {
                Value::Null => drop(changed.as_object_mut().expect("claims").remove(key)),
                value => changed[key] = value.clone(),
            }
        }
        issuer.sign(&header(), &changed, Signed::Right)
    };
    let headed = |header: Value, signed| issuer.sign(&header, &claims, signed);
    let good = issuer.token("eve");
    let mut parts: Vec<&str> = good.split('.').collect();
    let forged = url64(issuer.claims("root").to_string());
    parts[1] = &forged;
    let now = now();
    vec![
        ("none", String::new()),
        ("garbage", "not.a.token".to_owned()),
        ("expired", with(json!({ "exp": now - 120 }))),
        ("without an end", with(json!({ "exp": null }))),
        ("not valid yet", with(json!({ "nbf": now + 120 }))),
        ("issued in the future", with(json!({ "iat": now + 120 }))),
        ("of a foreign issuer", with(json!({ "iss": "https://evil.example" }))),
        ("of an issuer with a slash more", with(json!({ "iss": format!("{}/", issuer.url) }))),
        ("without an issuer", with(json!({ "iss": null }))),
        ("an identity token", with(json!({ "token_use": "id", "aud": CLIENT }))),
        ("for another client", with(json!({ "client_id": "another" }))),
        ("for another audience", with(json!({ "token_use": null, "aud": "another" }))),
        ("for no audience", with(json!({ "token_use": null }))),
        ("without a subject", with(json!({ "sub": null }))),
        ("not signed", headed(json!({ "alg": "none", "kid": "key-1" }), Signed::No)),
        (
            "signed with the public key",
            headed(json!({ "alg": "HS256", "kid": "key-1" }), Signed::Shared),
        ),
        (
            "RS512",
            headed(json!({ "alg": "RS512", "kid": "key-1" }), Signed::With(&RSA_PKCS1_SHA512)),
        ),
        ("of an unknown key", headed(json!({ "alg": "RS256", "kid": "key-2" }), Signed::Other)),
        ("signed with another key", headed(header(), Signed::Other)),
        ("without the name of its key", headed(json!({ "alg": "RS256" }), Signed::Right)),
        (
            "with the address of its key",
            headed(
                json!({ "alg": "RS256", "kid": "key-3",
            "jku": format!("{}/keys", issuer.url) }),
                Signed::Other,
            ),
        ),
        ("with claims of another", parts.join(".")),
        ("too long", format!("{good}{}", "x".repeat(20_000))),
    ]
}

#[test]
fn every_route_refuses_every_token_that_is_not_valid_here() {
    let (issuer, _crew, service) = vouched();
    let document = service.send(&from_elsewhere(get("/openapi.json"), "")).is(200).json();
    let open = BTreeMap::from([
        ("/healthz", 200),
        ("/readyz", 200),
        ("/openapi.json", 200),
        ("/config.json", 200),
        ("/login", 303),
        ("/callback", 401),
        ("/callback/done", 400),
        ("/logout", 204),
        ("/session", 422),
        ("/ws", 400),
    ]);
    let bad = bad_tokens(&issuer);
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let real = path
                .replace("{id}", "demo")
                .replace("{request}", "proposal-1")
                .replace("{path}", "x")
                .replace("{name}", "delivery");
            for (fault, token) in &bad {
                let asked = asked(&method.to_uppercase(), &real)
                    .header("content-type", "application/json")
                    .body("{}");
                let reply = service.send(&from_elsewhere(asked, token));
                match open.get(path.as_str()) {
                    Some(status) => assert_eq!(reply.status, *status, "{path}: {fault}"),
                    None => assert_eq!(reply.status, 401, "{method} {path} with a token {fault}"),
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 800, "only {tried}");
    assert!(issuer.keys_read() <= 2, "unknown keys are not looked up again and again");
}

#[test]
fn people_of_the_identity_provider_start_read_and_decide() {
    let (issuer, _crew, service) = vouched();
    let ada = |asked: Asked| from_elsewhere(asked, &issuer.token("ada"));
    let me = service.send(&ada(get("/me"))).is(200).json();
    assert_eq!(me, json!({ "name": "sub-of-ada", "groups": [], "operates": false }));
    let text = "# X\n\n## Requirements\n\n- Y.\n";
    let new = json!({ "id": "demo", "sow": { "name": "x.md", "text": text } });
    service.send(&ada(post("/projects", &new))).is(201);
    let status = || service.send(&ada(get("/projects/demo/status"))).is(200).json();
    crate::support::service::eventually(|| status()["state"] == "waiting");
    let bob = from_elsewhere(get("/projects/demo/status"), &issuer.token("bob"));
    service.send(&bob).refused(404, "unknown");
    let approve = post("/projects/demo/approve", &approval(&status()));
    service.send(&ada(approve)).is(200);

    // A token that has just expired is still accepted: clocks differ.
    let mut late = issuer.claims("ada");
    late["exp"] = json!(now() - 30);
    let late = issuer.sign(&header(), &late, Signed::Right);
    service.send(&from_elsewhere(get("/me"), &late)).is(200);
    // Other providers name the client as the audience, and people by their subject.
    let standard = json!({ "iss": issuer.url, "sub": "s-1", "aud": ["else", CLIENT],
        "exp": now() + 60, "groups": ["operators"] });
    let standard = issuer.sign(&header(), &standard, Signed::Right);
    let me = service.send(&from_elsewhere(get("/me"), &standard)).is(200).json();
    assert_eq!(me, json!({ "name": "s-1", "groups": ["operators"], "operates": true }));
    // Nobody takes the name of the operator, or acts for others.
    let mut same = issuer.claims("eve");
    same["sub"] = json!("customer");
    let same = issuer.sign(&header(), &same, Signed::Right);
    service.send(&from_elsewhere(get("/me"), &same)).refused(401, "unauthenticated");
    let acting = from_elsewhere(get("/me"), &standard).header("cloudcrew-as", "ada");
    service.send(&acting).refused(403, "forbidden");
}

#[test]
fn the_operators_token_is_for_this_machine_alone() {
    let (_issuer, _crew, service) = vouched();
    service.send(&get("/me").header("host", &service.address)).refused(403, "origin");
    let port = service.address.rsplit(':').next().expect("a port").to_owned();
    let here = format!("127.0.0.1:{port}");
    assert_eq!(service.send(&get("/me").header("host", &here)).is(200).json()["operates"], true);
    service.send(&from_elsewhere(get("/me"), TOKEN)).refused(401, "unauthenticated");
    let session = from_elsewhere(post("/session", &json!({ "token": TOKEN })), "");
    service.send(&session).refused(401, "unauthenticated");
    service.send(&get("/me").header("host", "evil.example")).refused(403, "origin");
    let own = get("/healthz").header("host", PUBLIC).header("origin", "https://crew.example");
    service.send(&own).is(200);
    let plain = get("/healthz").header("host", PUBLIC).header("origin", "http://crew.example");
    service.send(&plain).refused(403, "origin");
}

/// The value of a parameter in an address.
fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').expect("a query").1;
    let found = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.expect("the parameter").to_owned()
}

/// The cookie that a reply sets, as the browser sends it back.
fn set_cookie(reply: &Reply) -> (String, String) {
    let cookie = reply.header("set-cookie").expect("a cookie").to_owned();
    (cookie.split(';').next().expect("a pair").to_owned(), cookie)
}

#[test]
fn a_browser_logs_in_through_the_identity_provider_and_gets_a_strict_cookie() {
    let (issuer, _crew, service) = vouched();
    let browser = |path: &str| from_elsewhere(get(path), "");
    let begun = service.send(&browser("/login?then=/projects/demo")).is(303);
    let (state_cookie, whole) = set_cookie(&begun);
    assert!(whole.contains("HttpOnly; SameSite=Lax") && whole.ends_with("; Secure"), "{whole}");
    let url = begun.header("location").expect("an address").to_owned();
    assert!(url.starts_with(&format!("{}/authorize?", issuer.url)), "{url}");
    assert_eq!(parameter(&url, "code_challenge_method"), "S256");
    let back = "https%3A%2F%2Fcrew.example%2Fcallback";
    assert_eq!(parameter(&url, "redirect_uri"), back);
    let code = issuer.logs_in(&parameter(&url, "code_challenge"), &parameter(&url, "nonce"));
    let callback = format!("/callback?code={code}&state={}", parameter(&url, "state"));

    // The answer of a login that began elsewhere is refused.
    service.send(&browser(&callback)).refused(401, "unauthenticated");
    let other = browser(&callback).header("cookie", "cloudcrew_login=another");
    service.send(&other).refused(401, "unauthenticated");
    let ended = service.send(&browser(&callback).header("cookie", &state_cookie)).is(200);
    let page = &ended.body;
    let done = page.split("url=").nth(1).and_then(|rest| rest.split('"').next());
    let done = done.expect("an address").to_owned();

    // Nobody sends another browser there.
    service.send(&browser(&done)).refused(401, "unauthenticated");
    let begun = service.send(&browser("/login?then=/projects/demo")).is(303);
    let (state_cookie, _) = set_cookie(&begun);
    let url = begun.header("location").expect("an address").to_owned();
    let code = issuer.logs_in(&parameter(&url, "code_challenge"), &parameter(&url, "nonce"));
    let callback = format!("/callback?code={code}&state={}", parameter(&url, "state"));
    let ended = service.send(&browser(&callback).header("cookie", &state_cookie)).is(200);
    let done = ended.body.split("url=").nth(1).and_then(|rest| rest.split('"').next());
    let done = done.expect("an address").to_owned();
    let last = service.send(&browser(&done).header("cookie", &state_cookie)).is(303);
    assert_eq!(last.header("location"), Some("/projects/demo"));
    let (session, whole) = set_cookie(&last);
    assert!(whole.contains("HttpOnly; SameSite=Strict") && whole.ends_with("; Secure"), "{whole}");
    let me = service.send(&browser("/me").header("cookie", &session)).is(200).json();
    assert_eq!(me, json!({ "name": "sub-of-ada", "groups": ["finance"], "operates": false }));

    // Each step happens once.
    service.send(&browser(&done)).refused(401, "unauthenticated");
    let again = browser(&callback).header("cookie", &state_cookie);
    service.send(&again).refused(401, "unauthenticated");
    service.send(&browser("/login?then=//evil.example")).refused(422, "invalid");
}

#[test]
fn without_an_identity_provider_only_this_machine_is_served_and_there_is_no_login() {
    let crew = small();
    let refused = crew.run(&["serve", "--listen", "0.0.0.0:0"]).exits(2);
    refused.says("--issuer").says("not a loopback address");
    let plain = "http://issuer.example";
    let words = ["serve", "--listen", "127.0.0.1:0", "--issuer", plain, "--client-id", "x"];
    crew.run(&[&words[..], &["--public-url", "https://crew.example"]].concat()).exits(2);
    crew.run(&words).exits(2).says("--public-url");
    let service = Service::start(&crew, &[]);
    service.send(&get("/login")).refused(404, "unknown");
    let config = service.send(&get("/config.json")).is(200).json();
    assert_eq!((&config["login"], &config["websocket"]), (&Value::Null, &json!("/ws")));
}
