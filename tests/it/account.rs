//! `doctor --aws`, against a server that answers as the services do. It knows only the calls that
//! the report needs: whatever else was asked would fail.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Crew, edited};

/// What an account has.
#[derive(Clone)]
struct Has {
    /// Why the models cannot be called.
    refused: Option<&'static str>,
    /// Concurrent executions of Lambda.
    executions: f64,
    /// Names that are taken.
    taken: &'static [&'static str],
}

/// Serves an account; returns its URL.
fn serve(has: Has) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let has = Arc::new(has);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let has = Arc::clone(&has);
            std::thread::spawn(move || answer(stream, &has));
        }
    });
    url
}

fn answer(mut stream: TcpStream, has: &Has) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut line, mut headers, mut length) = (String::new(), String::new(), 0);
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            headers.push_str(&header);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let (status, body) = reply(&line, &headers, &String::from_utf8_lossy(&body), has);
        let kind = if body.starts_with('<') { "text/xml" } else { "application/json" };
        let head = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let body = if line.starts_with("HEAD") { String::new() } else { body };
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    }
}

fn reply(line: &str, headers: &str, body: &str, has: &Has) -> (u16, String) {
    let path = line.split(' ').nth(1).unwrap_or_default();
    let is_taken = |name: &str| has.taken.contains(&name);
    let target = headers.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-amz-target").then(|| value.trim().to_owned())
    });
    let missing = || (404, json!({ "__type": "ResourceNotFoundException" }).to_string());
    if body.contains("Action=GetCallerIdentity") {
        let result = "<GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ada</Arn>\
            <UserId>A</UserId><Account>123456789012</Account></GetCallerIdentityResult>";
        let name = "GetCallerIdentityResponse";
        let space = "https://sts.amazonaws.com/doc/2011-06-15/";
        return (200, format!("<{name} xmlns=\"{space}\">{result}</{name}>"));
    }
    if let Some(model) = path.strip_prefix("/foundation-model-availability/") {
        assert!(!model.starts_with("us."), "a profile is no foundation model: {model}");
        let entitled = if has.refused.is_none() { "AVAILABLE" } else { "NOT_AVAILABLE" };
        let said = json!({ "modelId": model, "agreementAvailability": { "status": "AVAILABLE" },
            "authorizationStatus": "AUTHORIZED", "entitlementAvailability": entitled,
            "regionAvailability": "AVAILABLE" });
        return (200, said.to_string());
    }
    let asked: Value = serde_json::from_str(body).unwrap_or_default();
    match target.as_deref().and_then(|target| target.rsplit('.').next()) {
        Some("GetServiceQuota") if asked["ServiceCode"] == "vpc" => {
            let error = json!({ "__type": "NoSuchResourceException", "Message": "no" });
            return (400, error.to_string());
        }
        Some("GetServiceQuota" | "GetAWSDefaultServiceQuota") => {
            let value = if asked["ServiceCode"] == "lambda" { has.executions } else { 5.0 };
            return (200, json!({ "Quota": { "Value": value } }).to_string());
        }
        Some("DescribeTable") if is_taken(asked["TableName"].as_str().unwrap_or_default()) => {
            return (200, json!({ "Table": {} }).to_string());
        }
        Some("DescribeTable") => {
            return (400, json!({ "__type": "ResourceNotFoundException" }).to_string());
        }
        _ => {}
    }
    if line.starts_with("HEAD") {
        let name = path.trim_matches('/').split('?').next().unwrap_or_default();
        return (if is_taken(name) { 403 } else { 404 }, String::new());
    }
    match path.strip_prefix("/2015-03-31/functions/") {
        Some(rest) if is_taken(rest.split('/').next().unwrap_or_default()) => {
            (200, "{}".to_owned())
        }
        Some(_) => missing(),
        None => (500, "{}".to_owned()),
    }
}

/// A crew whose models are on Bedrock.
fn crew() -> Crew {
    let crew = edited();
    for price in ["price: { input: 5", "price: { input: 3"] {
        let model = format!(
            "provider: bedrock\n    region: us-east-1\n    id: us.anthropic.claude-x-v1:0\n    \
             {price}"
        );
        crew.edit("agents.yaml", price, &model);
    }
    crew
}

fn doctor(has: Has, exit: i32) -> String {
    let (crew, url) = (crew(), serve(has));
    let mut command = crew.command(&["doctor", "--aws"]);
    command.env("AWS_ENDPOINT_URL", url).env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_EC2_METADATA_DISABLED", "true").env_remove("AWS_PROFILE");
    let done = command.output().expect("it starts");
    let out = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!(done.status.code(), Some(exit), "{out}{}", String::from_utf8_lossy(&done.stderr));
    out
}

#[test]
fn an_account_is_looked_at_before_a_deployment() {
    if !cfg!(feature = "aws") {
        return;
    }
    let fine = Has { refused: None, executions: 1000.0, taken: &[] };
    let out = doctor(fine.clone(), 0);
    for line in [
        "ok   AWS account 123456789012: arn:aws:iam::123456789012:user/ada",
        "ok   AWS region: eu-west-1",
        "us.anthropic.claude-x-v1:0 can be called in us-east-1",
        "ok   quota: 5 vCPUs of Fargate, on demand",
        "ok   quota: 1000 concurrent executions of Lambda",
        "ok   quota: 5 VPCs per region, used or not",
        "ok   names: `cloudcrew` is free",
    ] {
        assert!(out.contains(line), "no {line}\n{out}");
    }
    let poor = Has { refused: Some("no access"), executions: 3.0, taken: &["cloudcrew-projects"] };
    let out = doctor(poor, 1);
    for line in [
        "us-east-1: the account has no access to it",
        "FAIL quota: 3 concurrent executions of Lambda, but 10 are needed (L-B99A9384)",
        "FAIL names: table cloudcrew-projects already exists; remove it, or set another `name`",
    ] {
        assert!(out.contains(line), "no {line}\n{out}");
    }
    let all = [
        "cloudcrew-projects",
        "cloudcrew-api",
        "cloudcrew-blobs-123456789012",
        "cloudcrew-uploads-123456789012",
    ];
    let there = Has { taken: Box::leak(Box::new(all)), ..fine };
    let out = doctor(there, 0);
    assert!(out.contains("ok   names: the deployment `cloudcrew` already exists"), "{out}");
}
