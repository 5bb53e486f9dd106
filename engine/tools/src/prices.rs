//! Facts and prices of services: those that are shipped, and those of the workspace.

use std::sync::LazyLock;

use cloudcrew_definition::crew::{Service, UnitPrice};
use serde::Deserialize;

/// What is shipped.
#[derive(Deserialize)]
struct Shipped {
    services: Vec<Service>,
}

/// The region of the shipped prices.
const REGION: &str = "us-east-1";

static SHIPPED: LazyLock<Vec<Service>> = LazyLock::new(|| {
    let data = include_str!("../data/aws.json");
    serde_json::from_str::<Shipped>(data).map(|shipped| shipped.services).unwrap_or_default()
});

/// All services that are known: the workspace's own come first.
pub(super) fn services(own: &[Service]) -> Vec<&Service> {
    own.iter().chain(SHIPPED.iter()).collect()
}

/// The price of an item of a service in the region of the shipped prices; the workspace's own comes
/// first.
pub fn unit_price<'a>(own: &'a [Service], service: &str, item: &str) -> Option<&'a UnitPrice> {
    let all = own.iter().chain(SHIPPED.iter()).filter(|known| known.name == service);
    all.flat_map(|known| &known.prices).find(|price| price.item == item && price.region == REGION)
}

/// A name as people type it.
fn plain(name: &str) -> String {
    let name = name.to_lowercase();
    let name = name.trim().trim_start_matches("amazon ").trim_start_matches("aws ");
    name.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The services of a name, or of one that contains it.
pub(super) fn found<'a>(all: &[&'a Service], name: &str) -> Vec<&'a Service> {
    let wanted = plain(name);
    let names = |service: &Service| {
        let names = std::iter::once(&service.name).chain(&service.aliases);
        names.map(|name| plain(name)).collect::<Vec<_>>()
    };
    let exact: Vec<&Service> =
        all.iter().copied().filter(|service| names(service).contains(&wanted)).collect();
    if !exact.is_empty() || wanted.len() < 3 {
        return exact;
    }
    let near = |service: &&Service| names(service).iter().any(|name| name.contains(&wanted));
    all.iter().copied().filter(near).collect()
}

/// A price with the service that has it.
pub(super) type Priced<'a> = (&'a Service, &'a UnitPrice);

/// The price of an item of a service in a region.
pub(super) fn price<'a>(
    services: &[&'a Service],
    item: &str,
    region: &str,
) -> Result<Priced<'a>, Vec<Priced<'a>>> {
    // It is not known which of several services is meant.
    if services.iter().any(|service| plain(&service.name) != plain(&services[0].name)) {
        return Err(Vec::new());
    }
    let prices = services.iter().flat_map(|service| service.prices.iter().map(|p| (*service, p)));
    let all: Vec<Priced<'a>> = prices.filter(|(_, price)| price.region == region).collect();
    let wanted = plain(item);
    let exact = all.iter().find(|(_, price)| plain(&price.item) == wanted);
    let near: Vec<&Priced<'a>> =
        all.iter().filter(|(_, price)| plain(&price.item).contains(&wanted)).collect();
    match (exact, near.as_slice()) {
        (Some(found), _) => Ok(*found),
        (None, [one]) if !wanted.is_empty() => Ok(**one),
        _ => Err(all),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_by_the_names_that_people_use() {
        let all = services(&[]);
        assert!(all.len() > 25, "the data is read");
        for name in ["lambda", "AWS Lambda", "Amazon DynamoDB", "ECS", "s3", "nat gateway"] {
            assert!(!found(&all, name).is_empty(), "{name}");
        }
        assert!(found(&all, "quantum").is_empty());
        let own = [Service {
            name: "Lambda".into(),
            aliases: Vec::new(),
            what: String::new(),
            source: "our agreement".into(),
            prices: vec![UnitPrice {
                item: "requests".into(),
                unit: "1 million requests".into(),
                usd: 0.1,
                region: "us-east-1".into(),
                date: "2026-01".into(),
            }],
            facts: Vec::new(),
        }];
        let (service, price) =
            price(&found(&services(&own), "lambda"), "requests", "us-east-1").expect("a price");
        assert_eq!((service.source.as_str(), price.usd), ("our agreement", 0.1));
    }

    #[test]
    fn every_figure_that_is_shipped_has_a_source_and_a_date() {
        for service in services(&[]) {
            assert!(service.source.contains("aws.amazon.com/"), "{}", service.name);
            let dates = service.prices.iter().map(|price| &price.date);
            let dates = dates.chain(service.facts.iter().map(|fact| &fact.date));
            assert!(dates.clone().all(|date| date.len() == 7), "{}", service.name);
            assert!(service.prices.iter().all(|price| price.usd >= 0.0));
        }
    }
}
