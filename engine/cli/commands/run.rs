//! `run`: start an engagement and drive it until it waits or ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::wiring::folder::Folder;
use crate::wiring::repo::GitRepo;
use crate::wiring::store::Store;
use cloudcrew_definition::crew::{Definition, Workflow};
use cloudcrew_plan::build;
use cloudcrew_ports::journal::Journal;
use cloudcrew_ports::lease::Leases;
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::{Record, open, read_sow};

use super::drive;
use crate::args::{Approve, Args, Format, Run};
use crate::exit::{Exit, Failure};
use crate::models::{self, Chosen, Mode};
use crate::out::{note, say};
use crate::shell::pasted;
use crate::sow::{statement_of_work, tell};
use crate::start::{Continued, Source, Start, continued, free, id_of};
use crate::{home, inputs, servers, wiring, workspace};

pub async fn run(args: &Args, run: &Run) -> Result<Exit, Failure> {
    let root = workspace::find(args)?;
    let definition = workspace::definition(&root)?;
    known(
        run.rehearsal.as_deref(),
        "rehearsal",
        definition.rehearsals.iter().map(|r| r.name.as_str()),
    )?;
    let rehearsal = run.rehearsal.as_deref().and_then(|name| definition.rehearsal(name));
    let given = run.workflow.as_deref().or_else(|| rehearsal.and_then(|r| r.workflow.as_deref()));
    let workflow = workspace::workflow(&definition, given)?;
    let plan = build(&definition, &workflow)
        .ok_or_else(|| Failure::failed(format!("`{workflow}` has no phases")))?;
    let home = home::path(args)?;
    let continued = match definition.workflow(&workflow) {
        Some(flow) if run.after.is_some() || !flow.after.is_empty() => {
            continued(&Store::open(&home)?, flow, run.after.as_deref()).await?
        }
        _ => None,
    };
    let path = sow_path(&root, &definition, run, continued.as_ref())?;
    let sow = match &continued {
        Some(earlier) if run.sow.is_none() => earlier.sow.clone(),
        _ => statement_of_work(&root, &path)?,
    };
    if let Ok(read) = read_sow(&definition, &workflow, &sow.name, &sow.text) {
        tell(&path, &read);
    }
    // The prompts contain the name and the date, so a replay needs the recorded ones.
    let recorded = run.replay.as_deref().map(wiring::recorded).transpose()?.flatten();
    let name = recorded.as_ref().map_or_else(|| id_of(&path), |(project, _)| project.clone());
    let mut project = run.project.clone().unwrap_or(name);
    home::valid_project(&project)?;
    let chosen = Chosen::read(&run.model, &definition)?;
    let flow = definition
        .workflow(&workflow)
        .ok_or_else(|| Failure::usage(format!("no workflow named `{workflow}`")))?;
    let mode = Mode {
        replay: run.replay.as_deref(),
        record: run.record.as_deref(),
        rehearses: run.rehearsal.is_some(),
    };
    let voice = models::voice(mode, &chosen, &definition, flow)?;
    models::priced(&voice, &chosen, &definition, flow)?;
    if let Some(earlier) = &continued {
        earlier.fits(&voice)?;
    }
    if let Some(phase) = run.from.as_deref() {
        known(Some(phase), "phase", plan.entries.iter().map(|(name, _)| name.as_str()))?;
    }
    let mut typed = rehearsal.map(|rehearsal| rehearsal.inputs.clone()).unwrap_or_default();
    typed.extend(inputs::typed(&run.input)?);
    let inputs = inputs::settled(flow, typed).await?;
    let store = Store::open(&home)?;
    if store.head(&project).await?.is_some() {
        if run.replay.is_some() {
            return Err(Failure::usage(format!(
                "`{project}` already exists in this home, and a replay cannot be renamed; use \
                 another home with `--home DIR`"
            )));
        }
        let free = free(&store, &project).await?;
        if !run.fresh {
            return Err(Failure::usage(format!(
                "a project named `{project}` already exists; choose another id, such as `--project \
                 {free}`, or start a new rehearsal with `--fresh`"
            )));
        }
        if !voice.is_rehearsal() {
            return Err(Failure::usage(
                "`--fresh` is only for rehearsals, and this run calls live models; choose another \
                 id with `--project`",
            ));
        }
        note!("`{project}` already exists; this rehearsal is `{free}`");
        project = free;
    }
    // Set up the models before recording anything: a run that cannot start leaves nothing behind.
    if let Some(file) = run.record.as_deref().filter(|file| file.exists()) {
        return Err(Failure::usage(format!(
            "{} already exists; record to a new file",
            file.display()
        )));
    }
    let definition = servers::pinned(definition, &workflow, &voice).await?;
    let flow = definition
        .workflow(&workflow)
        .ok_or_else(|| Failure::usage(format!("no workflow named `{workflow}`")))?;
    let actor = home::actor();
    let (source, base, after) = match continued {
        Some(earlier) => (Some(earlier.source), Some(earlier.base), Some(earlier.after)),
        None => (run.repo.as_deref().map(Source::read).transpose()?, run.base.clone(), None),
    };
    if let Some(Source::Server(url)) = &source {
        note!("cloning {url}");
    }
    let ready = Start {
        ground: &store,
        definition: &definition,
        flow,
        plan: &plan,
        project: &project,
        actor: &actor,
        entry: run.from.as_deref(),
        sow,
        inputs,
        after,
        chosen: &chosen,
        voice: voice.clone(),
        rehearsal: run.rehearsal.clone(),
        repo: source.as_ref(),
        base: base.as_deref(),
        date: recorded.map(|(_, date)| date),
    }
    .ready()
    .await?;
    let (repo, base) = (ready.repo.clone(), ready.base());
    let lease = ready.begin(Record::of(&store)).await?;
    if voice.is_rehearsal() && run.rehearsal.is_none() && !chosen.rehearses() {
        note!(
            "no live model is configured: this is a rehearsal and costs nothing \
             (see docs/models.md)"
        );
    }
    if let Some(base) = &base {
        there_already(&repo, base, &definition, flow).await?;
    }
    if run.detach {
        store.release(&project, &lease).await?;
        return detach(&store, &root, &home, &project, run).await;
    }
    let engagement = open(Record::of(&store), &project).await?;
    drive::drive(args, &store, engagement, run.approve == Some(Approve::All), run.format).await
}

