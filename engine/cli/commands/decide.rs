//! `approve`, `revise`, `answer`, `cancel`: record what a person decided, then continue the
//! engagement.

use crate::wiring::clock::SystemClock;
use crate::wiring::store::Store;
use cloudcrew_definition::shown::row;
use cloudcrew_ports::lease::Leases;
use cloudcrew_runtime::engagement::{
    Decision, Engagement, EngagementError, Record, Refusal, RefusalKind, Request, RequestKind,
    Submission, cancel as record_cancel, readable, record, waive_push,
};

use super::drive;
use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{note, say};
use crate::shell::cloudcrew;
use crate::show::{approvals, waits};

/// A shorter prefix could match another digest.
const SHORTEST_DIGEST: usize = 8;

pub async fn approve(
    args: &Args,
    project: &str,
    ratings: &[String],
    digest: Option<String>,
) -> Result<Exit, Failure> {
    at_gate(args, project, Decision::Approve { ratings: read(ratings)? }, digest).await
}

pub async fn revise(
    args: &Args,
    project: &str,
    (words, to): (&str, Option<&str>),
    ratings: &[String],
    digest: Option<String>,
) -> Result<Exit, Failure> {
    let (words, to) = (words.to_owned(), to.map(str::to_owned));
    let decision = Decision::Revise { words, to, ratings: read(ratings)? };
    at_gate(args, project, decision, digest).await
}

/// Parses ratings such as `quality=5`.
pub fn read(ratings: &[String]) -> Result<Vec<(String, u8)>, Failure> {
    let parsed = |rating: &String| {
        let (name, value) = rating.split_once('=')?;
        Some((name.to_owned(), value.parse().ok()?))
    };
    let read = |rating| {
        parsed(rating)
            .ok_or_else(|| Failure::usage(format!("`{rating}` is not a rating; write `quality=5`")))
    };
    ratings.iter().map(read).collect()
}

async fn at_gate(
    args: &Args,
    project: &str,
    decision: Decision,
    digest: Option<String>,
) -> Result<Exit, Failure> {
    let (store, engagement) = home::engagement(args, project).await?;
    let request = gate(&engagement)?;
    decide(args, store, engagement, request, decision, digest).await
}

/// The open gate, or else the last one: its decision is then reported.
fn gate(engagement: &Engagement) -> Result<String, Failure> {
    let mut gates =
        engagement.state.requests.iter().filter(|r| matches!(r.kind, RequestKind::Approval { .. }));
    let waiting = gates.clone().find(|r| r.is_open());
    if let (None, Some(other)) = (waiting, engagement.state.open_requests().next()) {
        return Err(Failure::usage(format!(
            "no gate is open; {}",
            waits(&engagement.project, other)
        )));
    }
    match waiting.or(gates.next_back()) {
        Some(request) => Ok(request.id.clone()),
        None if engagement.state.end.is_some() => {
            let project = engagement.project.clone();
            Err(EngagementError::from(Refusal::NothingWaits { project }).into())
        }
        None => Err(Failure::usage(format!(
            "`{}` is not at a gate yet; run `{}` to see its state",
            engagement.project,
            cloudcrew("list")
        ))),
    }
}

pub async fn answer(
    args: &Args,
    project: &str,
    request: Option<&str>,
    words: &str,
) -> Result<Exit, Failure> {
    let (store, engagement) = home::engagement(args, project).await?;
    let request = asked(&engagement, request)?;
    let decision = Decision::Answer { value: words.into() };
    decide(args, store, engagement, request, decision, None).await
}

/// Finds a request by its id or the end of its id. Defaults to the only open one.
fn asked(engagement: &Engagement, given: Option<&str>) -> Result<String, Failure> {
    let state = &engagement.state;
    let open = || {
        let wants = |r: &&Request| !matches!(r.kind, RequestKind::Approval { .. });
        state.open_requests().filter(wants).map(|r| r.id.as_str())
    };
    let Some(given) = given else {
        let open: Vec<&str> = open().collect();
        return match open.as_slice() {
            [only] => Ok((*only).to_owned()),
            [] => Err(Failure::usage(format!("`{}` has no open question", engagement.project))),
            several => Err(Failure::usage(format!(
                "more than one question is open; name one of {}",
                several.join(", ")
            ))),
        };
    };
    if state.request(given).is_some() {
        return Ok(given.to_owned());
    }
    let mut meant = open().filter(|id| id.ends_with(&format!("-{given}")));
    match (meant.next(), meant.next()) {
        (Some(only), None) => Ok(only.to_owned()),
        _ => Ok(given.to_owned()),
    }
}

