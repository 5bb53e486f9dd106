//! `knowledge/NAME.yaml`: facts and prices that agents may look up.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Written;

/// Facts and prices of services, with their sources. Agents look them up with `aws_service_lookup`,
/// and `estimate_cost` multiplies the prices. They come before the figures that CloudCrew ships.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew knowledge")]
pub struct KnowledgeFile {
    /// Version of the file format. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// The services.
    #[schemars(length(min = 1, max = 500), extend("examples" = [[{"name": "Lambda",
        "source": "Price list of 1 March, page 4", "prices": [{"item": "requests",
        "unit": "1 million requests", "usd": 0.18, "date": "2026-03-01"}]}]]))]
    pub services: Written<Vec<Written<Service>>>,
}

/// A service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Service {
    /// Its name.
    #[schemars(length(min = 1, max = 100), extend("examples" = ["Lambda"]))]
    pub name: Written<String>,
    /// Other names under which it is found. Optional.
    #[schemars(length(max = 20), inner(length(min = 1, max = 100)),
        extend("examples" = [["functions"]]))]
    pub aliases: Option<Written<Vec<Written<String>>>>,
    /// What it is for, in one line.
    #[schemars(length(max = 500), extend("examples" = ["Our agreement for compute"]))]
    pub what: Option<Written<String>>,
    /// Where its figures come from.
    #[schemars(length(min = 1, max = 500), extend("examples" = ["Price list of 1 March, page 4"]))]
    pub source: Written<String>,
    /// Prices. Optional.
    #[schemars(length(max = 200), extend("examples" = [[{"item": "requests",
        "unit": "1 million requests", "usd": 0.18, "date": "2026-03-01"}]]))]
    pub prices: Option<Written<Vec<Written<UnitPrice>>>>,
    /// Limits and other facts. Optional.
    #[schemars(length(max = 200), extend("examples" = [[{"text": "At most 500 at once",
        "date": "2026-03-01"}]]))]
    pub facts: Option<Written<Vec<Written<Fact>>>>,
}

/// A price.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct UnitPrice {
    /// What is paid for.
    #[schemars(length(min = 1, max = 200), extend("examples" = ["requests"]))]
    pub item: Written<String>,
    /// The unit that the price is for.
    #[schemars(length(min = 1, max = 100), extend("examples" = ["1 million requests"]))]
    pub unit: Written<String>,
    /// US dollars for one unit.
    #[schemars(range(min = 0, max = 1_000_000_000), extend("examples" = [0.18]))]
    pub usd: Written<f64>,
    /// Region that the price holds in.
    #[schemars(length(min = 1, max = 50), extend("default" = REGION))]
    pub region: Option<Written<String>>,
    /// When the price was read: `YYYY-MM` or `YYYY-MM-DD`.
    #[schemars(regex(pattern = DATE), extend("x-cloudcrew-form" = "date",
        "examples" = ["2026-03-01"]))]
    pub date: Written<String>,
}

/// A fact.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Fact {
    /// The fact, in one line.
    #[schemars(length(min = 1, max = 500), extend("examples" = ["At most 500 at once"]))]
    pub text: Written<String>,
    /// When it was read: `YYYY-MM` or `YYYY-MM-DD`.
    #[schemars(regex(pattern = DATE), extend("x-cloudcrew-form" = "date",
        "examples" = ["2026-03-01"]))]
    pub date: Written<String>,
}

const DATE: &str = "^[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$";

/// The region of a price that names none.
pub const REGION: &str = "us-east-1";
