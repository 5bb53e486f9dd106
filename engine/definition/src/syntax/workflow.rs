//! `workflows/NAME.yaml`: the phases in order.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Budget, Written};

/// The phases in order, and what finishes them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields, title = "CloudCrew workflow")]
pub struct WorkflowFile {
    /// Version of this file's form. Always `1`.
    #[schemars(range(min = 1, max = 1))]
    pub version: Written<u32>,
    /// Its name; the file's name without `.yaml`.
    #[schemars(regex(pattern = super::NAME_PATTERN), extend("x-cloudcrew-defines" = "workflows", "examples" = ["delivery"]))]
    pub workflow: Written<String>,
    /// One line about what it is for.
    #[schemars(extend("examples" = ["From a statement of work to a service that the customer can \
        run"]))]
    pub description: Option<Written<String>>,
    /// Names of phases, in order, each once.
    #[schemars(length(min = 1), extend("x-cloudcrew-names" = "phases", "examples" = [["discovery", "architecture"]]))]
    pub phases: Written<Vec<Written<String>>>,
    /// What the engagement may use, its reviews included. Left out: no limit.
    #[schemars(extend("examples" = [{"usd": 40, "at_limit": "ask"}]))]
    pub budget: Option<Written<Budget>>,
    /// What is done after the last phase. A step that fails is noted and never blocks completion.
    /// Left out: nothing.
    #[schemars(extend("x-cloudcrew-names" = "finalize_steps", "examples" = [["summary"]]))]
    pub finalize: Option<Written<Vec<Written<String>>>>,
}