async fn decide(
    args: &Args,
    store: Store,
    mut engagement: Engagement,
    request: String,
    decision: Decision,
    digest: Option<String>,
) -> Result<Exit, Failure> {
    if let (Decision::Approve { .. }, Some(request)) =
        (&decision, engagement.state.request(&request))
    {
        readable(&home::repo(&store, &engagement)?, request).await?;
    }
    let given = Submission {
        request,
        decision,
        actor: home::actor(),
        groups: Vec::new(),
        channel: "terminal".into(),
        digest: full(&engagement, digest)?,
        remarks: Vec::new(),
        email: None,
        unverified: false,
    };
    let recorded =
        match record(Record::of(&store), &SystemClock::default(), &mut engagement, given).await {
            Err(EngagementError::Refused(why)) if why.kind() == RefusalKind::Late => {
                note!("cloudcrew: {why}");
                // The plan decides whether the engagement ends here.
                let exit = go_on(args, &store, engagement).await?;
                return Ok(if exit == Exit::Expired { exit } else { Exit::Conflict });
            }
            recorded => recorded?,
        };
    let what = recorded.request.answer.as_ref().map_or("approved", |a| a.decision.name());
    say!(
        "{} {what}{}{}",
        recorded.request.id,
        approvals(&recorded.request),
        if recorded.repeated { " before, with the same answer" } else { "" }
    );
    if !recorded.decided {
        note!("{}", waits(&engagement.project, &recorded.request));
        return Ok(Exit::Waiting);
    }
    go_on(args, &store, engagement).await
}

/// Expands a digest prefix, as `show` prints it, to the whole digest.
fn full(engagement: &Engagement, given: Option<String>) -> Result<Option<String>, Failure> {
    let Some(given) = given.map(|given| given.to_ascii_lowercase()) else { return Ok(None) };
    if given.len() < SHORTEST_DIGEST || !given.bytes().all(|b| b.is_ascii_hexdigit()) {
        let least = format!(
            "`{given}` is not a digest; copy at least {SHORTEST_DIGEST} characters from `cloudcrew \
             show`"
        );
        return Err(Failure::usage(least));
    }
    let whole = engagement.state.requests.iter().rev().find(|r| r.digest.starts_with(&given));
    Ok(Some(whole.map_or(given, |r| r.digest.clone())))
}

/// Records that the engagement may end without pushing its last commits.
pub async fn waive(store: &Store, engagement: &mut Engagement) -> Result<(), Failure> {
    let (record, clock) = (Record::of(store), SystemClock::default());
    Ok(waive_push(record, &clock, engagement, &home::actor()).await?)
}

pub async fn cancel(args: &Args, project: &str) -> Result<Exit, Failure> {
    let (store, mut engagement) = home::engagement(args, project).await?;
    record_cancel(Record::of(&store), &SystemClock::default(), &mut engagement, &home::actor())
        .await?;
    say!("cancelling {project} after the current step");
    match go_on(args, &store, engagement).await? {
        Exit::Cancelled => Ok(Exit::Done),
        other => Ok(other),
    }
}

/// Drives the engagement until it waits, unless another process already does.
async fn go_on(args: &Args, store: &Store, engagement: Engagement) -> Result<Exit, Failure> {
    if let Some((lease, true)) = store.lease(&engagement.project).await? {
        say!("{} is driving it and will continue", row(&lease.holder.name));
        return Ok(Exit::Done);
    }
    match drive::drive(args, store, engagement, false, Format::Human).await {
        Err(failure) if failure.held => {
            say!("{failure}");
            Ok(Exit::Done)
        }
        other => other,
    }
}
