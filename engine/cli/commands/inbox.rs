//! `inbox`: what waits for a person, in all engagements.

use cloudcrew_local::store::Store;
use cloudcrew_runtime::engagement::{RequestKind, open};
use cloudcrew_runtime::ports::journal::Journal;
use serde_json::json;

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;

pub async fn inbox(args: &Args, format: Format) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    let listings = match Store::open_existing(&home::path(args)?)? {
        Some(store) => store.list().await?.into_iter().map(|l| (store.clone(), l.engagement)).collect(),
        None => Vec::new(),
    };
    for (store, project) in listings {
        let engagement = open(&store, &store, &project).await?;
        for request in engagement.state.open_requests() {
            if format == Format::Human {
                println!("{project}  {}", request.id);
                match &request.kind {
                    RequestKind::Approval { findings, may_revise, .. } => {
                        println!(
                            "  the gate of {}, run {}: {} deliverables, {} findings",
                            request.phase,
                            request.revision,
                            request.subject.len(),
                            findings.len()
                        );
                        println!("  look:    cloudcrew show {project}");
                        println!("  decide:  cloudcrew approve {project}");
                        if *may_revise {
                            println!("           cloudcrew revise {project} \"what should change\"");
                        }
                    }
                    RequestKind::Question { agent, question, .. } => {
                        println!("  {agent} asks: {question}");
                        println!("  answer:  cloudcrew answer {project} {} \"...\"", request.id);
                    }
                }
                if request.reminders > 0 {
                    println!("  reminded {} times", request.reminders);
                }
            }
            let mut value = serde_json::to_value(request).map_err(|e| Failure::world(e.to_string()))?;
            value["project"] = project.clone().into();
            all.push(value);
        }
    }
    match format {
        Format::Json => println!("{:#}", json!({ "version": 1, "requests": all })),
        Format::Human if all.is_empty() => eprintln!("nothing waits"),
        Format::Human => {}
    }
    Ok(Exit::Done)
}
