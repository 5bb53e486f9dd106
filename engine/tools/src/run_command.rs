//! `run_command`: runs a program that the agent's `commands` name.

use std::time::Duration;

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_ports::program::Limits;
use schemars::JsonSchema;
use serde::Deserialize;

use super::outcome::{Outcome, ToolError};
use super::programs::{changed, folder, kept, printed, ran};
use super::results::results;
use super::tool::TypedTool;
use super::workplace::{Task, Workplace};

pub(super) struct RunCommand;

/// What is known of a call that a process that died has made.
pub(super) const COMMITTED: &str = "The process ended after this call had committed what the \
                                    program changed, so what it printed is lost. See the files, \
                                    or run it again.";

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Name of a program that you may run, such as python3
    #[schemars(length(min = 1, max = 64))]
    program: String,
    /// Its arguments, one by one: no shell reads them
    #[serde(default)]
    #[schemars(length(max = 200), inner(length(max = 4000)))]
    arguments: Vec<String>,
    /// Folder to start in, from the repository's root. Defaults to the root
    #[serde(default)]
    #[schemars(length(max = 4096))]
    folder: String,
    /// Whether to commit the files that it changes in your scope. Without it, they are thrown away
    #[serde(default)]
    keep: bool,
    /// Seconds that it may take. Defaults to 120
    #[serde(default)]
    #[schemars(range(min = 1, max = 900))]
    seconds: Option<u64>,
}

#[async_trait]
impl TypedTool for RunCommand {
    type Arguments = Arguments;
    const NAME: &'static str = "run_command";
    const DESCRIPTION: &'static str = "Runs a program, such as a test runner, on a copy of the \
                                       repository in a sandbox without a network. Shows its exit \
                                       code, what it printed and the files it changed.";
    const CAPABILITY: Capability = Capability::Command;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let may = &at.agent().commands;
        if !may.contains(&a.program) {
            let list = if may.is_empty() { "no program".to_owned() } else { may.join(", ") };
            let why = format!("`{}` may run {list}, and not `{}`", at.agent().name, a.program);
            return Err(ToolError::Refused(why));
        }
        if a.keep && at.has_committed().await {
            return Outcome::text(COMMITTED);
        }
        let seconds = a.seconds.unwrap_or(120);
        let task = Task {
            program: a.program.clone(),
            arguments: a.arguments,
            folder: folder(&a.folder)?,
            environment: Vec::new(),
            limits: Limits {
                time: Duration::from_secs(seconds),
                processor: seconds,
                ..Limits::default()
            },
        };
        let ran = ran(at, task).await?;
        let said = results(&ran).map(|said| format!("{said}\n")).unwrap_or_default();
        let mut text = format!("{} {}.\n{said}{}", a.program, ran.end, printed(&ran));
        if a.keep {
            let message = format!("Keep what {} changed", a.program);
            let kept = kept(at, ran, &message).await?;
            if !kept.is_empty() {
                text.push_str(&format!("\nChanged files:\n{kept}"));
            }
        } else if !ran.changed.is_empty() {
            let changed = changed(&ran);
            text.push_str(&format!("\nChanged files, which are not kept:\n{changed}"));
        }
        Outcome::text(text)
    }
}
