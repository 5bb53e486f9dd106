//! What Terraform needs to know about a definition, as `crew.auto.tfvars.json`: Terraform loads the
//! file automatically and declares each variable with its exact type.

use cloudcrew_definition::crew::{Agent, Definition, Model, Phase};
use cloudcrew_definition::syntax::{OnExpiry, Provider};
use serde_json::{Map, Value, json};

use super::asl::{HEARTBEAT_SECONDS, PLACEHOLDERS, task_seconds};
use crate::plan::Plan;

/// The container of every phase: CPU units (1024 are one core) and memory in MiB. The engine spends
/// most of its time waiting for models.
pub const CONTAINER: (u32, u32) = (1024, 2048);

/// The variables, the same for the same definition. `plans` are those of its workflows.
pub fn tfvars(definition: &Definition, plans: &[Plan]) -> String {
    let workflows: Map<String, Value> =
        plans.iter().map(|plan| (plan.workflow.clone(), workflow(plan))).collect();
    let phases: Map<String, Value> =
        definition.phases.iter().map(|p| (p.name.clone(), phase(p))).collect();
    let agents: Map<String, Value> =
        definition.agents.iter().map(|a| (a.name.clone(), agent(a))).collect();
    let models: Map<String, Value> =
        definition.models.iter().map(|m| (m.name.clone(), model(m))).collect();
    let variables = json!({
        "definition_hash": definition.hash(),
        "placeholders": PLACEHOLDERS,
        "container": { "cpu": CONTAINER.0, "memory": CONTAINER.1 },
        "workflows": workflows,
        "phases": phases,
        "agents": agents,
        "models": models,
        "model_arns": model_arns(definition),
        "iam_actions": iam_actions(definition),
    });
    let mut text = serde_json::to_string_pretty(&variables).expect("variables are plain data");
    text.push('\n');
    text
}

fn workflow(plan: &Plan) -> Value {
    json!({
        "state_machine": format!("state_machines/{}.asl.json", plan.workflow),
        "plan_hash": plan.hash(),
        "phases": plan.entries.iter().map(|(phase, _)| phase).collect::<Vec<_>>(),
    })
}

fn phase(phase: &Phase) -> Value {
    let gate = phase.gate.as_ref();
    json!({
        "agents": phase.swarm.agents,
        "entry": phase.swarm.entry,
        "execution_timeout_seconds": phase.swarm.execution_timeout.as_secs(),
        "node_timeout_seconds": phase.swarm.node_timeout.as_secs(),
        "task_timeout_seconds": task_seconds(phase),
        "heartbeat_seconds": HEARTBEAT_SECONDS,
        "max_deliveries": phase.max_deliveries,
        "max_retries": phase.retry.max_attempts,
        "max_restarts": phase.max_restarts,
        "max_reworks": phase.review.as_ref().map_or(0, |review| review.max_reworks),
        "max_revisions": gate.map_or(0, |gate| gate.max_revisions),
        "review_agent": phase.review.as_ref().map(|review| &review.agent),
        "gate": gate.is_some(),
        "expires_after_seconds": gate.and_then(|gate| gate.expires_after).map(|time| time.as_secs(
            )),
        "approved_on_expiry": gate.is_some_and(|gate| gate.on_expiry == OnExpiry::Approve),
    })
}

fn agent(agent: &Agent) -> Value {
    json!({ "model": agent.model, "tools": agent.tools, "writes": agent.writes,
        "token_budget": agent.budget.and_then(|b| b.tokens) })
}

fn model(model: &Model) -> Value {
    let live = model.live.as_ref();
    json!({
        "provider": live.map(|live| live.provider),
        "id": live.map(|live| &live.id),
        "max_tokens": model.max_tokens,
    })
}

/// The models that the crew may call: those that agents use and that have a provider. A geographic
/// inference profile, `us.NAME`, calls its model in several regions.
fn model_arns(definition: &Definition) -> Vec<String> {
    let mut arns = Vec::new();
    for id in definition
        .models_used()
        .filter_map(|m| m.live.as_ref())
        .filter(|live| live.provider == Provider::Bedrock)
        .map(|live| &live.id)
    {
        if id.starts_with("arn:") {
            arns.push(id.clone());
            continue;
        }
        let name = foundation(id);
        if name != id {
            arns.push(format!("arn:aws:bedrock:*:*:inference-profile/{id}"));
        }
        arns.push(format!("arn:aws:bedrock:*::foundation-model/{name}"));
    }
    arns.sort();
    arns.dedup();
    arns
}

/// The foundation model that an id names, also that of an inference profile that spans regions.
pub fn foundation(id: &str) -> &str {
    let profile = id.split_once('.').filter(|(area, _)| GEOGRAPHIES.contains(area));
    profile.map_or(id, |(_, name)| name)
}

/// Prefixes of inference profiles that span regions. Source: Amazon Bedrock, "Supported inference
/// profiles".
const GEOGRAPHIES: [&str; 7] = ["us", "us-gov", "eu", "apac", "jp", "au", "global"];

/// Exactly the permissions that each part needs. `tests/it/cloud` compares them with the calls that
/// each was seen to make.
fn iam_actions(definition: &Definition) -> Value {
    // A transaction needs what its parts need.
    // Without a list, a missing object is refused instead of not found.
    let reads: &[&str] = &["dynamodb:GetItem", "dynamodb:Query", "s3:GetObject", "s3:ListBucket"];
    let writes: &[&str] =
        &["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "s3:PutObject"];
    let passes: &[&str] = &["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"];
    let secrets: &[&str] = &["secretsmanager:GetSecretValue"];
    // What is kept is encrypted, and so is the environment of a function.
    let keys: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey"];
    let models: &[&str] = if model_arns(definition).is_empty() {
        &[]
    } else {
        &["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
    };
    let report: &[&str] = &["states:SendTaskFailure", "states:SendTaskSuccess"];
    let lists: &[&str] = &["dynamodb:BatchGetItem"];
    let outbox: &[&str] = &[
        "iam:PassRole",
        "lambda:InvokeFunction",
        "scheduler:CreateSchedule",
        "scheduler:DeleteSchedule",
        "scheduler:UpdateSchedule",
        "states:StartExecution",
    ];
    let sorted = |parts: &[&[&'static str]]| {
        let mut all: Vec<&str> = parts.concat();
        all.sort_unstable();
        all
    };
    let store = [reads, writes, secrets, keys].concat();
    let beats: &[&str] = &["states:SendTaskHeartbeat"];
    let live: &[&str] = &["execute-api:ManageConnections"];
    let mail: &[&str] = &["ses:SendEmail", "ses:SendRawEmail"];
    let calls: &[&str] = &["lambda:InvokeFunction"];
    json!({
        "phase_task": sorted(&[&store, models, report, beats, live]),
        "review": sorted(&[&store, models, live]),
        "request": sorted(&[&store, report]),
        "answer": sorted(&[&store, models, report, lists, outbox, live, mail]),
        "reminders": sorted(&[&store, report]),
        "finalize": sorted(&[&store, models]),
        "ended": sorted(&[&store]),
        "api": sorted(&[&store, lists]),
        "authorize": sorted(&[passes, keys]),
        "websocket": sorted(&[&["dynamodb:DeleteItem"], keys, calls]),
        "state_machine": sorted(&[&["ecs:RunTask", "ecs:StopTask", "iam:PassRole",
            "lambda:InvokeFunction"]]),
    })
}
