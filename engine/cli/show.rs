//! `show`: the progress of an engagement, what to review, and what changed since the last review.

use crate::wiring::store::Store;
use cloudcrew_ports::ledger::{Ledger as _, LedgerKind};
use cloudcrew_runtime::engagement::{AnswerForm, Engagement, Finding, Request, RequestKind, Unit};

use cloudcrew_definition::shown::row;
use cloudcrew_definition::syntax::OnExpiry;

use crate::exit::Failure;
use crate::home;
use crate::shell::{pasted, quoted};
use crate::summary::summary;
use crate::words::counted;
use cloudcrew_views::status::{self, MovedOn, Show};

/// The text form.
pub async fn human(store: &Store, engagement: &Engagement) -> Result<String, Failure> {
    let state = &engagement.state;
    let rows = store.rows(&engagement.project).await?;
    engagement.has_all(&rows)?;
    let there = home::delivered(store, engagement).await;
    let mut text = summary(engagement, &home::repo_path(store, engagement), &there);
    if let Some(end) = &state.end {
        text.push_str(&format!("\n  ended: {}\n", row(&end.text)));
    }
    for request in state.open_requests() {
        match &request.kind {
            RequestKind::Approval { ratings, findings, .. } => {
                text.push_str(&format!(
                    "\n  waiting at the {} gate, run {} (digest {}){}\n",
                    request.phase,
                    request.revision,
                    request.short_digest(),
                    approvals(request)
                ));
                text.push_str(&format!("    deadline: {}\n", deadline(request)));
                for finding in findings {
                    text.push_str(&format!("    {}\n", found(finding)));
                }
                if let Some(moved) = home::moved_on(store, engagement) {
                    text.push_str(&format!("    {}\n", behind(&moved)));
                }
                if let Some(unpushed) = unpushed(engagement) {
                    text.push_str(&format!("    {unpushed}\n"));
                }
                for assumed in rows
                    .iter()
                    .filter(|r| r.phase == request.phase && r.kind == LedgerKind::Assumption)
                {
                    text.push_str(&format!("    assumed: {}\n", row(&assumed.title)));
                }
                for note in state.lifted_by(request) {
                    let (about, words) = (row(&note.about), row(&note.text));
                    text.push_str(&format!("    for later engagements: {about}: {words}\n"));
                }
                for (path, what) in changes(store, engagement, request)? {
                    text.push_str(&format!("    {what} {}\n", row(&path)));
                }
                if !ratings.is_empty() {
                    let rate: Vec<String> =
                        ratings.iter().map(|r| format!("--rating {r}=1..5")).collect();
                    text.push_str(&format!("    you may add: {}\n", rate.join(" ")));
                }
                let project = &engagement.project;
                let read = pasted(&format!("artifacts {project} PATH"));
                text.push_str(&format!("    read:     {read}\n"));
                text.push_str(&decide(project, request));
            }
            RequestKind::Question { agent, question, form, .. } => {
                let asker = row(&form.asker(agent)).into_owned();
                text.push_str(&format!("\n  {asker} asks: {}\n", row(question)));
                for line in answers(&engagement.project, request, form) {
                    text.push_str(&format!("    {line}\n"));
                }
            }
            RequestKind::Budget { .. } => {
                let (what, raise) = (used_up(&request.kind), raises(&engagement.project, request));
                text.push_str(&format!("\n  {what}\n    raise:    {raise}\n"));
            }
        }
    }
    if let Some(parked) = &state.parked {
        text.push_str(&format!(
            "\n  the provider is unavailable: {}; next attempt at {}\n",
            row(&parked.reason),
            moment(parked.until)
        ));
        if parked.blocked {
            text.push_str(&fixes(engagement));
        }
    } else if let Some(why) = engagement.state.blocked() {
        text.push_str(&format!("\n  {}\n{}", row(&why), fixes(engagement)));
    }
    Ok(text)
}

