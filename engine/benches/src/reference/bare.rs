//! The minimum for any engine: a loop over the SDK's client that keeps a conversation, sends the
//! same requests, reads the streams to their ends and makes the same durable commits. It decides
//! nothing, checks nothing and could not resume after a crash.

use std::path::Path;

use aws_config::BehaviorVersion;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ContentBlockStart, ConversationRole,
    ConverseStreamOutput as Event, InferenceConfiguration, Message, SystemContentBlock, Tool,
    ToolConfiguration, ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolResultStatus,
    ToolSpecification, ToolUseBlock,
};
use aws_smithy_types::{Document, Number};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::counted;

/// Writes the input of [`main`]: the prompts and tools of the recorded requests, and the content of
/// each commit.
pub fn prepare(folder: &Path, seen: &Value, home: &Path, file: &str) {
    let mut agents = serde_json::Map::new();
    let seen = seen.as_array().expect("requests");
    for request in seen {
        let body = &request["body"];
        agents.insert(
            request["agent"].as_str().expect("a name").to_owned(),
            json!({ "system": body["system"], "tools": body["toolConfig"]["tools"],
                "opening": body["messages"][0]["content"][0]["text"] }),
        );
    }
    let commits = std::fs::read(folder.join(counted::FILE)).expect("the commits of the journal");
    let mut rows: Vec<i64> = serde_json::from_slice(&commits).expect("JSON");
    let store = Connection::open(home.join("cloudcrew.db")).expect("the store");
    // Blobs, mainly prompts; nothing was written to the ledger.
    let mut select = store.prepare("SELECT length(bytes) FROM blob").expect("a table");
    rows.extend(
        select
            .query_map([], |row| row.get::<_, i64>(0))
            .expect("rows")
            .map(|row| row.expect("a row")),
    );
    let all = json!({ "agents": agents, "rows": rows, "entry": seen[0]["agent"],
        "requests": seen.len(), "file": file });
    std::fs::write(folder.join("bare.json"), all.to_string()).expect("written");
}

/// Runs the loop in this process.
pub fn main(folder: &Path) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let what: Value =
        serde_json::from_slice(&std::fs::read(folder.join("bare.json")).expect("a file"))
            .expect("JSON");
    let store = Connection::open(folder.join("bare.db")).expect("a store");
    let pragmas =
        "PRAGMA journal_mode = wal; PRAGMA synchronous = FULL; CREATE TABLE row (bytes BLOB);";
    store.execute_batch(pragmas).expect("a table");
    let requests = runtime.block_on(work(&what, &store));
    println!("{}", json!({ "requests": requests }));
}

/// A requested call.
struct Call {
    id: String,
    name: String,
    input: String,
}

async fn work(what: &Value, store: &Connection) -> usize {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let client = Client::new(&config);
    let rows: Vec<i64> =
        what["rows"].as_array().expect("rows").iter().filter_map(Value::as_i64).collect();
    let expected = what["requests"].as_u64().expect("a number") as usize;
    let file = what["file"].as_str().expect("a file");
    let (mut agent, mut written, mut requests) =
        (what["entry"].as_str().expect("a name").to_owned(), 0, 0);
    loop {
        let setting = &what["agents"][&agent];
        let system = SystemContentBlock::Text(
            setting["system"][0]["text"].as_str().expect("a prompt").to_owned(),
        );
        let tools = ToolConfiguration::builder()
            .set_tools(Some(tools(&setting["tools"])))
            .build()
            .expect("tools");
        let mut messages = vec![message(
            ConversationRole::User,
            vec![ContentBlock::Text(text(&setting["opening"]))],
        )];
        let next = loop {
            let call = client
                .converse_stream()
                .model_id("us.anthropic.claude-fake-v1:0")
                .system(system.clone());
            let call = call
                .tool_config(tools.clone())
                .inference_config(InferenceConfiguration::builder().max_tokens(4096).build());
            let mut answer =
                call.set_messages(Some(messages.clone())).send().await.expect("an answer");
            let (mut said, mut calls): (String, Vec<Call>) = (String::new(), Vec::new());
            while let Some(event) = answer.stream.recv().await.expect("a whole stream") {
                match event {
                    Event::ContentBlockStart(start) => {
                        if let Some(ContentBlockStart::ToolUse(call)) = start.start {
                            calls.push(Call {
                                id: call.tool_use_id,
                                name: call.name,
                                input: String::new(),
                            });
                        }
                    }
                    Event::ContentBlockDelta(delta) => match delta.delta {
                        Some(ContentBlockDelta::Text(text)) => said.push_str(&text),
                        Some(ContentBlockDelta::ToolUse(more)) => {
                            calls.last_mut().expect("a call").input.push_str(&more.input)
                        }
                        _ => {}
                    },
                    _ => {}
                }
            }
            requests += 1;
            while written < rows.len() * requests / expected {
                store
                    .execute("INSERT INTO row VALUES (zeroblob(?1))", [rows[written]])
                    .expect("written");
                written += 1;
            }
            let Some(first) = calls.first() else { return requests };
            let input: Value = serde_json::from_str(&first.input).expect("JSON");
            if first.name == "handoff_to_agent" {
                break text(&input["agent_name"]);
            }
            let used = ToolUseBlock::builder()
                .tool_use_id(&first.id)
                .name(&first.name)
                .input(document(&input))
                .build();
            messages.push(message(
                ConversationRole::Assistant,
                vec![ContentBlock::Text(said), ContentBlock::ToolUse(used.expect("a call"))],
            ));
            let result =
                ToolResultBlock::builder().tool_use_id(&first.id).status(ToolResultStatus::Success);
            let result = result
                .content(ToolResultContentBlock::Text(file.to_owned()))
                .build()
                .expect("a result");
            messages.push(message(ConversationRole::User, vec![ContentBlock::ToolResult(result)]));
        };
        agent = next;
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn message(role: ConversationRole, content: Vec<ContentBlock>) -> Message {
    Message::builder().role(role).set_content(Some(content)).build().expect("a message")
}

fn tools(specs: &Value) -> Vec<Tool> {
    let tool = |spec: &Value| {
        let spec = &spec["toolSpec"];
        let schema = ToolInputSchema::Json(document(&spec["inputSchema"]["json"]));
        let tool = ToolSpecification::builder()
            .name(text(&spec["name"]))
            .description(text(&spec["description"]));
        Tool::ToolSpec(tool.input_schema(schema).build().expect("a tool"))
    };
    specs
        .as_array()
        .expect("tools")
        .iter()
        .filter(|spec| spec.get("toolSpec").is_some())
        .map(tool)
        .collect()
}

fn document(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(b) => Document::Bool(*b),
        Value::Number(n) => n.as_u64().map_or_else(
            || Document::Number(Number::Float(n.as_f64().unwrap_or_default())),
            |n| Document::Number(Number::PosInt(n)),
        ),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(values) => Document::Array(values.iter().map(document).collect()),
        Value::Object(map) => Document::Object(
            map.iter().map(|(key, value)| (key.clone(), document(value))).collect(),
        ),
    }
}
