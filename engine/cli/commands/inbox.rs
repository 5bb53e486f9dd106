//! `inbox`: what waits for a person, in all engagements.

use cloudcrew_definition::shown::row;
use cloudcrew_ports::index::Which;
use cloudcrew_runtime::engagement::{Request, RequestKind, Standing};
use cloudcrew_views::VERSION;
use cloudcrew_views::inbox::Inbox;

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{note, say};
use crate::output::pretty;
use crate::show::{raises, silence, used_up};
use crate::words::counted;

pub async fn inbox(args: &Args, format: Format) -> Result<Exit, Failure> {
    let mut inbox = Inbox { version: VERSION, requests: Vec::new(), blocked: Vec::new() };
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
    match format {
        Format::Json => say!("{}", pretty(&inbox)),
        Format::Human
            if inbox.requests.is_empty() && inbox.blocked.is_empty() && broken == Exit::Done =>
        {
            note!("nothing waits")
        }
        Format::Human => {}
    }
    Ok(broken)
}

/// What waits in an engagement.
fn show(project: &str, standing: &Standing) {
    if let Some(reason) = &standing.blocked {
        say!("{project}  blocked");
        say!("  {}", row(reason));
        say!("  mend that, then: cloudcrew resume {project}");
    }
    for request in &standing.requests {
        ask(project, request);
    }
}

fn ask(project: &str, request: &Request) {
    say!("{project}  {}", request.id);
    match &request.kind {
        RequestKind::Approval { findings, may_revise, .. } => {
            say!(
                "  the gate of {}, run {}: {}, {}",
                request.phase,
                request.revision,
                counted(request.subject.len(), "deliverable"),
                counted(findings.len(), "finding")
            );
            say!(
                "  silence: {}",
                silence(request)
                    .unwrap_or_else(|| { "changes nothing; it waits until you decide".to_owned() })
            );
            say!("  look:    cloudcrew show {project}");
            let digest = request.short_digest();
            say!("  decide:  cloudcrew approve {project} --digest {digest}");
            if *may_revise {
                say!(
                    "           cloudcrew revise {project} \"what should change\" \
                         --digest {digest}"
                );
            }
        }
        RequestKind::Question { agent, question, .. } => {
            say!("  {agent} asks: {}", row(question));
            say!("  answer:  cloudcrew answer {project} {} \"...\"", request.id);
        }
        RequestKind::Budget { .. } => {
            say!("  {}", used_up(&request.kind));
            say!("  raise:   {}", raises(project, request));
            say!("  or end:  cloudcrew answer {project} {} stop", request.id);
        }
    }
    if request.reminders > 0 {
        say!("  reminded {}", counted(request.reminders as usize, "time"));
    }
}
