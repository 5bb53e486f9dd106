//! `review_iam_policy`: what a policy of AWS IAM allows beyond what it should.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::outcome::{Outcome, ToolError};
use super::report::{bytes_of, counted, listed as listed_lines};
use super::tool::TypedTool;
use super::weaknesses::weakness;
use super::workplace::Workplace;

pub(super) struct ReviewIamPolicy;

/// Maximum size of a file, in bytes.
const MOST: usize = 256 * 1024;
/// Maximum number of findings to list.
const LISTED: usize = 50;
/// Incorrect permission assignment, improper access control, unnecessary privileges.
const PERMISSIONS: u32 = 732;
const ACCESS: u32 = 284;
const PRIVILEGES: u32 = 250;

/// Actions with which whoever has them can gain more rights, when they are allowed for everything.
const ESCALATES: [&str; 14] = [
    "iam:passrole",
    "iam:createaccesskey",
    "iam:createloginprofile",
    "iam:updateloginprofile",
    "iam:attachuserpolicy",
    "iam:attachrolepolicy",
    "iam:putuserpolicy",
    "iam:putrolepolicy",
    "iam:createpolicyversion",
    "iam:setdefaultpolicyversion",
    "iam:updateassumerolepolicy",
    "iam:addusertogroup",
    "sts:assumerole",
    "lambda:updatefunctioncode",
];

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path of a JSON file with a policy, from the repository's root
    #[schemars(length(min = 1, max = 4096))]
    path: String,
}

#[async_trait]
impl TypedTool for ReviewIamPolicy {
    type Arguments = Arguments;
    const NAME: &'static str = "review_iam_policy";
    const DESCRIPTION: &'static str = "Lists what an IAM policy of the repository (a JSON \
                                       document) allows too widely: wildcards, everyone as \
                                       principal, actions that lead to more rights.";
    const CAPABILITY: Capability = Capability::ReadRepo;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let bytes = bytes_of(at, &a.path, MOST).await?;
        let path = row(&a.path);
        let policy = match serde_json::from_slice::<Value>(&bytes) {
            Ok(policy) => policy,
            Err(error) => return Outcome::text(format!("{path} is not JSON: {error}")),
        };
        let statements = listed(&policy["Statement"]);
        if statements.is_empty() {
            return Outcome::text(format!("{path} has no `Statement`: it is no policy."));
        }
        let found: Vec<String> =
            statements.iter().enumerate().flat_map(|(n, s)| findings(n + 1, s)).collect();
        if found.is_empty() {
            let count = counted(statements.len(), "statement");
            return Outcome::text(format!("{path}: nothing found in {count}."));
        }
        let found: Vec<String> = found.iter().map(|line| row(line).into_owned()).collect();
        let count = counted(found.len(), "finding");
        Outcome::text(format!("{path}: {count}\n{}", listed_lines(&found, LISTED)))
    }
}

/// One value or a list of them.
fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn texts(value: &Value) -> Vec<&str> {
    listed(value).into_iter().filter_map(Value::as_str).collect()
}

fn findings(number: usize, statement: &Value) -> Vec<String> {
    if statement["Effect"] != "Allow" {
        return Vec::new();
    }
    let name = statement["Sid"].as_str().map(|sid| format!(" ({sid})")).unwrap_or_default();
    let mut found = Vec::new();
    let mut say = |cwe: u32, what: String| {
        found.push(format!("statement {number}{name}: {what} ({})", weakness(cwe)));
    };
    let actions: Vec<String> =
        texts(&statement["Action"]).into_iter().map(str::to_lowercase).collect();
    let everywhere = texts(&statement["Resource"]).contains(&"*");
    let is_bound = statement["Condition"].as_object().is_some_and(|all| !all.is_empty());
    for key in ["NotAction", "NotResource", "NotPrincipal"] {
        if !statement[key].is_null() {
            say(ACCESS, format!("`{key}` allows everything that it does not name"));
        }
    }
    for action in &actions {
        let wide = action == "*" || action == "*:*";
        let service = action.strip_suffix(":*").filter(|_| !wide);
        if wide {
            say(PRIVILEGES, "allows every action".to_owned());
        } else if let Some(service) = service {
            say(PRIVILEGES, format!("allows every action of `{service}`"));
        } else if action.ends_with('*') && everywhere {
            say(PERMISSIONS, format!("allows `{action}` on everything"));
        }
        if everywhere && ESCALATES.contains(&action.as_str()) && !is_bound {
            say(PRIVILEGES, format!("`{action}` on everything leads to more rights"));
        }
    }
    let principals = match &statement["Principal"] {
        Value::Object(by_kind) => by_kind.values().flat_map(texts).collect(),
        other => texts(other),
    };
    if principals.contains(&"*") && !is_bound {
        say(ACCESS, "anyone may do this, without a condition".to_owned());
    }
    // Some actions know no resource; those that change something nearly always do.
    let reads = |action: &String| {
        let verb = action.rsplit(':').next().unwrap_or_default();
        ["list", "describe", "get"].iter().any(|start| verb.starts_with(start))
    };
    let changes = actions.iter().filter(|action| !reads(action) && !action.contains('*')).count();
    if everywhere && !is_bound && changes > 0 && statement["Principal"].is_null() {
        say(PERMISSIONS, format!("{changes} actions that change something are on everything"));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wide_statements_are_found_and_narrow_ones_are_not() {
        let allow = |mut statement: Value| {
            statement["Effect"] = "Allow".into();
            findings(1, &statement)
        };
        for (statement, wanted) in [
            (json!({ "Action": "*", "Resource": "*" }), "every action"),
            (json!({ "Action": ["s3:*"], "Resource": "arn:aws:s3:::a/*" }), "of `s3`"),
            (json!({ "NotAction": "iam:*", "Resource": "*" }), "`NotAction`"),
            (json!({ "Action": "iam:PassRole", "Resource": "*" }), "more rights"),
            (json!({ "Action": "s3:GetObject", "Principal": "*", "Resource": "x" }), "anyone"),
            (
                json!({ "Action": "s3:Get", "Principal": { "AWS": ["*"] }, "Resource": "x" }),
                "anyone",
            ),
            (json!({ "Action": "s3:Put*", "Resource": ["*"] }), "`s3:put*` on everything"),
            (json!({ "Action": "dynamodb:PutItem", "Resource": "*" }), "change something"),
        ] {
            let found = allow(statement.clone());
            assert!(found.iter().any(|line| line.contains(wanted)), "{statement}: {found:?}");
        }
        for statement in [
            json!({ "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*" }),
            json!({ "Action": ["ec2:DescribeInstances", "s3:ListAllMyBuckets"], "Resource": "*" }),
            json!({ "Action": "s3:GetObject", "Principal": "*", "Resource": "x",
                "Condition": { "StringEquals": { "aws:PrincipalOrgID": "o" } } }),
        ] {
            assert_eq!(allow(statement.clone()), Vec::<String>::new(), "{statement}");
        }
        assert!(findings(1, &json!({ "Effect": "Deny", "Action": "*" })).is_empty());
    }
}
