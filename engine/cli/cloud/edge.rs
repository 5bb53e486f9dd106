//! `lambda authorize` and `lambda websocket`: who may reach the interfaces, and what happens to the
//! connections of readers.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use cloudcrew_api::oidc::Oidc;
use cloudcrew_api::pushes::Pushes;
use cloudcrew_api::shield::sender;
use cloudcrew_ports::clock::Clock as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::functions::{Fault, misplaced, read};
use crate::exit::Failure;
use crate::wiring::aws::Cloud;
use crate::wiring::clock::SystemClock;

/// What a gateway asks before it lets a request pass.
#[derive(Deserialize)]
#[serde(untagged)]
enum Asks {
    /// A WebSocket is to be opened.
    Socket {
        #[serde(rename = "methodArn")]
        route: String,
        #[serde(default, rename = "queryStringParameters")]
        query: Option<HashMap<String, String>>,
        #[serde(rename = "requestContext")]
        context: Socket,
    },
    /// An HTTP request.
    Request {
        #[serde(default)]
        headers: HashMap<String, String>,
        #[serde(default)]
        cookies: Vec<String>,
    },
}

/// A WebSocket, as the gateway names it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Socket {
    connection_id: String,
    event_type: String,
}

/// An event of a WebSocket.
#[derive(Deserialize)]
struct Happens {
    #[serde(rename = "requestContext")]
    context: Socket,
}

/// Says whether a request may pass. The service checks again.
pub async fn authorize(
    cloud: &Cloud,
    (oidc, pushes): (&Oidc, Option<&Pushes>),
    event: Value,
) -> Result<Value, Fault> {
    match read(event)? {
        Asks::Socket { route, query, context } => {
            let query = query.unwrap_or_default();
            let ticket = query.get("ticket").map(String::as_str).unwrap_or_default();
            let after = query.get("after").map(String::as_str);
            let pushes = pushes.ok_or_else(misplaced)?;
            let admitted = pushes.admit(&context.connection_id, ticket, after).await;
            let person = admitted.map_err(Failure::from)?;
            tracing::info!(caller = person.as_deref().unwrap_or("-"), "connects");
            let effect = if person.is_some() { "Allow" } else { "Deny" };
            let statement =
                json!({ "Action": "execute-api:Invoke", "Effect": effect, "Resource": route });
            Ok(json!({
                "principalId": person.unwrap_or_else(|| "unknown".to_owned()),
                "policyDocument": { "Version": "2012-10-17", "Statement": [statement] },
            }))
        }
        Asks::Request { headers, cookies } => {
            let now = SystemClock::default().wall();
            let found = sender(&cloud.store, oidc, &of(headers, &cookies), now).await;
            let person = found.map_err(Failure::from)?;
            let context = person.as_ref().map(|name| json!({ "person": name }));
            Ok(json!({ "isAuthorized": person.is_some(), "context": context }))
        }
    }
}

/// The headers of an HTTP request. What is not a header is left out.
fn of(headers: HashMap<String, String>, cookies: &[String]) -> HeaderMap {
    let named = |(name, value): (String, String)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(&value).ok()?))
    };
    let mut all: HeaderMap = headers.into_iter().filter_map(named).collect();
    if let Ok(cookies) = HeaderValue::from_str(&cookies.join("; "))
        && !cookies.is_empty()
    {
        all.insert(header::COOKIE, cookies);
    }
    all
}

/// Follows what happens to a WebSocket. Nothing can be sent before it is open, so what its reader
/// missed is sent by `answer`.
pub async fn websocket(cloud: &Cloud, pushes: &Pushes, event: Value) -> Result<Value, Fault> {
    let Happens { context } = read(event)?;
    let id = &context.connection_id;
    match context.event_type.as_str() {
        "CONNECT" => {
            cloud.answer()?.begin(&json!({ "connection": id })).await.map_err(Failure::from)?;
        }
        "DISCONNECT" => pushes.end(id).await.map_err(Failure::from)?,
        // Nothing that a reader says matters.
        _ => {}
    }
    Ok(json!({ "statusCode": 200 }))
}