/// How long to wait for a background process to start driving.
const SETTLES: Duration = Duration::from_secs(5);
/// How long to watch it for an immediate failure.
const FAILS_AT_ONCE: Duration = Duration::from_millis(300);
/// Maximum output lines to show of a process that failed immediately.
const SHOWN: usize = 20;

async fn detach(
    store: &Store,
    root: &Path,
    home: &Path,
    project: &str,
    run: &Run,
) -> Result<Exit, Failure> {
    let log = home.join(format!("{project}.log"));
    let output = Folder::open(home)?.open_file(Path::new(&format!("{project}.log")))?;
    output.set_len(0)?;
    let mut command = std::process::Command::new(std::env::current_exe()?);
    // Pass the workspace on: another one may have other keys and providers.
    command
        .arg("-C")
        .arg(std::path::absolute(root)?)
        .arg("--home")
        .arg(std::path::absolute(home)?)
        .args(["resume", project]);
    if run.format == Format::Json {
        command.args(["--format", "json"]);
    }
    if run.approve.is_some() {
        command.args(["--approve", "all"]);
    }
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    // Report success only when `watch` would find it running.
    let began = Instant::now();
    let ended = loop {
        let drives = began.elapsed() > FAILS_AT_ONCE && store.lease(project).await?.is_some();
        match child.try_wait()? {
            None if drives || began.elapsed() > SETTLES => break None,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
            ended => break ended,
        }
    };
    if let Some(exit) = ended.and_then(|status| Exit::of_failure(status.code())) {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let last: Vec<&str> = said.lines().rev().take(SHOWN).collect();
        last.iter().rev().for_each(|line| note!("{line}"));
        return Ok(exit);
    }
    say!("{project} is running in the background (pid {}); log: {}", child.id(), log.display());
    say!("    follow:  {}", pasted(&format!("watch {project}")));
    Ok(Exit::Done)
}

/// Reports deliverables that the customer's repository already has: the crew changes them.
async fn there_already(
    repo: &GitRepo,
    base: &str,
    definition: &Definition,
    flow: &Workflow,
) -> Result<(), Failure> {
    for phase in flow.phases.iter().filter_map(|name| definition.phase(name)) {
        for deliverable in &phase.deliverables {
            if repo.find(base, &deliverable.path).await?.is_some() {
                let (path, owner, phase) = (&deliverable.path, &deliverable.owner, &phase.name);
                note!("{path} already exists in the repository; {owner} changes it in {phase}");
            }
        }
    }
    Ok(())
}

/// The statement of work that was given, or that of the rehearsal.
fn sow_path(
    root: &Path,
    definition: &Definition,
    run: &Run,
    continued: Option<&Continued>,
) -> Result<PathBuf, Failure> {
    let of_rehearsal =
        || run.rehearsal.as_deref().and_then(|name| definition.rehearsal(name)?.sow.clone());
    let given = run.sow.clone().or_else(|| of_rehearsal().map(|sow| root.join(sow)));
    let of_earlier = || Some(PathBuf::from(&continued?.sow.name));
    given
        .or_else(of_earlier)
        .ok_or_else(|| Failure::usage("no statement of work; give one with `--sow FILE`"))
}

fn known<'n>(
    given: Option<&str>,
    what: &str,
    names: impl Iterator<Item = &'n str>,
) -> Result<(), Failure> {
    let names: Vec<&str> = names.collect();
    match given {
        Some(given) if !names.contains(&given) => Err(Failure::usage(format!(
            "no {what} named `{given}`; choose one of {}",
            names.join(", ")
        ))),
        _ => Ok(()),
    }
}
