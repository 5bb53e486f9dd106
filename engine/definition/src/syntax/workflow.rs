//! `workflows/NAME.yaml`: the phases in order.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Budget, Written};

/// The phases in order, and the steps after the last one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew workflow")]
pub struct WorkflowFile {
    /// Version of the file format. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Name of the workflow; must equal the file name without `.yaml`.
    #[schemars(regex(pattern = super::NAME_PATTERN), extend("x-cloudcrew-defines" = "workflows",
        "examples" = ["delivery"]))]
    pub workflow: Written<String>,
    /// One line about the purpose of the workflow.
    #[schemars(extend("examples" = ["From a statement of work to a service that the customer can \
        run"]))]
    pub description: Option<Written<String>>,
    /// Names of phases, in order, each once.
    #[schemars(length(min = 1), extend("x-cloudcrew-names" = "phases", "examples" = [["discovery",
        "architecture"]]))]
    pub phases: Written<Vec<Written<String>>>,
    /// Agent that answers the customer's messages. Defaults to the reviewer of the first phase that
    /// has a review, otherwise to the entry agent of the first phase.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
    pub contact: Option<Written<String>>,
    /// The budget of the engagement, including its reviews. Defaults to no limit.
    #[schemars(extend("examples" = [{"usd": 40, "at_limit": "ask"}]))]
    pub budget: Option<Written<Budget>>,
    /// Steps that run after the last phase. A step that fails is recorded and never blocks
    /// completion. Optional.
    #[schemars(extend("x-cloudcrew-names" = "finalize_steps", "examples" = [["summary"]]))]
    pub finalize: Option<Written<Vec<Written<String>>>>,
}
