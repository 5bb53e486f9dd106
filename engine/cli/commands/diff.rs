//! `diff`: what changed since a person last looked, and the words that asked for it.

use cloudcrew_definition::shown::{block, row};
use cloudcrew_ports::ledger::Ledger;
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::{Decision, Engagement, Request, RequestKind};
use cloudcrew_tools::RemarkOutcome;
use cloudcrew_views::api::{Against, Basis, FileState, SectionState, Since, Versions};
use cloudcrew_views::compared::{MOST, contents, is_approved, pairs};
use cloudcrew_views::words::{Piece, hunks};

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::say;
use crate::output::pretty;
use crate::paint::{added, removed};
use crate::words::counted;

/// Rows of the ledger that are listed.
const LISTED: usize = 20;

pub async fn diff(
    args: &Args,
    project: &str,
    path: Option<&str>,
    since: Option<&str>,
    format: Format,
) -> Result<Exit, Failure> {
    let (store, engagement) = home::engagement(args, project).await?;
    let (at, against, earlier) = compared(&engagement, path, since)?;
    let request = &engagement.state.requests[at];
    let repo = home::repo(&store, &engagement)?;
    let mut all = pairs(&engagement, &repo, request, &earlier).await?;
    if let Some(path) = path {
        all.retain(|(there, ..)| there == path);
        if all.is_empty() {
            return Err(no_file(request, path));
        }
    }
    let (files, too_many) = contents(&repo as &dyn Repo, all).await?;
    let last = earlier.iter().rev().find(|one| one.phase == request.phase);
    let basis = Basis {
        against,
        phase: request.phase.clone(),
        run: last.map_or(0, |one| one.revision),
        requirements: Basis::requirements(&engagement),
        rows: store.rows(project).await?,
        as_of: engagement.head.seq,
        cut: request.subject.len() > MOST,
    };
    let mut since = Since::new(&basis, &files);
    since.cut |= too_many;
    match format {
        Format::Json => say!("{}", pretty(&since)),
        Format::Human => {
            let with = last.map_or_else(|| "the start".to_owned(), |one| one.id.clone());
            say!("{} against {with}{}", request.id, meaning(last.copied()));
            asked(&engagement, request, last.copied());
            match path {
                Some(_) => files.iter().for_each(lines),
                None => summary(&since),
            }
            if since.cut {
                say!("\nsome of it was too large to compare");
            }
        }
    }
    Ok(Exit::Done)
}

/// The request to look at, what it is compared with, and the earlier requests of that kind.
fn compared<'e>(
    e: &'e Engagement,
    path: Option<&str>,
    since: Option<&str>,
) -> Result<(usize, Against, Vec<&'e Request>), Failure> {
    let requests = &e.state.requests;
    let is_gate = |one: &Request| matches!(one.kind, RequestKind::Approval { .. });
    let covers =
        |one: &Request| path.is_none_or(|path| one.subject.iter().any(|(there, _)| there == path));
    let mut gates = requests.iter().enumerate().filter(|(_, one)| is_gate(one));
    let none = || Failure::usage(format!("`{}` has not been at a gate yet", e.project));
    let last = gates.clone().next_back().ok_or_else(none)?;
    let (at, request) = match gates.rfind(|(_, one)| covers(one)) {
        Some(found) => found,
        None => return Err(no_file(last.1, path.unwrap_or_default())),
    };
    let before = || requests[..at].iter().filter(|one| is_gate(one));
    let same_phase = |one: &&Request| one.phase == request.phase;
    Ok(match since {
        Some("approved") if !before().filter(same_phase).any(is_approved) => {
            let phase = &request.phase;
            let help = "use `last` or `start`";
            return Err(Failure::usage(format!("{phase} has not been approved before; {help}")));
        }
        Some("approved") => (at, Against::Approved, before().filter(|r| is_approved(r)).collect()),
        Some("start") => (at, Against::Base, Vec::new()),
        Some(id) if id != "last" => {
            let Some(found) = before().filter(same_phase).find(|one| one.id == id) else {
                let known: Vec<&str> = before().filter(same_phase).map(|r| r.id.as_str()).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(Failure::usage(format!(
                    "no earlier run `{id}` of the gate of {}; earlier runs: {known}; or use \
                     `last`, `approved` or `start`",
                    request.phase
                )));
            };
            (at, Against::Run, vec![found])
        }
        _ => match before().rfind(same_phase) {
            Some(last) => (at, Against::Run, vec![last]),
            None => (at, Against::Base, Vec::new()),
        },
    })
}

fn no_file(request: &Request, path: &str) -> Failure {
    let files: Vec<_> = request.subject.iter().map(|(path, _)| row(path)).collect();
    let files = files.join(", ");
    Failure::usage(format!("no gate covered `{}`; {} covers {files}", row(path), request.id))
}

