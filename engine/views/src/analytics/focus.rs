//! Costs as FOCUS 1.3: the open format of the FinOps Foundation for billing data.
//!
//! A row is an agent with a model in a phase of an engagement. A model has a price for each kind of
//! token, so a row has no single SKU: the SKU and quantity columns are empty, and the tokens are in
//! columns of our own, which begin with `x_`. <https://focus.finops.org/focus-specification/v1-3/>

use cloudcrew_runtime::metrics::Summary;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::api::Time;

/// The columns. `ProviderName` and `PublisherName` are those of FOCUS 1.2, for older readers.
const COLUMNS: [&str; 34] = [
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "ContractedCost",
    "EffectiveCost",
    "HostProviderName",
    "InvoiceIssuerName",
    "ListCost",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ServiceCategory",
    "ServiceName",
    "ServiceProviderName",
    "ServiceSubcategory",
    "SubAccountId",
    "SubAccountName",
    "Tags",
    "x_Calls",
    "x_UnpricedCalls",
    "x_InputTokens",
    "x_OutputTokens",
    "x_CacheReadTokens",
    "x_CacheWriteTokens",
];

/// CSV of engagements with live models, with a header. Rehearsals cost nothing and are left out.
pub fn focus(summaries: &[Summary]) -> String {
    let mut csv = format!("{}\n", COLUMNS.join(","));
    for summary in summaries.iter().filter(|summary| summary.live) {
        for phase in &summary.phases {
            for agent in &phase.agents {
                let spent = &agent.spent;
                let (dollars, rest) = (spent.micro_usd / 1_000_000, spent.micro_usd % 1_000_000);
                let cost = format!("{dollars}.{rest:06}");
                let (start, end) = month(summary.began);
                let tags = serde_json::json!({
                    "project": summary.project,
                    "workflow": summary.workflow,
                    "phase": phase.phase,
                    "agent": agent.agent,
                    "model": agent.model,
                });
                let about = format!("{} by {} in {}", agent.model, agent.agent, phase.phase);
                let provider = "CloudCrew";
                // The end of a charge period is exclusive, and never its start.
                let ended = Time(summary.ended.max(summary.began + 1));
                let row = [
                    cost.clone(),
                    summary.owner.clone(),
                    summary.owner.clone(),
                    "USD".to_owned(),
                    end,
                    start,
                    "Usage".to_owned(),
                    String::new(),
                    about,
                    "Usage-Based".to_owned(),
                    ended.text(),
                    Time(summary.began).text(),
                    cost.clone(),
                    cost.clone(),
                    provider.to_owned(),
                    provider.to_owned(),
                    cost,
                    String::new(),
                    String::new(),
                    provider.to_owned(),
                    provider.to_owned(),
                    "AI and Machine Learning".to_owned(),
                    agent.model.clone(),
                    provider.to_owned(),
                    "Generative AI".to_owned(),
                    summary.project.clone(),
                    summary.project.clone(),
                    tags.to_string(),
                    spent.calls.to_string(),
                    spent.unpriced_calls.to_string(),
                    spent.input_tokens.to_string(),
                    spent.output_tokens.to_string(),
                    spent.cache_read_tokens.to_string(),
                    spent.cache_write_tokens.to_string(),
                ];
                let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
                csv.push_str(&cells.join(","));
                csv.push('\n');
            }
        }
    }
    csv
}

/// The month of a time: its start, and the start of the next.
fn month(ms: i64) -> (String, String) {
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let day = TimeZone::UTC.to_datetime(time).date().first_of_month();
    let next = day.checked_add(1.month()).unwrap_or(day);
    let text = |day: jiff::civil::Date| format!("{day}T00:00:00Z");
    (text(day), text(next))
}

/// A cell. One that a spreadsheet would take for a formula is made text.
fn quoted(cell: &str) -> String {
    let cell = match cell.chars().next() {
        Some('=' | '+' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell.to_owned(),
    };
    if cell.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}
