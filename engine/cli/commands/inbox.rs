//! `inbox`: what waits for a person, in all engagements.

use cloudcrew_definition::shown::row;
use cloudcrew_local::store::Store;
use cloudcrew_ports::journal::Journal;
use cloudcrew_runtime::engagement::{RequestKind, open};

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{note, say};
use crate::output::{Blocked, Inbox, VERSION, Waiting, pretty};
use crate::show::{raises, silence, used_up};
use crate::words::counted;

pub async fn inbox(args: &Args, format: Format) -> Result<Exit, Failure> {
    let (mut all, mut blocked, mut broken) = (Vec::new(), Vec::new(), Exit::Done);
    let listings = match Store::open_existing(&home::path(args)?)? {
        Some(store) => {
            store.list().await?.into_iter().map(|l| (store.clone(), l.engagement)).collect()
        }
        None => Vec::new(),
    };
    for (store, project) in listings {
        let engagement = match open(&store, &store, &project).await {
            Ok(mut engagement) => {
                home::settle(&store, &mut engagement).await?;
                engagement
            }
            Err(error) => {
                note!("{project}: {error}");
                broken = Exit::World;
                continue;
            }
        };
        if let (Some(parked), None) = (
            engagement.state.parked.as_ref().filter(|parked| parked.blocked),
            &engagement.state.end,
        ) {
            blocked.push(Blocked { project: project.clone(), reason: parked.reason.clone() });
            if format == Format::Human {
                say!("{project}  blocked");
                say!("  {}", row(&parked.reason));
                say!("  mend that, then: cloudcrew resume {project}");
            }
        }
        for request in engagement.state.open_requests() {
            if format == Format::Human {
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
                            silence(request).unwrap_or_else(|| {
                                "changes nothing; it waits until you decide".to_owned()
                            })
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
                        say!("  raise:   {}", raises(&project, request));
                        say!("  or end:  cloudcrew answer {project} {} stop", request.id);
                    }
                }
                if request.reminders > 0 {
                    say!("  reminded {}", counted(request.reminders as usize, "time"));
                }
            }
            all.push(Waiting { project: project.clone(), request: request.clone() });
        }
    }
    match format {
        Format::Json => say!("{}", pretty(&Inbox { version: VERSION, requests: all, blocked })),
        Format::Human if all.is_empty() && blocked.is_empty() && broken == Exit::Done => {
            note!("nothing waits")
        }
        Format::Human => {}
    }
    Ok(broken)
}
