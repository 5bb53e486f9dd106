//! Warnings that are intended.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Written;

/// Warnings that are intended. Errors cannot be allowed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Allowed {
    /// Code of the rule, as `check` shows it in brackets.
    #[schemars(extend("x-cloudcrew-rules" = true, "examples" = ["unused-agent"]))]
    pub rule: Written<String>,
    /// The word that the warning marks. By default, every warning of this rule in the file.
    #[schemars(length(min = 1, max = 200), extend("examples" = ["legal"]))]
    pub at: Option<Written<String>>,
    /// The file, if the warning is in one that has no `allow`, such as a template. By default, this
    /// file.
    #[schemars(length(min = 1, max = 200), extend("examples" = ["templates/contract.md"]))]
    pub file: Option<Written<String>>,
    /// Why it is intended.
    #[schemars(length(min = 1, max = 500),
        extend("examples" = ["The legal agent joins in the next release"]))]
    pub reason: Written<String>,
}
