//! `memory`: what crews remember, and where it was shown.

use cloudcrew_definition::shown::{inset, row};
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::index::{Index, Which};
use cloudcrew_ports::memory::{Closing, Kept, Memory as Memories, MemorySource, Space, Trust};
use cloudcrew_runtime::engagement::memory::{
    accept, kept, publish, reached as projects, space, tell, withdraw,
};
use cloudcrew_runtime::engagement::{Engagement, Record};
use cloudcrew_views::VERSION;
use cloudcrew_views::memory::{MemoryList, MemoryNote, MemoryWhy, Reached};

use crate::args::{Args, Format, Memory};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{document, note, say};
use crate::output::pretty;
use crate::wiring::clock::SystemClock;
use crate::wiring::store::Store;
use crate::words::counted;

/// Notes to read from the store at once.
const PAGE: usize = 500;

pub async fn memory(args: &Args, verb: &Memory) -> Result<Exit, Failure> {
    match verb {
        Memory::List { project: Some(project), all, format, .. } => {
            let (_, engagement) = home::engagement(args, project).await?;
            let started = &engagement.state.started;
            let (owner, rehearsal) = (started.owner.clone(), space(started).rehearsal);
            list(
                MemoryList { version: VERSION, owner, rehearsal, notes: kept(&engagement) },
                *all,
                *format,
            );
        }
        Memory::List { project: None, rehearsals, all, format } => {
            let store = home::existing(&home::path(args)?)?;
            list(whole(&store, *rehearsals).await?, *all, *format);
        }
        Memory::Export { rehearsals } => {
            let store = home::existing(&home::path(args)?)?;
            document(&pretty(&whole(&store, *rehearsals).await?));
        }
        Memory::Show { id, format } => {
            let store = home::existing(&home::path(args)?)?;
            let (_, found) = find(args, &store, id).await?;
            let reached = reached(args, &store, &found).await?;
            let document = MemoryNote { version: VERSION, note: found, reached };
            show(&document, *format);
        }
        Memory::Why { project, path, format } => {
            let (store, engagement) = home::engagement(args, project).await?;
            let mut known = Vec::new();
            for id in engagement.state.memories.shown() {
                known.extend(store.get(&space(&engagement.state.started), id).await?);
            }
            why(&MemoryWhy::new(&engagement, path.as_deref(), &known), *format);
        }
        Memory::Withdraw { id, reason } => return withdrawn(args, id, reason).await,
        Memory::Accept { id } => {
            let store = home::existing(&home::path(args)?)?;
            let (mut engagement, _) = find(args, &store, id).await?;
            let (record, clock) = (Record::of(&store), SystemClock::default());
            let who = home::actor();
            accept(record, &clock, &store, &mut engagement, (id, &who)).await?;
            say!("accepted {id}: your later engagements are shown it");
        }
        Memory::Publish { id } => {
            let store = home::existing(&home::path(args)?)?;
            let (mut engagement, _) = find(args, &store, id).await?;
            let (record, clock) = (Record::of(&store), SystemClock::default());
            let who = home::actor();
            publish(record, &clock, &store, &mut engagement, (id, &who)).await?;
            say!("published {id}: engagements of all owners are shown it");
        }
    }
    Ok(Exit::Done)
}

/// All notes of the person who asks.
async fn whole(store: &Store, rehearsal: bool) -> Result<MemoryList, Failure> {
    let owner = home::actor();
    let space = Space { rehearsal, owner: owner.clone() };
    let mut notes: Vec<Kept> = Vec::new();
    loop {
        let after = notes.last().map(|kept| kept.record.id.clone());
        let page = Memories::list(store, &space, after.as_deref(), PAGE).await?;
        let last = page.len() < PAGE;
        notes.extend(page);
        if last {
            return Ok(MemoryList { version: VERSION, owner, rehearsal, notes });
        }
    }
}

fn list(mut list: MemoryList, all: bool, format: Format) {
    let now = SystemClock::default().now();
    let shown = |kept: &Kept| kept.closed.is_none() && kept.expires > now;
    if !all {
        list.notes.retain(shown);
    }
    if format == Format::Json {
        return document(&pretty(&list));
    }
    if list.notes.is_empty() {
        let of = if list.rehearsal { "of rehearsals " } else { "" };
        note!("no notes {of}yet");
    }
    for kept in &list.notes {
        let record = &kept.record;
        let state = match &kept.closed {
            None if kept.expires <= now => "expired",
            None => kept.trust.label(),
            Some(Closing::Superseded { .. }) => "superseded",
            Some(Closing::Withdrawn { .. }) => "withdrawn",
        };
        say!(
            "{} {:10} {:10} {}: {} ({})",
            record.id,
            record.kind.name(),
            state,
            row(&record.about),
            row(&record.text),
            row(&record.project)
        );
    }
}

/// A note and the engagement that wrote it, wherever it is.
async fn find(args: &Args, store: &Store, id: &str) -> Result<(Engagement, Kept), Failure> {
    let owner = home::actor();
    for rehearsal in [false, true] {
        let spaces = [Space { rehearsal, owner: owner.clone() }, Space::published(rehearsal)];
        for space in spaces {
            if let Some(found) = store.get(&space, id).await? {
                let (_, engagement) = home::engagement(args, &found.record.project).await?;
                return now(engagement, id);
            }
        }
    }
    // A note of a phase that is still going on is in its journal only.
    for listing in Index::list(store, Which::All).await? {
        let engagement = home::opened(store, &listing.engagement).await?;
        let own = engagement.state.started.owner == owner;
        if own && engagement.state.memories.record(id).is_some() {
            return now(engagement, id);
        }
    }
    Err(Failure::usage(format!(
        "you have no note `{id}`; `cloudcrew memory list --all` lists your notes"
    )))
}

