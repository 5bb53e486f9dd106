//! `retry`: retry an engagement that failed or expired.

use crate::wiring::clock::SystemClock;
use cloudcrew_definition::crew::Definition;
use cloudcrew_plan::{Plan, build};
use cloudcrew_runtime::engagement::{Engagement, Record, Retry, retry as record};

use super::drive;
use crate::args::{Approve, Args, Definitions, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::note;
use crate::servers;
use crate::show::waits;
use crate::workspace;

pub async fn retry(
    args: &Args,
    project: &str,
    from: Option<&str>,
    definitions: Option<Definitions>,
    approve: Option<Approve>,
    format: Format,
) -> Result<Exit, Failure> {
    let (store, mut engagement) = home::engagement(args, project).await?;
    let open: Vec<String> =
        engagement.state.open_requests().map(|request| waits(project, request)).collect();
    if engagement.state.end.is_none() && !open.is_empty() {
        let open = open.join("\n");
        return Err(Failure::usage(format!(
            "`{project}` has not ended, so there is nothing to retry\n{open}"
        )));
    }
    let named = engagement.state.end.as_ref().map_or("", |end| end.key.as_str()).to_owned();
    let which = definitions.unwrap_or(if named.is_empty() {
        Definitions::Pinned
    } else {
        Definitions::Current
    });
    let current = match which {
        Definitions::Current if engagement.state.end.is_some() => {
            Some(current(args, &engagement).await?)
        }
        _ => None,
    };
    let retry =
        Retry { from, definitions: current.as_ref().map(|(d, p)| (d, p)), actor: &home::actor() };
    record(Record::of(&store), &SystemClock::default(), &mut engagement, retry).await?;
    let by = match (which, definitions, named.is_empty()) {
        (Definitions::Pinned, ..) => "with the definitions it started with".to_owned(),
        (Definitions::Current, None, false) => {
            format!("with the current definitions, because it ended at {named}")
        }
        (Definitions::Current, ..) => "with the current definitions".to_owned(),
    };
    note!("{project}: restarting {} {by}", engagement.state.at);
    drive::drive(args, &store, engagement, approve == Some(Approve::All), format).await
}

/// The current definitions of the workspace.
async fn current(args: &Args, engagement: &Engagement) -> Result<(Definition, Plan), Failure> {
    let otherwise = "; use `--definitions pinned` to keep those it started with";
    let root = workspace::find(args).map_err(|e| Failure::failed(format!("{e}{otherwise}")))?;
    let started = &engagement.state.started;
    let workflow = &started.workflow;
    let definition = workspace::definition(&root.of(started))?;
    let definition = servers::pinned(definition, workflow, &started.voice).await?;
    let plan = build(&definition, workflow).ok_or_else(|| {
        Failure::failed(format!("the workspace no longer has a workflow `{workflow}`{otherwise}"))
    })?;
    Ok((definition, plan))
}