/// A note that the Git server lacks commits.
pub fn unpushed(engagement: &Engagement) -> Option<String> {
    let state = &engagement.state;
    let unpushed = state.unpushed.as_ref().filter(|_| state.is_behind())?;
    Some(format!("note: {}; next attempt at {}", row(&unpushed.words()), moment(unpushed.again)))
}

/// What to do when an engagement waits for someone to fix something.
pub fn fixes(engagement: &Engagement) -> String {
    let project = &engagement.project;
    let resume = pasted(&format!("resume {project}"));
    let mut text = format!("    fix this, then continue:  {resume}\n");
    if engagement.state.parked.is_none() {
        let waive = pasted(&format!("resume {project} --unpushed"));
        text.push_str(&format!("    or end without pushing:   {waive}\n"));
    }
    text
}

/// A note that the customer's branch has new commits.
pub fn behind(moved: &MovedOn) -> String {
    let more = counted(moved.commits, "commit");
    format!(
        "note: `{}` has {more} since this work started; merge them when you take the work over",
        moved.branch
    )
}

/// A finding on one line, with its YAML key if it has one.
fn found(finding: &Finding) -> String {
    let key = if finding.key.is_empty() { String::new() } else { format!(" [{}]", finding.key) };
    format!("found: {}{key}", row(&finding.text))
}

/// The commands that decide a gate, one per line.
pub fn decide(project: &str, request: &Request) -> String {
    let digest = quoted(request.short_digest());
    let approve = pasted(&format!("approve {project} --digest {digest}"));
    let mut text = format!("    approve:  {approve}\n");
    if let RequestKind::Approval { may_revise: true, revise_to, .. } = &request.kind {
        let words = "FEEDBACK";
        let revise = pasted(&format!("revise {project} {words} --digest {digest}"));
        text.push_str(&format!("    revise:   {revise}\n"));
        if !revise_to.is_empty() {
            let phases = revise_to.join("|");
            text.push_str(&format!(
                "              --to {phases} returns the work to an earlier phase\n"
            ));
        }
    }
    text
}

/// What a person must decide, and the commands to do so.
pub fn waits(project: &str, request: &Request) -> String {
    match &request.kind {
        RequestKind::Approval { findings, .. } => {
            let found: String =
                findings.iter().map(|finding| format!("  {}\n", found(finding))).collect();
            let until = silence(request).map_or_else(String::new, |until| format!(", {until}"));
            let review = pasted(&format!("show {project}"));
            format!(
                "{found}{project} is waiting at the {} gate{}{until}\n    review:   {review}\n{}",
                request.phase,
                approvals(request),
                decide(project, request).trim_end()
            )
        }
        RequestKind::Question { agent, question, form, .. } => {
            let lines = answers(project, request, form).join("\n    ");
            let asker = row(&form.asker(agent)).into_owned();
            format!(
                "{project} is waiting for an answer; {asker} asks: {}\n    {lines}",
                row(question)
            )
        }
        RequestKind::Budget { .. } => {
            let (what, raise) = (used_up(&request.kind), raises(project, request));
            format!("{project} is waiting; {what}\n    raise:    {raise}")
        }
    }
}

/// How to answer a question: its choices, the command, and how to skip it.
pub fn answers(project: &str, request: &Request, form: &AnswerForm) -> Vec<String> {
    let id = quoted(&request.id);
    if !form.parts.is_empty() {
        let parts = form.parts.iter().enumerate().map(|(n, part)| {
            let skipped = if part.optional { "; may be skipped" } else { "" };
            let line = format!("line {}: {}{}{skipped}", n + 1, part.question, part.offered());
            row(&line).into_owned()
        });
        let command = pasted(&format!("answer {project} {id} --words-from -"));
        let how = format!("answer:   a line for each, on stdin of {command}");
        return parts.chain([how]).collect();
    }
    let choices = form.choices.iter().enumerate();
    let mut lines: Vec<String> =
        choices.map(|(n, choice)| format!("{}. {}", n + 1, row(choice))).collect();
    let what = if form.choices.is_empty() { "ANSWER" } else { "NUMBER" };
    lines.push(format!("answer:   {}", pasted(&format!("answer {project} {id} {what}"))));
    if form.optional {
        lines.push(format!("or skip:  {}", pasted(&format!("answer {project} {id} \"\""))));
    }
    lines
}

