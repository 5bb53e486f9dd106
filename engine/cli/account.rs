//! `doctor --aws`: whether an account can take a deployment.

use cloudcrew_definition::crew::{Definition, Live};
use cloudcrew_definition::shown::row;
use cloudcrew_definition::syntax::Provider;
use cloudcrew_plan::emit::tfvars::{CONTAINER, foundation};

use crate::environment::BEDROCK;
use crate::wiring::aws::account::{Account, Limit, Named};
use crate::wiring::aws::connection;

/// A line of the report, and whether it is in order.
type Line = (bool, String);

/// Quotas that matter, and how much a deployment needs of each at least. Codes: Service Quotas.
fn limits() -> [(Limit, f64); 4] {
    let cores = f64::from(CONTAINER.0) / 1024.0;
    let fargate = |code, what| Limit { service: "fargate", code, what };
    [
        (fargate("L-3032A538", "vCPUs of Fargate, on demand"), cores),
        (fargate("L-36FBB829", "vCPUs of Fargate, spot"), cores),
        // What a new account has.
        (
            Limit {
                service: "lambda",
                code: "L-B99A9384",
                what: "concurrent executions of Lambda",
            },
            10.0,
        ),
        (Limit { service: "vpc", code: "L-F678F1CE", what: "VPCs per region, used or not" }, 1.0),
    ]
}

/// Looks at the account of the environment. `name` is that of the deployment; see
/// `infra/terraform/variables.tf`.
pub async fn report(name: &str, definition: &Definition) -> Vec<Line> {
    let lines = looked_at(name, definition).await;
    // What services answer is not trusted.
    lines.into_iter().map(|(ok, line)| (ok, row(&line).into_owned())).collect()
}

async fn looked_at(name: &str, definition: &Definition) -> Vec<Line> {
    let account = Account::new(connection().await);
    let Some(region) = account.region().map(str::to_owned) else {
        return vec![(false, "AWS region: set AWS_REGION".to_owned())];
    };
    let identity = match account.identity().await {
        Ok(identity) => identity,
        Err(why) => return vec![(false, format!("AWS credentials: {why}"))],
    };
    let mut lines = vec![
        (true, format!("AWS account {}: {}", identity.account, identity.arn)),
        (true, format!("AWS region: {region}")),
    ];
    lines.extend(models(&account, definition, &region).await);
    for (limit, needed) in limits() {
        let what = limit.what;
        lines.push(match account.quota(limit).await {
            Ok(value) if value >= needed => (true, format!("quota: {value} {what}")),
            Ok(value) => {
                let code = limit.code;
                (false, format!("quota: {value} {what}, but {needed} are needed ({code})"))
            }
            Err(why) => (false, format!("quota: {what}: {why}")),
        });
    }
    lines.extend(names(&account, name, &identity.account).await);
    lines
}

/// Access to the models that agents use on Bedrock.
async fn models(account: &Account, definition: &Definition, region: &str) -> Vec<Line> {
    let default = std::env::var(BEDROCK.name).ok().filter(|region| !region.is_empty());
    let default = default.unwrap_or_else(|| region.to_owned());
    let mut lines = Vec::new();
    for model in definition.models_used() {
        let Some(Live { id, region, .. }) =
            model.live.as_ref().filter(|live| live.provider == Provider::Bedrock)
        else {
            continue;
        };
        let (name, region) = (&model.name, region.as_ref().unwrap_or(&default));
        if id.starts_with("arn:") {
            lines.push((true, format!("model {name}: {id} is not checked")));
            continue;
        }
        lines.push(match account.lacks_model(region, foundation(id)).await {
            Ok(None) => (true, format!("model {name}: {id} can be called in {region}")),
            Ok(Some(why)) => (false, format!("model {name}: {id} in {region}: {why}")),
            Err(why) => (false, format!("model {name}: {id} in {region}: {why}")),
        });
    }
    if lines.is_empty() {
        lines.push((true, "models: no agent uses one on Bedrock".to_owned()));
    }
    lines
}

/// Whether the names of a deployment are free.
async fn names(account: &Account, name: &str, number: &str) -> Vec<Line> {
    let all = [
        Named::Table(format!("{name}-projects")),
        Named::Bucket(format!("{name}-blobs-{number}")),
        Named::Bucket(format!("{name}-uploads-{number}")),
        Named::Function(format!("{name}-api")),
    ];
    let (mut taken, mut lines) = (Vec::new(), Vec::new());
    for named in &all {
        match account.has(named).await {
            Ok(true) => taken.push(named),
            Ok(false) => {}
            Err(why) => lines.push((false, format!("name {}: {why}", shown(named)))),
        }
    }
    if !lines.is_empty() {
        return lines;
    }
    match taken.len() {
        0 => lines.push((true, format!("names: `{name}` is free"))),
        count if count == all.len() => {
            lines.push((true, format!("names: the deployment `{name}` already exists")));
        }
        _ => {
            let taken: Vec<String> = taken.into_iter().map(shown).collect();
            let text = format!("names: {} already exists", taken.join(", "));
            lines.push((false, format!("{text}; remove it, or set another `name`")));
        }
    }
    lines
}

fn shown(named: &Named) -> String {
    match named {
        Named::Table(name) => format!("table {name}"),
        Named::Bucket(name) => format!("bucket {name}"),
        Named::Function(name) => format!("function {name}"),
    }
}
