//! One verb a file.

mod artifacts;
mod check;
mod completions;
mod cost;
mod decide;
mod doctor;
mod drive;
mod fix;
mod generate;
mod graph;
mod inbox;
mod init;
mod ledger;
mod list;
mod lsp;
mod plan;
mod retry;
mod run;
mod schema;
mod test;
mod watch;

use cloudcrew_runtime::engagement::{Record, open};

use crate::args::{Approve, Args, Command, Format};
use crate::exit::{Exit, Failure};
use crate::out::{put, say};
use crate::output::pretty;
use crate::{home, show};

/// Runs what was typed.
pub async fn run(args: Args) -> Result<Exit, Failure> {
    match &args.command {
        Command::Init { folder, minimal } => init::init(&args, folder.as_deref(), *minimal),
        Command::Check { format, fix } => check::check(&args, *format, *fix),
        Command::Explain { code } => check::explain(code.as_deref()),
        Command::Schema { named: true, .. } => schema::of_workspace(&args),
        Command::Schema { kind, write, .. } => schema::schema(&args, kind.as_deref(), *write),
        Command::Graph { workflow, format } => graph::graph(&args, workflow.as_deref(), *format),
        Command::Plan(planned) => plan::plan(&args, planned).await,
        Command::Generate { check } => generate::generate(&args, *check),
        Command::Run(run) => run::run(&args, run).await,
        Command::List { format } => list::list(&args, *format).await,
        Command::Show { project, format } => {
            let (store, engagement) = home::engagement(&args, project).await?;
            match format {
                Format::Human => put!("{}", show::human(&store, &engagement).await?),
                Format::Json => say!("{}", pretty(&show::document(&store, &engagement))),
            }
            Ok(Exit::Done)
        }
        Command::Watch { project, format } => watch::watch(&args, project, *format).await,
        Command::Inbox { format } => inbox::inbox(&args, *format).await,
        Command::Approve { project, ratings, digest } => {
            decide::approve(&args, project, ratings, digest.clone()).await
        }
        Command::Revise { project, words, ratings, digest } => {
            decide::revise(&args, project, words, ratings, digest.clone()).await
        }
        Command::Answer { project, request, words } => {
            decide::answer(&args, project, request, words).await
        }
        Command::Resume { project, approve, format } => {
            let store = home::existing(&home::path(&args)?)?;
            let engagement = open(Record::of(&store), project).await?;
            drive::drive(&args, &store, engagement, *approve == Some(Approve::All), *format).await
        }
        Command::Retry { project, from, definitions, approve, format } => {
            retry::retry(&args, project, from.as_deref(), *definitions, *approve, *format).await
        }
        Command::Cancel { project } => decide::cancel(&args, project).await,
        Command::Ledger { project, format } => ledger::ledger(&args, project, *format).await,
        Command::Artifacts { project, path, export, format } => {
            artifacts::artifacts(&args, project, path.as_deref(), export.as_deref(), *format).await
        }
        Command::Cost { project, format } => cost::cost(&args, project, *format).await,
        Command::Test { files, junit } => test::test(&args, files, junit.as_deref()),
        Command::Lsp => lsp::lsp(),
        Command::Doctor { live, model } => doctor::doctor(&args, *live, model).await,
        Command::Completions { what } => completions::completions(*what),
    }
}