/// The note as the journal has it.
fn now(engagement: Engagement, id: &str) -> Result<(Engagement, Kept), Failure> {
    let found = kept(&engagement).into_iter().find(|kept| kept.record.id == id);
    let gone = || Failure::world(format!("the journal of `{}` lacks `{id}`", engagement.project));
    let found = found.ok_or_else(gone)?;
    Ok((engagement, found))
}

/// Where a note was shown, engagement by engagement.
async fn reached(args: &Args, store: &Store, found: &Kept) -> Result<Vec<Reached>, Failure> {
    let (id, project) = (&found.record.id, &found.record.project);
    let (_, own) = home::engagement(args, project).await?;
    let mut all = Vec::new();
    for project in projects(store, &own, id).await? {
        let engagement = home::opened(store, &project).await?;
        all.extend(Reached::new(&engagement, id));
    }
    Ok(all)
}

fn show(shown: &MemoryNote, format: Format) {
    if format == Format::Json {
        return document(&pretty(shown));
    }
    let MemoryNote { note, reached, .. } = shown;
    let record = &note.record;
    say!("{} · {} · {}", record.id, record.kind.name(), row(&record.about));
    say!("  {}", inset(&record.text, "  "));
    let trust = match note.trust {
        Trust::Quoted => "quoted: words from outside, which only its phase is shown",
        Trust::Derived => "unreviewed: only its engagement is shown it",
        Trust::Accepted => "accepted: engagements of its owner are shown it",
        Trust::Published => "published: engagements of all owners are shown it",
    };
    say!("  {trust}");
    match &note.closed {
        None => {}
        Some(Closing::Superseded { by }) => say!("  superseded by {by}"),
        Some(Closing::Withdrawn { actor, reason }) => {
            say!("  withdrawn by {}: {}", row(actor), row(reason));
        }
    }
    say!("  written by {} in {} of {}", row(&record.by), row(&record.phase), row(&record.project));
    for source in &record.sources {
        let source = match source {
            MemorySource::Statement => "the statement of work".to_owned(),
            MemorySource::File { path, oid } => {
                format!("{} ({})", row(path), oid.get(..12).unwrap_or(oid))
            }
            MemorySource::Ledger { id } => format!("ledger entry {}", row(id)),
            MemorySource::Memory { id } => format!("note {}", row(id)),
        };
        say!("  from {source}");
    }
    if reached.is_empty() {
        say!("not shown to anyone yet");
    }
    for Reached { project, goes_on, prompts, files, notes } in reached {
        let goes = if *goes_on { "in progress" } else { "ended" };
        say!("shown in {} ({goes}): {}", row(project), counted(prompts.len(), "visit"));
        for prompt in prompts {
            say!("  {} visit {}: {}", row(&prompt.swarm), prompt.visit, row(&prompt.agent));
        }
        for file in files {
            say!("  then written: {} ({})", row(&file.path), row(&file.step));
        }
        for note in notes {
            say!("  then noted: {note}");
        }
    }
}

fn why(found: &MemoryWhy, format: Format) {
    if format == Format::Json {
        return document(&pretty(found));
    }
    if found.files.is_empty() {
        note!("no note was recalled before these files were written");
    }
    for file in &found.files {
        let old = if file.current { "" } else { ", an older version" };
        say!("{} ({}{old})", row(&file.path), row(&file.step));
        for note in &file.notes {
            let text = note.text.as_deref().unwrap_or("(text not available)");
            let trust = note.trust.map_or("", Trust::label);
            say!("  {} {trust}: {}", note.id, row(text));
        }
    }
}

async fn withdrawn(args: &Args, id: &str, reason: &str) -> Result<Exit, Failure> {
    let store = home::existing(&home::path(args)?)?;
    let (mut engagement, found) = find(args, &store, id).await?;
    let (record, clock) = (Record::of(&store), SystemClock::default());
    let who = home::actor();
    withdraw(record, &clock, &store, &mut engagement, (id, &who, reason)).await?;
    say!("withdrew {id}: it is no longer shown to anyone");
    let told = tell(record, &store, &store, &engagement, (id, reason)).await?;
    let reached = reached(args, &store, &found).await?;
    if reached.is_empty() {
        say!("it was not shown to anyone");
    }
    for reached in &reached {
        let files: Vec<String> =
            reached.files.iter().map(|file| row(&file.path).into_owned()).collect();
        let wrote = if files.is_empty() { "nothing".to_owned() } else { files.join(", ") };
        say!(
            "shown in {}: {}, which wrote {wrote} afterwards",
            row(&reached.project),
            counted(reached.prompts.len(), "visit")
        );
        for note in &reached.notes {
            say!("  note made from it: {note}");
        }
        if told.contains(&reached.project) {
            say!("  added a blocker to its ledger");
        }
    }
    Ok(Exit::Done)
}
