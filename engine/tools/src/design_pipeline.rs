//! `design_pipeline`: writes the steps of a data pipeline, if they are valid.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::report::counted;
use super::tool::TypedTool;
use super::validate_asl::mistakes;
use super::validate_sql::{Dialect, parsed};
use super::workplace::Workplace;

pub(super) struct DesignPipeline;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path of the file from the repository's root: .json for a state machine, .sql for SQL
    #[schemars(length(min = 1, max = 4096))]
    path: String,
    /// The steps
    steps: Steps,
}

/// The steps of a pipeline.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Steps {
    /// A state machine in the Amazon States Language
    Asl {
        /// The whole machine as JSON
        #[schemars(length(min = 1, max = 262_144))]
        content: String,
    },
    /// SQL statements, which run one after the other
    Sql {
        /// All statements
        #[schemars(length(min = 1, max = 262_144))]
        content: String,
        /// The database that runs them
        dialect: Dialect,
    },
}

#[async_trait]
impl TypedTool for DesignPipeline {
    type Arguments = Arguments;
    const NAME: &'static str = "design_pipeline";
    const DESCRIPTION: &'static str = "Writes the steps of a data pipeline, as a Step Functions \
                                       state machine or as SQL, if they are valid; otherwise says \
                                       what is wrong and writes nothing.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let path = at.admit(&a.path)?;
        let refused = |why: String| {
            ToolError::Refused(format!("Not written, because it is not valid: {why}"))
        };
        let (content, steps, ending) = match a.steps {
            Steps::Asl { content } => {
                let states = mistakes(&content).map_err(|found| refused(found.join("\n")))?;
                (content, counted(states, "state"), ".json")
            }
            Steps::Sql { content, dialect } => {
                let statements = parsed(&content, dialect).map_err(refused)?;
                if statements.is_empty() {
                    return Err(refused("it has no statements".to_owned()));
                }
                (content, counted(statements.len(), "statement"), ".sql")
            }
        };
        if !a.path.ends_with(ending) {
            let why = format!("{} must end in {ending}", row(&a.path));
            return Err(ToolError::Refused(why));
        }
        at.write(&path, content, &format!("Design the pipeline {path}")).await?;
        Outcome::text(format!("Wrote {path}: valid, {steps}"))
    }
}