/// What became of the version that is compared with.
fn meaning(last: Option<&Request>) -> String {
    let answer = last.and_then(|last| last.answer.as_ref());
    match answer.map(|answer| (&answer.decision, row(&answer.actor))) {
        Some((Decision::Approve { .. }, who)) => format!(", which {who} approved"),
        Some((Decision::Revise { .. }, who)) => format!(", which {who} sent back"),
        None if last.is_none() => " of the engagement".to_owned(),
        _ => String::new(),
    }
}

/// The customer's words between two versions, and what became of them.
fn asked(e: &Engagement, request: &Request, last: Option<&Request>) {
    let from = last.map_or(i64::MIN, |last| last.opened);
    let is_between = |at: i64| from <= at && at <= request.opened;
    let answered = e.state.requests.iter().filter(|one| one.answered.is_some_and(is_between));
    for one in answered {
        if let Some(Decision::Revise { words, .. }) = one.answer.as_ref().map(|a| &a.decision) {
            say!("\n{} asked at {}:", actor(one), one.id);
            say!("{}", quoted(words));
        }
    }
    let paths: Vec<&str> = request.subject.iter().map(|(path, _)| path.as_str()).collect();
    let remarks = e.state.remarks.iter().filter(|r| paths.contains(&r.record.path.as_str()));
    for remark in remarks.filter(|remark| is_between(remark.at)) {
        say!("\n{} on {}:", row(&remark.record.actor), row(&remark.record.path));
        say!("{}", quoted(&remark.record.words));
        match &remark.answer {
            Some(answer) => {
                let outcome = match answer.outcome {
                    RemarkOutcome::Applied => "applied",
                    RemarkOutcome::Kept => "kept",
                    RemarkOutcome::Answered => "answered",
                };
                say!("  {} ({outcome}): {}", row(&answer.by), row(&answer.words));
            }
            None => say!("  not answered yet"),
        }
    }
}

fn actor(request: &Request) -> String {
    let actor = request.answer.as_ref().map(|answer| answer.actor.as_str()).unwrap_or_default();
    row(actor).into_owned()
}

fn quoted(words: &str) -> String {
    let words = block(words);
    let lines = words.trim_end().lines().map(|line| format!("  > {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The changes of all files, by section.
fn summary(since: &Since) {
    say!("");
    for file in &since.files {
        let path = row(&file.path);
        match file.change {
            FileState::Same => say!("same     {path}"),
            FileState::Gone => say!("gone     {path}"),
            FileState::New => say!("new      {path}  +{}", file.added),
            FileState::Changed if !file.text => say!("changed  {path}"),
            FileState::Changed => say!("changed  {path}  +{} -{}", file.added, file.removed),
        }
        for section in &file.sections {
            let what = match section.change {
                SectionState::Added => "new section",
                SectionState::Removed => "removed",
                SectionState::Rewritten => "rewritten",
            };
            let title =
                if section.title.is_empty() { "(before any heading)" } else { &section.title };
            say!("           {what}: {}", row(title));
        }
        if file.hidden > 0 {
            say!("           {} that a reader would not see", counted(file.hidden, "character"));
        }
    }
    if since.requirements > 0 {
        say!("\nrequirements mentioned: {} of {}", since.covered, since.requirements);
        for one in &since.gained {
            say!("  newly    {}: {}", row(&one.id), row(&one.text));
        }
        for one in &since.lost {
            say!("  lost     {}: {}", row(&one.id), row(&one.text));
        }
    }
    if !since.notes.is_empty() {
        say!("\nrecorded since:");
        for note in since.notes.iter().take(LISTED) {
            say!("  {:10} {} ({})", row(&note.kind), row(&note.title), row(&note.author));
        }
        if since.notes.len() > LISTED {
            say!("  and {} more", since.notes.len() - LISTED);
        }
    }
}

/// The changes of one file, by line and word.
fn lines(file: &Versions) {
    let text = |version: &Option<(String, Vec<u8>)>| match version {
        Some((_, bytes)) => std::str::from_utf8(bytes).ok().map(str::to_owned),
        None => Some(String::new()),
    };
    let (Some(old), Some(new)) = (text(&file.old), text(&file.new)) else {
        say!("\n{} is not text, or too large to compare", row(&file.path));
        return;
    };
    let hunks = hunks(&old, &new);
    if hunks.is_empty() {
        say!("\n{} is the same", row(&file.path));
    }
    for hunk in hunks {
        say!("\n{}:{}", row(&file.path), hunk.line);
        let mut shown = String::new();
        for piece in &hunk.pieces {
            shown += &match piece {
                Piece::Same(text) => block(text).into_owned(),
                Piece::Gone(text) => removed(&block(text)),
                Piece::New(text) => added(&block(text)),
            };
        }
        // Escaped above, and coloured.
        crate::out::bytes(format!("{}\n", shown.trim_end_matches('\n')).as_bytes());
    }
}
