//! What an engagement costs on AWS besides tokens, and what an idle deployment costs.

use cloudcrew_definition::crew::{Definition, UnitPrice, Workflow};
use cloudcrew_plan::emit::tfvars::CONTAINER;
use cloudcrew_plan::forecast::{Forecast, Range};
use cloudcrew_tools::unit_price;
use cloudcrew_views::plan::{IdleStack, OnAws};

/// Something that is paid for: service, item, and how many units of the price.
type Item = (&'static str, &'static str, f64);

/// Hours of a month, as prices are quoted.
const MONTH: f64 = 730.0;
/// Seconds that a container takes to be pulled, started and stopped.
const STARTS: f64 = 60.0;

/// The costs, at the prices that the workspace or the engine knows; `None` when one is unknown.
pub fn on_aws(definition: &Definition, flow: &Workflow, forecast: &Forecast) -> Option<OnAws> {
    let mut prices = Vec::new();
    let (total, phases) = (&forecast.total, flow.phases.len() as f64);
    let low = engagement(total.turns.low as f64, total.seconds.low as f64, phases);
    let high = engagement(total.turns.high as f64, total.seconds.high as f64, 2.0 * phases);
    let engagement = Range {
        low: cost(definition, &low, &mut prices)?,
        high: cost(definition, &high, &mut prices)?,
    };
    let mut idle = Vec::new();
    for (egress, more) in [("public_ip", vec![]), ("nat", nat()), ("none", endpoints())] {
        let items: Vec<Item> = stack(definition.workflows.len()).into_iter().chain(more).collect();
        let micro_usd_per_month = cost(definition, &items, &mut prices)?;
        idle.push(IdleStack { egress: egress.to_owned(), micro_usd_per_month });
    }
    prices.sort();
    let (oldest, newest) = (prices.first()?.clone(), prices.last()?.clone());
    Some(OnAws { engagement, idle, priced_from: oldest, priced_to: newest })
}

/// What an engagement uses besides models. Usage per model reply was measured on the rig, with the
/// real programs and the rehearsed delivery: 24 write units and 82 read units.
fn engagement(turns: f64, seconds: f64, phases: f64) -> Vec<Item> {
    let (cpu, memory) = (f64::from(CONTAINER.0) / 1024.0, f64::from(CONTAINER.1) / 1024.0);
    let hours = (seconds + phases * STARTS) / 3600.0;
    vec![
        ("Fargate", "vCPU, Linux x86", cpu * hours),
        ("Fargate", "memory, Linux x86", memory * hours),
        ("DynamoDB", "writes, on demand", turns * 24.0 / 1e6),
        ("DynamoDB", "reads, on demand", turns * 82.0 / 1e6),
        ("S3", "PUT, COPY, POST, LIST", turns * 4.0 / 1e3),
        ("S3", "GET and others", turns * 8.0 / 1e3),
        // Each append calls `answer`, which reads two items; a phase has a review and a gate.
        ("Lambda", "requests", (turns * 12.0 + phases * 20.0) / 1e6),
        ("Lambda", "duration, x86", (turns * 1.2 + phases * 120.0) / 1e6),
        ("Step Functions", "standard transitions", phases * 10.0 / 1e3),
    ]
}

/// What the stack and the bootstrap use without any engagement. Table and functions are billed on
/// demand, so they cost nothing then.
fn stack(workflows: usize) -> Vec<Item> {
    vec![
        ("KMS", "customer-managed key", 2.0),
        ("Secrets Manager", "secret", 1.0),
        // Nine functions, each workflow, the stream and the failure queue.
        ("CloudWatch", "alarm, standard resolution", 11.0 + workflows as f64),
        ("CloudWatch", "dashboard, after 3", 1.0),
        ("ECR", "storage", 1.0),
    ]
}

fn nat() -> Vec<Item> {
    vec![("NAT gateway", "gateway", MONTH), ("Public IPv4 address", "address", MONTH)]
}

/// Ten services, each in two zones.
fn endpoints() -> Vec<Item> {
    vec![("VPC endpoint", "interface endpoint, per zone", 20.0 * MONTH)]
}

/// The cost of items in millionths of a US dollar; adds the dates of their prices.
fn cost(definition: &Definition, items: &[Item], dates: &mut Vec<String>) -> Option<u64> {
    let mut total = 0.0;
    for (service, item, units) in items {
        let UnitPrice { usd, date, .. } = unit_price(&definition.knowledge, service, item)?;
        total += usd * units;
        dates.push(date.clone());
    }
    Some((total * 1e6).ceil() as u64)
}
