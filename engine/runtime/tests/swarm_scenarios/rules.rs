//! Rules that hold for every run, and the comparison with an expected file.

use cloudcrew_ports::model::{Block, Message, Role, ToolUse, Usage};
use serde_json::{Value, json};

use crate::run::{Request, Run};
use crate::script::error_class;
use crate::seen::{results, text_of};

/// Problems of a conversation that was sent to a provider.
pub fn legal(messages: &[Message]) -> Vec<String> {
    let mut wrong = Vec::new();
    if messages.first().map(|m| m.role) != Some(Role::User)
        || messages.last().map(|m| m.role) != Some(Role::User)
    {
        wrong.push("the conversation does not start and end with the user".to_owned());
    }
    for (i, message) in messages.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| &messages[i]);
        if before.is_some_and(|before| before.role == message.role) {
            wrong.push(format!("message {i}: roles do not alternate"));
        }
        let blank = |block: &Block| matches!(block, Block::Text(text) if text.trim().is_empty());
        if message.content.is_empty() || message.content.iter().any(blank) {
            wrong.push(format!("message {i}: empty content"));
        }
        let called: Vec<_> = before.into_iter().flat_map(uses).map(|call| &call.id).collect();
        let answered: Vec<_> = results(message).map(|result| &result.id).collect();
        if message.role == Role::User && called != answered {
            wrong.push(format!("message {i}: calls {called:?} are answered by {answered:?}"));
        }
        if !answered.is_empty() && answered.len() != message.content.len() {
            wrong.push(format!("message {i}: tool results are mixed with other content"));
        }
        if results(message).any(|result| result.text.trim().is_empty())
            || uses(message).any(|call| !call.input.is_object())
        {
            wrong.push(format!(
                "message {i}: a result without text or an input that is not an object"
            ));
        }
    }
    wrong
}

fn uses(message: &Message) -> impl Iterator<Item = &ToolUse> {
    message
        .content
        .iter()
        .filter_map(|block| if let Block::ToolUse(call) = block { Some(call) } else { None })
}

/// All rules that a run broke.
pub fn broken(run: &Run) -> Vec<String> {
    let o = &run.outcome;
    let list = |key: &str| o[key].as_array().unwrap();
    let mut wrong: Vec<_> =
        run.requests.iter().flat_map(|request| legal(&request.messages)).collect();
    let rounds = list("rounds").iter().map(|round| &round["reason"]);
    wrong.extend(
        rounds.chain([&o["reason"]]).filter(|reason| !reason.is_null()).filter_map(reason_text),
    );
    if o["reason"].is_null() != (o["status"] == "completed") {
        wrong.push("a reason is given exactly when the status is not `completed`".to_owned());
    }
    let calls: Vec<_> = list("visits")
        .iter()
        .flat_map(|v| v["calls"].as_array().unwrap().iter().map(move |c| (v, c)))
        .collect();
    if calls.len() != run.requests.len() {
        wrong.push(format!(
            "the outcome lists {} calls, the provider got {}",
            calls.len(),
            run.requests.len()
        ));
        return wrong;
    }
    for (i, ((visit, call), request)) in calls.iter().zip(&run.requests).enumerate() {
        let expected = json!([request.agent, call_result(request), call_usage(request)]);
        let journal = json!([visit["agent"], call["result"], call["usage"]]);
        if expected != journal {
            wrong.push(format!("request {i}: expected {expected}, the journal has {journal}"));
        }
    }
    wrong.extend(sums(o));
    let mut at = 0;
    for visit in list("visits") {
        let upto = at + visit["calls"].as_array().unwrap().len();
        wrong.extend(conversation(&run.requests[at..upto], visit, o));
        at = upto;
    }
    wrong
}

fn reason_text(reason: &Value) -> Option<String> {
    let text = reason["text"].as_str().unwrap();
    let value = reason["value"].as_f64().map(|value| value.to_string());
    let parts = [reason["key"].as_str(), value.as_deref(), reason["error"].as_str()];
    let missing = parts.into_iter().flatten().find(|part| !text.contains(part))?;
    Some(format!("the reason's text does not name {missing}: {text}"))
}

fn call_result(request: &Request) -> String {
    let (kind, what) = request.answer.split_once(':').unwrap();
    match (request.gone, kind) {
        (true, _) => "aborted".to_owned(),
        (false, "turn") => what.to_owned(),
        _ => error_class(what),
    }
}

fn call_usage(request: &Request) -> Option<Usage> {
    request.served.as_ref().filter(|_| !request.gone).map(|served| served.usage)
}

