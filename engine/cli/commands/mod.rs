//! One file per command.

mod artifacts;
mod check;
mod compare;
mod completions;
mod cost;
pub mod decide;
mod diff;
mod doctor;
mod drive;
mod explain;
mod fix;
mod generate;
mod graph;
mod inbox;
mod init;
mod ledger;
mod list;
mod lsp;
mod members;
mod memory;
mod message;
mod metrics;
mod new;
mod patterns;
mod plan;
mod programs;
mod rebuild;
mod rename;
mod retry;
mod run;
mod schema;
mod sow;
mod survey;
mod test;
mod watch;

pub use new::New;
pub use rename::Renamed;

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::args::{Approve, Args, Command, Export, Format};
use crate::exit::{Exit, Failure};
use crate::out::{document, put};
use crate::output::pretty;
use crate::{home, show};

/// Runs the given command.
pub async fn run(args: Args) -> Result<Exit, Failure> {
    if let Some(url) = &args.server
        && let Some(exit) = crate::remote::run(&args, url).await?
    {
        return Ok(exit);
    }
    match &args.command {
        Command::New { what, name } => new::new(&args, *what, name),
        Command::Rename { what, from, to } => rename::rename(&args, *what, from, to),
        Command::Init { folder, minimal } => init::init(&args, folder.as_deref(), *minimal),
        Command::Check { format, fix, env } => check::check(&args, *format, *fix, *env).await,
        Command::Explain { code, name } => {
            explain::explain(&args, code.as_deref(), name.as_deref())
        }
        Command::Schema { named: true, .. } => schema::of_workspace(&args),
        Command::Schema { kind, write, .. } => schema::schema(&args, kind.as_deref(), *write),
        Command::Graph { workflow, format, full } => {
            graph::graph(&args, workflow.as_deref(), *format, *full)
        }
        Command::Plan(planned) => plan::plan(&args, planned).await,
        Command::Generate { check } => generate::generate(&args, *check),
        Command::Run(run) => run::run(&args, run).await,
        Command::List { format } => list::list(&args, *format).await,
        Command::Show { project, format } => {
            let (store, engagement) = home::engagement(&args, project).await?;
            match format {
                Format::Human => put!("{}", show::human(&store, &engagement).await?),
                Format::Json => document(&pretty(&show::document(&store, &engagement))),
            }
            Ok(Exit::Done)
        }
        Command::Compare(asked) => compare::compare(&args, asked).await,
        Command::Diff { project, path, since, format } => {
            diff::diff(&args, project, path.as_deref(), since.as_deref(), *format).await
        }
        Command::Watch { project, format } => watch::watch(&args, project, *format).await,
        Command::Inbox { format } => inbox::inbox(&args, *format).await,
        Command::Approve { project, ratings, digest } => {
            decide::approve(&args, project, ratings, digest.clone()).await
        }
        Command::Revise { project, words, to, ratings, digest } => {
            let words = said(words.words.as_deref(), words.words_from.as_deref())?;
            decide::revise(&args, project, (&words, to.as_deref()), ratings, digest.clone()).await
        }
        Command::Answer { project, first, second, words_from } => {
            let (request, words) = answered(first.as_deref(), second.as_deref(), words_from);
            let words = said(words, words_from.as_deref())?;
            decide::answer(&args, project, request, &words).await
        }
        Command::Message { project, words, format } => {
            let words = said(words.words.as_deref(), words.words_from.as_deref())?;
            message::message(&args, project, &words, *format).await
        }
        Command::Chat { project } => message::chat(&args, project).await,
        Command::Resume { project, unpushed, approve, format } => {
            let store = home::existing(&home::path(&args)?)?;
            let mut engagement = home::opened(&store, project).await?;
            if *unpushed {
                decide::waive(&store, &mut engagement).await?;
            }
            drive::drive(&args, &store, engagement, *approve == Some(Approve::All), *format).await
        }
        Command::Retry { project, from, definitions, approve, format } => {
            retry::retry(&args, project, from.as_deref(), *definitions, *approve, *format).await
        }
        Command::Members { project, change } => {
            members::members(&args, project, change.as_ref()).await
        }
        Command::Cancel { project } => decide::cancel(&args, project).await,
        Command::Ledger { project, format } => ledger::ledger(&args, project, *format).await,
        Command::Artifacts { project, path, export, format } => {
            artifacts::artifacts(&args, project, path.as_deref(), export.as_deref(), *format).await
        }
        Command::Cost { project, export: Some(Export::Focus), .. } => {
            cost::focus(&args, project.as_deref()).await
        }
        Command::Cost { project, format, .. } => {
            cost::cost(&args, project.as_deref().unwrap_or_default(), *format).await
        }
        Command::Metrics(verb) => metrics::metrics(&args, verb).await,
        Command::Survey { project, ratings, words, format } => {
            survey::survey(&args, project, ratings, words, *format).await
        }
        Command::Patterns(verb) => patterns::patterns(&args, verb).await,
        Command::Memory(verb) => memory::memory(&args, verb).await,
        Command::Test { files, junit, accept } => {
            test::test(&args, files, junit.as_deref(), *accept)
        }
        Command::Serve(serve) => crate::serve::serve(&args, serve).await,
        Command::Lsp => lsp::lsp(),
        Command::Sow { file, workflow, format } => {
            sow::sow(&args, file, workflow.as_deref(), *format)
        }
        #[cfg(feature = "aws")]
        Command::Phase { project, phase, entered, callback } => {
            crate::cloud::phase::phase(project, phase, entered, callback).await
        }
        #[cfg(feature = "aws")]
        Command::Lambda { function } => crate::cloud::functions::function(*function).await,
        Command::ReadDocument { files, name } => crate::document::child(name, files.as_deref()),
        // `main` has done it already.
        Command::RunInside { .. } => Ok(Exit::Done),
        Command::Doctor {
            live,
            model,
            #[cfg(feature = "aws")]
            aws,
            rebuild,
        } => {
            if *rebuild {
                rebuild::rebuild(&args).await?;
            }
            #[cfg(feature = "aws")]
            let account = aws.as_deref();
            #[cfg(not(feature = "aws"))]
            let account = None;
            doctor::doctor(&args, *live, model, account).await
        }
        Command::Completions { what } => completions::completions(*what),
    }
}

