//! `workflows/NAME.yaml`: the phases in order.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Allowed, Budget, Entries, Inputs, Variant, Written, defaults};

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
    /// The workflow without some of its phases, for smaller engagements, keyed by a name of your
    /// choice. `pilot` is started as `WORKFLOW-pilot`. Optional.
    #[schemars(extend("examples" = [{"pilot": {"description": "Prove it before it is built",
        "without": ["production", "handoff"]}}]))]
    pub variants: Option<Written<Entries<Variant>>>,
    /// Workflows, one of which an earlier engagement must have completed. The engagement starts on
    /// its branch and with its ledger: `--after PROJECT`. By default, an engagement starts on its
    /// own.
    #[schemars(length(min = 1), extend("x-cloudcrew-names" = "workflows",
        "examples" = [["delivery"]]))]
    pub after: Option<Written<Vec<Written<String>>>>,
    /// What the person who starts an engagement chooses, keyed by a name of your choice. Prompts
    /// and templates read a value as `inputs.NAME`. Optional.
    #[schemars(extend("examples" = [{"region": {"description": "Region of all personal data",
        "choices": ["eu-central-1", "us-east-1"], "default": "eu-central-1"}}]))]
    pub inputs: Option<Written<Inputs>>,
    /// Agent that answers the customer's messages. Defaults to the reviewer of the first phase that
    /// has a review, otherwise to the entry agent of the first phase.
    #[schemars(extend("x-cloudcrew-names" = "agents", "examples" = ["pm"]))]
    pub contact: Option<Written<String>>,
    /// The budget of the engagement, including its reviews. Defaults to no limit.
    #[schemars(extend("examples" = [{"usd": 40, "at_limit": "ask"}]))]
    pub budget: Option<Written<Budget>>,
    /// How the crew is shown patterns, and when one counts as proven. Optional.
    #[schemars(extend("examples" = [{"hold_out": 20, "min_lower_bound": 0.7}]))]
    pub patterns: Option<Written<PatternRules>>,
    /// Further headings of statements of work, by the section that they name. Common headings in
    /// several languages are known without it. Optional.
    #[schemars(extend("examples" = [{"requirements": ["Pflichtenheft"], "constraints": ["Kept"]}]))]
    pub sow_headings: Option<Written<SowHeadings>>,
    /// Steps that run after the last phase. A step that fails is recorded and never blocks
    /// completion. Optional.
    #[schemars(extend("x-cloudcrew-names" = "finalize_steps", "examples" = [["summary"]]))]
    pub finalize: Option<Written<Vec<Written<String>>>>,
    /// Warnings of this file that are intended. Optional.
    #[schemars(extend("examples" = [[{"rule": "unused-phase", "at": "poc",
        "reason": "Only pilots use it"}]]))]
    pub allow: Option<Written<Vec<Written<Allowed>>>>,
    /// The workflow that this one is a variant of. No file says so.
    #[serde(skip)]
    #[schemars(skip)]
    pub of: Option<String>,
}

/// How the crew is shown patterns, and when one counts as proven.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PatternRules {
    /// Percentage of phases from which each pattern is withheld as a control group, to measure
    /// whether it helps. A hash of engagement, phase and pattern selects them.
    #[schemars(range(max = 90), extend("default" = defaults::HOLD_OUT))]
    pub hold_out: Option<Written<u32>>,
    /// Minimum success rate for a promotion, as the lower bound of its 95% confidence interval.
    /// Without it, three uses with a success rate above 80% are enough, which chance alone often
    /// reaches.
    #[schemars(range(min = 0, max = 1), extend("examples" = [0.7]))]
    pub min_lower_bound: Option<Written<f64>>,
}

/// Headings of the sections of a statement of work, besides the common ones.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SowHeadings {
    /// Headings above what the customer wants to achieve.
    #[schemars(extend("examples" = [["Our vision"]]))]
    pub objectives: Option<Written<Vec<Written<String>>>>,
    /// Headings above what must be built.
    #[schemars(extend("examples" = [["Pflichtenheft"]]))]
    pub requirements: Option<Written<Vec<Written<String>>>>,
    /// Headings above what must not happen, and what is out of scope.
    #[schemars(extend("examples" = [["Left as it is"]]))]
    pub constraints: Option<Written<Vec<Written<String>>>>,
    /// Headings above what is handed over.
    #[schemars(extend("examples" = [["Items to hand over"]]))]
    pub deliverables: Option<Written<Vec<Written<String>>>>,
    /// Headings above how the customer will judge that the work is done.
    #[schemars(extend("examples" = [["Site tests"]]))]
    pub acceptance_criteria: Option<Written<Vec<Written<String>>>>,
    /// Headings above dates and deadlines.
    #[schemars(extend("examples" = [["Go-live"]]))]
    pub timeline: Option<Written<Vec<Written<String>>>>,
}
