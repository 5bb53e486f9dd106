//! `estimate_cost`: multiplies quantities with known prices. A price that is not known stays
//! unknown.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use cloudcrew_definition::syntax::REGION;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::prices::{found, price, services};
use super::report::cell;
use super::tool::TypedTool;
use super::workplace::Workplace;

pub(super) struct EstimateCost;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// The lines of the estimate
    #[schemars(length(min = 1, max = 100))]
    lines: Vec<Line>,
    /// Region of the prices. Defaults to us-east-1
    #[serde(default)]
    #[schemars(length(min = 1, max = 50))]
    region: Option<String>,
}

/// Something that is paid for each month.
#[derive(Deserialize, JsonSchema)]
struct Line {
    /// Name of the service, such as DynamoDB
    #[schemars(length(min = 1, max = 100))]
    service: String,
    /// What is paid for, as aws_service_lookup names it, such as requests
    #[schemars(length(min = 1, max = 200))]
    item: String,
    /// Units in a month: 5 for 5 million requests when the unit is 1 million requests
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    quantity: f64,
    /// Where the quantity comes from: a requirement id, or that it is assumed
    #[serde(default)]
    #[schemars(length(max = 200))]
    basis: String,
}

#[async_trait]
impl TypedTool for EstimateCost {
    type Arguments = Arguments;
    const NAME: &'static str = "estimate_cost";
    const DESCRIPTION: &'static str = "Multiplies quantities for a month with prices from data on \
                                       this machine, and shows a table with source and date of \
                                       each. A price that is not there stays unknown.";
    const CAPABILITY: Capability = Capability::Read;
    const EFFECT: Effect = Effect::Pure;
    const IN_REVIEW: bool = true;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let own = at.services().await;
        let all = services(&own);
        let region = a.region.as_deref().unwrap_or(REGION);
        let mut table = String::from(
            "| Service | Item | Quantity | Unit price | USD a month | Basis | Source |\n\
             |---|---|---|---|---|---|---|\n",
        );
        let (mut total, mut unknown, mut notes) = (0.0, 0, String::new());
        for line in &a.lines {
            let Line { service, item, quantity, basis } = line;
            let named = found(&all, service);
            let (service, item, unit, amount, source) = match price(&named, item, region) {
                Ok((service, price)) => {
                    let amount = price.usd * quantity;
                    total += amount;
                    (
                        service.name.as_str(),
                        price.item.as_str(),
                        format!("{} per {}", price.usd, price.unit),
                        format!("{amount:.2}"),
                        format!("{}, {}", service.source, price.date),
                    )
                }
                Err(others) => {
                    unknown += 1;
                    let items: Vec<&str> =
                        others.iter().map(|(_, price)| price.item.as_str()).collect();
                    let known = if items.is_empty() { "nothing".into() } else { items.join("; ") };
                    notes.push_str(&format!(
                        "\nunknown: {} of {} in {}; known: {known}",
                        row(item),
                        row(service),
                        row(region)
                    ));
                    let unknown = || "unknown".to_owned();
                    (service.as_str(), item.as_str(), unknown(), unknown(), "none".to_owned())
                }
            };
            table.push_str(&format!(
                "| {} | {} | {quantity} | {} | {amount} | {} | {} |\n",
                cell(service),
                cell(item),
                cell(&unit),
                cell(basis),
                cell(&source)
            ));
        }
        let least = if unknown > 0 { "at least " } else { "" };
        let more = match unknown {
            0 => String::new(),
            1 => " with 1 line unknown".to_owned(),
            lines => format!(" with {lines} lines unknown"),
        };
        Outcome::text(format!(
            "{table}\nTotal: {least}{total:.2} USD a month in {}{more}, without free tiers, \
             discounts and taxes.{notes}",
            row(region)
        ))
    }
}