/// The request and the words of `answer`: with one of them, it is the words, unless those come from
/// a file.
pub fn answered<'a>(
    first: Option<&'a str>,
    second: Option<&'a str>,
    words_from: &Option<PathBuf>,
) -> (Option<&'a str>, Option<&'a str>) {
    match (first, second) {
        (request, None) if words_from.is_some() => (request, None),
        (words, None) => (None, words),
        (request, words) => (request, words),
    }
}

/// The text of a person, from the command line or a file.
pub fn said(words: Option<&str>, from: Option<&Path>) -> Result<String, Failure> {
    let Some(from) = from else { return Ok(words.unwrap_or_default().to_owned()) };
    let read = |source: &mut dyn Read| {
        let mut bytes = Vec::new();
        source.take(MOST_WORDS + 1).read_to_end(&mut bytes).map(|_| bytes)
    };
    let bytes = if from == Path::new("-") {
        read(&mut std::io::stdin().lock())
    } else {
        std::fs::File::open(from).and_then(|mut file| read(&mut file))
    };
    let refused = |why: String| Failure::usage(format!("{}: {why}", from.display()));
    let bytes = bytes.map_err(|e| refused(e.to_string()))?;
    if bytes.len() as u64 > MOST_WORDS {
        return Err(refused(format!("larger than {MOST_WORDS} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("not UTF-8".to_owned()))?;
    Ok(text.trim_end().to_owned())
}

/// Largest text that is read from a file, in bytes.
const MOST_WORDS: u64 = 64 * 1024;
