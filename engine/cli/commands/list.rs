//! `list`: all engagements of a home.

use std::fmt::Write as _;

use cloudcrew_definition::shown::row;
use cloudcrew_ports::index::Which;
use cloudcrew_runtime::engagement::Standing;
use cloudcrew_views::VERSION;
use cloudcrew_views::list::{List, Project};

use crate::args::{Args, Format};
use crate::exit::{Exit, Failure};
use crate::home;
use crate::out::{document, note, put};
use crate::output::pretty;
use crate::shell::pasted;
use crate::show::silence;

pub async fn list(args: &Args, format: Format) -> Result<Exit, Failure> {
    let found = home::standings(args, Which::All).await?;
    if format == Format::Human && found.is_empty() {
        note!("no engagements yet; start one with `cloudcrew run`");
    }
    let (mut projects, mut text, mut broken) = (Vec::new(), String::new(), Exit::Done);
    for found in found {
        match found.standing {
            Ok(standing) => {
                let project = Project::new(&found.listing, &standing);
                if format == Format::Human {
                    let what = what(&project, &standing);
                    let _ =
                        writeln!(text, "{:24} {:20} {what}", project.project, row(&project.state));
                }
                if format == Format::Json {
                    projects.push(project);
                }
            }
            Err(error) => {
                note!("{}: {error}", found.listing.engagement);
                broken = Exit::World;
            }
        }
    }
    // Thousands of lines in one go.
    put!("{text}");
    if format == Format::Json {
        document(&pretty(&List { version: VERSION, projects }));
    }
    Ok(broken)
}

/// The state of an engagement, in words.
fn what(project: &Project, standing: &Standing) -> String {
    let resume = pasted(&format!("resume {}", project.project));
    if let Some(end) = &standing.end {
        return row(&end.text).into_owned();
    }
    if !project.waiting.is_empty() {
        let until = standing.requests.iter().find_map(silence);
        let until = until.map_or(String::new(), |until| format!(", {until}"));
        return format!("waiting for {}{until}", row(&project.waiting.join(", ")));
    }
    if let Some(driver) = &project.driver {
        return format!("driven by {}", row(driver));
    }
    if let Some(reason) = &standing.blocked {
        return format!("waiting: {}\n    fix this, then continue:  {resume}", row(reason));
    }
    if standing.expired {
        return format!("expired without a decision\n    to end it:  {resume}");
    }
    format!("paused\n    continue:  {resume}")
}
