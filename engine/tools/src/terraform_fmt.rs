//! `terraform_fmt`: formats Terraform files.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::program::{Limits, ProgramEnd};
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::programs::{folder, kept, printed, ran};
use super::run_command::COMMITTED;
use super::tool::TypedTool;
use super::workplace::{Task, Workplace};

pub(super) struct TerraformFmt;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Folder with Terraform files, from the repository's root; folders below it are included
    #[schemars(length(min = 1, max = 4096))]
    folder: String,
}

#[async_trait]
impl TypedTool for TerraformFmt {
    type Arguments = Arguments;
    const NAME: &'static str = "terraform_fmt";
    const DESCRIPTION: &'static str = "Formats the Terraform files of a folder with `terraform \
                                       fmt`, and commits those in your scope that change.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;
    const PROGRAMS: &'static [&'static str] = &["terraform"];

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        if at.has_committed().await {
            return Outcome::text(COMMITTED);
        }
        let arguments = ["fmt", "-recursive", "-no-color"].map(str::to_owned).to_vec();
        let task = Task {
            program: "terraform".to_owned(),
            arguments,
            folder: folder(&a.folder)?,
            environment: vec![("CHECKPOINT_DISABLE".to_owned(), "1".to_owned())],
            limits: Limits::default(),
        };
        let ran = ran(at, task).await?;
        if ran.end != ProgramEnd::Exited(0) {
            let text = format!("terraform fmt {}.\n{}", ran.end, printed(&ran));
            return Outcome::text(text);
        }
        let changed = kept(at, ran, &format!("Format {}", a.folder)).await?;
        Outcome::text(match changed.is_empty() {
            true => format!("Every Terraform file in {} is formatted.", a.folder),
            false => format!("Formatted:\n{changed}"),
        })
    }
}