fn sums(o: &Value) -> Vec<String> {
    let read = |usage: &Value| {
        serde_json::from_value::<Option<Usage>>(usage.clone()).unwrap().unwrap_or_default()
    };
    let total = |usages: &mut dyn Iterator<Item = &Value>| {
        usages.fold(Usage::default(), |mut sum, usage| {
            sum += read(usage);
            sum
        })
    };
    let visits = o["visits"].as_array().unwrap();
    let mut wrong = Vec::new();
    for visit in visits {
        if read(&visit["usage"])
            != total(&mut visit["calls"].as_array().unwrap().iter().map(|call| &call["usage"]))
        {
            wrong.push(format!("visit {}: usage is not the sum of its calls", visit["visit"]));
        }
    }
    for (name, usage) in o["usage"]["agents"].as_object().unwrap() {
        if read(usage)
            != total(
                &mut visits.iter().filter(|v| v["agent"] == name.as_str()).map(|v| &v["usage"]),
            )
        {
            wrong.push(format!("usage of {name} is not the sum of its visits"));
        }
    }
    if read(&o["usage"]["total"]) != total(&mut visits.iter().map(|v| &v["usage"])) {
        wrong.push("total usage is not the sum of the visits".to_owned());
    }
    wrong
}

/// Checks that each request of a visit contains the earlier messages unchanged, and the recorded
/// results.
fn conversation(requests: &[Request], visit: &Value, o: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut served = Vec::new();
    let mut before: Option<&Request> = None;
    for (i, request) in requests.iter().enumerate() {
        let said: Vec<_> = request.messages.iter().filter(|m| m.role == Role::Assistant).collect();
        let reduced = before.is_some_and(|before| before.answer == "error:ValidationException");
        if said.len() > served.len() {
            wrong.push(format!("request {i}: more assistant messages than the model gave"));
            continue;
        }
        for (message, scripted) in said.iter().zip(&served[served.len() - said.len()..]) {
            let scripted: &&crate::script::Served = scripted;
            let cut =
                matches!(scripted.stop.as_str(), "max_tokens" | "model_context_window_exceeded");
            let tools: Vec<_> = uses(message)
                .map(|c| json!({"toolUseId": c.id, "name": c.name, "input": c.input}))
                .collect();
            let text = if cut && scripted.text.is_empty() { "(cut off)" } else { &scripted.text };
            if text_of(message) != text
                || tools != (if cut { &[][..] } else { &scripted.tools[..] })
            {
                wrong.push(format!("request {i}: an assistant message is not what the model said"));
            }
        }
        if let Some(before) = before.filter(|_| !reduced)
            && !request.messages.starts_with(&before.messages)
        {
            wrong.push(format!("request {i}: earlier messages changed"));
        }
        for sent in results(&request.messages[request.messages.len() - 1]).filter(|_| !reduced) {
            let sent_result = json!([visit["visit"], sent.id, sent.status, sent.text]);
            let recorded =
                |t: &Value| json!([t["visit"], t["id"], t["status"], t["text"]]) == sent_result;
            if !o["tool_results"].as_array().unwrap().iter().any(recorded) {
                wrong.push(format!(
                    "request {i}: the result of {} differs from the outcome's",
                    sent.id
                ));
            }
        }
        served.extend(request.served.as_ref().filter(|_| !request.gone));
        before = Some(request);
    }
    wrong
}

/// Differences between a summary and the expected one. An expected text may end in `*`; an expected
/// `ms` is `[min, max]`.
pub fn differences(want: &Value, got: &Value, path: &str) -> Vec<String> {
    match (want, got) {
        (Value::Array(bounds), Value::Number(ms)) if path.ends_with(".ms") => {
            let fits = bounds[0].as_f64() <= ms.as_f64() && ms.as_f64() <= bounds[1].as_f64();
            if fits { Vec::new() } else { vec![format!("{path}: took {ms} ms, expected {want}")] }
        }
        (Value::Object(want), Value::Object(got)) => {
            let extra = got.keys().filter(|key| !want.contains_key(*key) && !partial(path));
            let mut lines: Vec<_> =
                extra.map(|key| format!("{path}.{key}: not expected")).collect();
            for (key, wanted) in want {
                match got.get(key) {
                    Some(found) => {
                        lines.extend(differences(wanted, found, &format!("{path}.{key}")))
                    }
                    None => lines.push(format!("{path}.{key}: missing, expected {wanted}")),
                }
            }
            lines
        }
        (Value::Array(want), Value::Array(got)) if want.len() == got.len() => {
            let pairs = want.iter().zip(got).enumerate();
            pairs
                .flat_map(|(i, (want, got))| differences(want, got, &format!("{path}[{i}]")))
                .collect()
        }
        (Value::String(want), Value::String(got))
            if want.strip_suffix('*').is_some_and(|head| got.starts_with(head)) =>
        {
            Vec::new()
        }
        (Value::Number(want), Value::Number(got)) if want.as_f64() == got.as_f64() => Vec::new(),
        _ if want == got => Vec::new(),
        _ => vec![format!("{path}: {got}, expected {want}")],
    }
}

/// Whether an expected file may omit keys at this path.
fn partial(path: &str) -> bool {
    let path = match path.strip_prefix(".runs[") {
        Some(rest) => rest.split_once(']').map_or("", |(_, rest)| rest),
        None => path,
    };
    let entry = path
        .strip_prefix(".visits[")
        .or(path.strip_prefix(".rounds["))
        .and_then(|rest| rest.strip_suffix(']'));
    path.is_empty() || entry.is_some_and(|number| number.parse::<usize>().is_ok())
}
