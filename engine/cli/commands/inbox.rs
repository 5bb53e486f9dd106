//! `inbox`: everything that is waiting for a person, in all engagements.

use cloudcrew_definition::shown::row;
use cloudcrew_ports::clock::Clock as _;
use cloudcrew_ports::index::Which;
use cloudcrew_runtime::engagement::{Request, RequestKind, Standing};
use cloudcrew_views::VERSION;
use cloudcrew_views::inbox::Inbox;

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{document, note, put, say};
use crate::output::pretty;
use crate::shell::{pasted, quoted};
use crate::show::{answers, approvals, deadline, decide, raises, used_up};
use crate::wiring::clock::SystemClock;
use crate::words::counted;

pub async fn inbox(args: &Args, format: Format) -> Result<Exit, Failure> {
    let mut inbox =
        Inbox { version: VERSION, requests: Vec::new(), blocked: Vec::new(), surveys: Vec::new() };
    let now = SystemClock::default().now();
    let mut broken = Exit::Done;
    for found in home::standings(args, Which::Waiting).await? {
        let project = &found.listing.engagement;
        match found.standing {
            Ok(standing) => {
                inbox.add(project, &standing);
                if format == Format::Human {
                    show(project, &standing);
                }
            }
            Err(error) => {
                note!("{project}: {error}");
                broken = Exit::World;
            }
        }
    }
    for found in home::standings(args, Which::All).await? {
        if found.standing.is_ok_and(|standing| standing.asks_survey(now)) {
            inbox.surveys.push(found.listing.engagement);
        }
    }
    match format {
        Format::Json => document(&pretty(&inbox)),
        Format::Human => {
            if inbox.requests.is_empty() && inbox.blocked.is_empty() && broken == Exit::Done {
                note!("nothing is waiting");
            }
            for project in &inbox.surveys {
                say!(
                    "{project}  has ended; answer the survey: {}",
                    pasted(&format!("survey {project}"))
                );
            }
        }
    }
    Ok(broken)
}

/// Prints what is waiting in an engagement.
fn show(project: &str, standing: &Standing) {
    if let Some(reason) = &standing.blocked {
        say!("{project}  blocked");
        say!("    {}", row(reason));
        say!("    fix this, then continue:  {}", pasted(&format!("resume {project}")));
    }
    for request in &standing.requests {
        ask(project, request);
    }
}

fn ask(project: &str, request: &Request) {
    say!("{project}  {}", row(&request.id));
    match &request.kind {
        RequestKind::Approval { findings, .. } => {
            say!(
                "    {} gate, run {}: {}, {}{}",
                row(&request.phase),
                request.revision,
                counted(request.subject.len(), "deliverable"),
                counted(findings.len(), "finding"),
                approvals(request)
            );
            say!("    deadline: {}", deadline(request));
            say!("    review:   {}", pasted(&format!("show {project}")));
            put!("{}", decide(project, request));
        }
        RequestKind::Question { agent, question, form, .. } => {
            say!("    {} asks: {}", row(&form.asker(agent)), row(question));
            for line in answers(project, request, form) {
                say!("    {line}");
            }
        }
        RequestKind::Budget { .. } => {
            say!("    {}", row(&used_up(&request.kind)));
            say!("    raise:    {}", raises(project, request));
            let stop = pasted(&format!("answer {project} {} stop", quoted(&request.id)));
            say!("    or end:   {stop}");
        }
    }
    if request.reminders > 0 {
        say!("    reminders sent: {}", request.reminders);
    }
}