/// How many have approved and who must, for a gate that needs more than one person's word.
pub fn approvals(request: &Request) -> String {
    let ((have, need), groups) = (request.quorum(), request.groups());
    let of = if groups.is_empty() { String::new() } else { format!(" by {}", groups.join(", ")) };
    match (need, groups.is_empty()) {
        (..=1, true) => String::new(),
        _ => row(&format!(" ({have} of {need} approvals{of})")).into_owned(),
    }
}

/// What happens if no one answers.
pub fn deadline(request: &Request) -> String {
    silence(request).unwrap_or_else(|| "none; waits until you decide".to_owned())
}

/// The deadline of a request and what follows it; `None` if it has no deadline.
pub fn silence(request: &Request) -> Option<String> {
    let until = moment(request.expires?);
    let then = match request.on_expiry {
        Some(OnExpiry::Approve) => "it is approved automatically".to_owned(),
        Some(OnExpiry::Escalate) if !request.escalated => {
            let group = request.escalate_to.as_deref().unwrap_or_default();
            format!("{} decides as well", row(group))
        }
        _ => "the engagement ends".to_owned(),
    };
    Some(format!("until {until}, then {then}"))
}

/// A time for people, in UTC.
pub fn moment(ms: i64) -> String {
    let shown = jiff::Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    shown.unwrap_or_else(|_| "an unknown time".to_owned())
}

/// Describes a used-up budget.
pub fn used_up(kind: &RequestKind) -> String {
    let RequestKind::Budget { budget, unit, spent, needed, limit } = kind else {
        return String::new();
    };
    format!(
        "a budget is used up: {} of {} spent, and the next call may need {} [{budget}]",
        unit.show(*spent),
        unit.show(*limit),
        unit.show(*needed)
    )
}

/// The command that raises a used-up budget, to at least one and a half times its limit.
pub fn raises(project: &str, request: &Request) -> String {
    let more = match &request.kind {
        RequestKind::Budget { unit, spent, needed, limit, .. } => {
            let more = spent.saturating_add(*needed).max(limit.saturating_add(limit / 2));
            match unit {
                Unit::Tokens => more.to_string(),
                Unit::MicroUsd => more.div_ceil(1_000_000).to_string(),
            }
        }
        _ => String::new(),
    };
    pasted(&format!("answer {project} {} {more}", quoted(&request.id)))
}

/// The files of a gate, compared with those at the phase's previous gate.
fn changes(
    store: &Store,
    engagement: &Engagement,
    request: &Request,
) -> Result<Vec<(String, String)>, Failure> {
    let state = &engagement.state;
    let before = state
        .requests
        .iter()
        .rfind(|r| r.phase == request.phase && r.id != request.id && !r.subject.is_empty());
    let repo = home::repo(store, engagement)?;
    let mut changes = Vec::new();
    for (path, oid) in &request.subject {
        let old =
            before.and_then(|b| b.subject.iter().find(|(p, _)| p == path)).map(|(_, o)| o.as_str());
        let what = match old {
            None => "new      ".to_owned(),
            Some(old) if old == oid => "unchanged".to_owned(),
            Some(old) => {
                let (added, removed) = repo.lines_changed(old, oid)?;
                format!("changed +{added} -{removed}")
            }
        };
        changes.push((path.clone(), what));
    }
    Ok(changes)
}

/// The JSON form.
pub fn document(store: &Store, engagement: &Engagement) -> Show {
    let repo = home::repo_path(store, engagement);
    // Absolute, so that it does not depend on the current directory.
    let repo = std::path::absolute(&repo).unwrap_or(repo).display().to_string();
    status::status(engagement, repo, home::moved_on(store, engagement))
}
