//! `aws_service_lookup`: what is known of a service, with source and date.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::prices::{found, services};
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct AwsServiceLookup;

/// Maximum number of services to show.
const MOST: usize = 5;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Name of the service, such as DynamoDB
    #[schemars(length(min = 1, max = 100))]
    service: String,
}

#[async_trait]
impl TypedTool for AwsServiceLookup {
    type Arguments = Arguments;
    const NAME: &'static str = "aws_service_lookup";
    const DESCRIPTION: &'static str = "Shows limits and prices of an AWS service from data on this \
                                       machine, each with its source and date. What is not there \
                                       is unknown.";
    const CAPABILITY: Capability = Capability::Read;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let own = at.services().await;
        let all = services(&own);
        let found = found(&all, &a.service);
        if found.is_empty() {
            let mut names: Vec<&str> = all.iter().map(|service| service.name.as_str()).collect();
            names.dedup();
            let name = row(&a.service).into_owned();
            return Outcome::text(format!(
                "unknown: there is nothing about {name}. Do not invent figures: write that they \
                 are unknown, and where to look. Known are {}.",
                names.join(", ")
            ));
        }
        let mut text = String::new();
        for service in found.iter().take(MOST) {
            text.push_str(&format!("{}: {}\n", service.name, service.what));
            text.push_str(&format!("Source: {}\n", service.source));
            for fact in &service.facts {
                text.push_str(&format!("- {} ({})\n", fact.text, fact.date));
            }
            for price in &service.prices {
                text.push_str(&format!(
                    "- {}: {} USD for {} in {} ({})\n",
                    price.item, price.usd, price.unit, price.region, price.date
                ));
            }
            text.push('\n');
        }
        Outcome::text(text.trim_end())
    }
}
