//! `aws_provider_docs`: the arguments of a resource of Terraform's AWS provider.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::diagnostic::closest;
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct AwsProviderDocs;

/// What is shipped: names and types of arguments, as the provider's own schema declares them.
#[derive(Deserialize)]
struct Provider {
    version: String,
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
struct Resource {
    required: BTreeMap<String, String>,
    optional: BTreeMap<String, String>,
    blocks: BTreeMap<String, Vec<String>>,
}

static PROVIDER: LazyLock<Option<Provider>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/aws_provider.json")).ok());

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Type of the resource, such as aws_sqs_queue
    #[schemars(length(min = 1, max = 100))]
    resource: String,
}

#[async_trait]
impl TypedTool for AwsProviderDocs {
    type Arguments = Arguments;
    const NAME: &'static str = "aws_provider_docs";
    const DESCRIPTION: &'static str = "Lists the arguments and blocks of a common resource of \
                                       Terraform's AWS provider with their types, from data on \
                                       this machine that names its version.";
    const CAPABILITY: Capability = Capability::Read;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, _: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let Some(provider) = &*PROVIDER else {
            return Err(ToolError::Refused("the data cannot be read".to_owned()));
        };
        let Some(resource) = provider.resources.get(&a.resource) else {
            let names: Vec<&str> = provider.resources.keys().map(String::as_str).collect();
            let meant = closest(&a.resource, &names);
            let meant = meant.map(|name| format!(" Did you mean {name}?")).unwrap_or_default();
            return Outcome::text(format!(
                "unknown: {} is not among the {} resources that are known.{meant} Check what you \
                 write with terraform_validate.",
                row(&a.resource),
                names.len()
            ));
        };
        let mut text = format!("{} of hashicorp/aws {}:\n", a.resource, provider.version);
        for (title, arguments) in
            [("Required", &resource.required), ("Optional", &resource.optional)]
        {
            let all = arguments.iter().map(|(name, kind)| format!("{name} ({kind})"));
            let all = all.collect::<Vec<_>>().join(", ");
            let all = if all.is_empty() { "none" } else { &all };
            text.push_str(&format!("{title}: {all}\n"));
        }
        for (name, inside) in &resource.blocks {
            text.push_str(&format!("Block {name}: {}\n", inside.join(", ")));
        }
        Outcome::text(text.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_and_knows_what_crews_write() {
        let provider = PROVIDER.as_ref().expect("data");
        assert!(provider.resources.len() > 80);
        let function = &provider.resources["aws_lambda_function"];
        assert!(
            function.required.contains_key("role") && function.optional.contains_key("runtime")
        );
    }
}
