//! Random faults in the server's script.

use serde_json::{Value, json};

use crate::support::chance::Chance;

/// A fault of one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Throttled,
    RetryAfter,
    ServerError,
    Away,
    NoAnswer,
    Hang,
    HalfAStream,
    BreaksAfterText,
    BrokenArguments,
    UnknownTool,
    EmptyAnswer,
    Loop,
    CutInACall,
    TooLong,
    ExpiredCredentials,
}

pub const ALL: [Fault; 15] = [
    Fault::Throttled,
    Fault::RetryAfter,
    Fault::ServerError,
    Fault::Away,
    Fault::NoAnswer,
    Fault::Hang,
    Fault::HalfAStream,
    Fault::BreaksAfterText,
    Fault::BrokenArguments,
    Fault::UnknownTool,
    Fault::EmptyAnswer,
    Fault::Loop,
    Fault::CutInACall,
    Fault::TooLong,
    Fault::ExpiredCredentials,
];

/// How many places to try for a fault that does not fit everywhere.
const TRIES: usize = 200;

/// Inserts faults into a script, each kind in turn. Returns what was inserted where.
pub fn put(script: &mut Value, faults: usize, chance: &mut Chance) -> Vec<(Fault, String)> {
    let mut put = Vec::new();
    for number in 0..faults {
        let fault = ALL[number % ALL.len()];
        let found = (0..TRIES).find_map(|_| {
            let agents = script["model"]["agents"].as_object_mut().expect("agents");
            let name = agents.keys().nth(chance.below(agents.len())).expect("an agent").clone();
            let turns = agents[&name]["turns"].as_array_mut().expect("turns");
            let at = chance.below(turns.len());
            spoil(turns, at, fault).then_some((fault, name))
        });
        put.extend(found);
    }
    put
}

fn spoil(turns: &mut Vec<Value>, at: usize, fault: Fault) -> bool {
    let before = |kind: &str, more: Value| {
        let mut error = json!({ "type": kind, "message": "scripted" });
        error
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        json!(error)
    };
    let extra = match fault {
        Fault::Throttled => {
            return refuse(&mut turns[at], before("ThrottlingException", json!({})));
        }
        Fault::RetryAfter => {
            return refuse(
                &mut turns[at],
                before("ThrottlingException", json!({ "retryAfter": 1 })),
            );
        }
        Fault::ServerError => {
            return refuse(
                &mut turns[at],
                before("InternalServerException", json!({ "times": 2 })),
            );
        }
        Fault::Away => {
            return refuse(&mut turns[at], before("ServiceUnavailableException", json!({})));
        }
        Fault::NoAnswer => return refuse(&mut turns[at], before("ConnectionClosed", json!({}))),
        Fault::TooLong => {
            // At the start of a visit there is nothing to drop.
            return at > 1
                && called_a_tool(&turns[at - 1])
                && called_a_tool(&turns[at - 2])
                && refuse(
                    &mut turns[at],
                    before(
                        "ValidationException",
                        json!({ "message": "Input is too long for the model" }),
                    ),
                );
        }
        Fault::ExpiredCredentials => {
            let expired = before(
                "ExpiredTokenException",
                json!({ "status": 403, "message": "The security token is expired" }),
            );
            return refuse(&mut turns[at], expired);
        }
        // After a retry, it continues with the next turn.
        Fault::EmptyAnswer => json!({ "text": "" }),
        Fault::Hang => json!({ "text": "too late", "delayMs": 3000 }),
        Fault::HalfAStream => {
            json!({ "text": "This will never be said to its end, whatever happens.",
            "streamError": { "type": "ConnectionClosed", "afterEvents": 3 } })
        }
        Fault::BreaksAfterText => {
            json!({ "text": "This will never be said to its end, whatever happens.",
            "streamError": { "type": "modelStreamErrorException", "message": "scripted",
                "afterEvents": 3 } })
        }
        Fault::BrokenArguments => {
            json!({ "tools": [{ "name": "repo_read", "input": {},
                "inputText": "{\"path\": \"docs/" }] })
        }
        Fault::UnknownTool => {
            json!({ "tools": [{ "name": "launch_missiles", "input": { "at": "once" } }] })
        }
        Fault::Loop => json!({ "tools": [{ "name": "repo_list", "input": {} }], "repeat": 7 }),
        Fault::CutInACall => json!({ "text": "I write", "stop": "max_tokens",
            "tools": [{ "name": "repo_write", "input": {},
                "inputText": "{\"path\": \"docs/x.md\", \"content\": \"half" }] }),
    };
    turns.insert(at, extra);
    true
}

/// Adds one fault to a turn, unless it has one already or is repeated.
fn refuse(turn: &mut Value, error: Value) -> bool {
    let free = ["error", "streamError", "repeat"].iter().all(|key| turn[*key].is_null());
    if free {
        turn["error"] = error;
    }
    free
}

fn called_a_tool(turn: &Value) -> bool {
    turn["tools"]
        .as_array()
        .is_some_and(|tools| !tools.is_empty() && tools[0]["name"] != "handoff_to_agent")
}
