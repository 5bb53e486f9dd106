//! `graph`: the plan of a workflow as a graph.

use cloudcrew_plan::{build, emit};

use crate::args::{Args, GraphFormat};
use crate::exit::{Exit, Failure};
use crate::out::{bytes, document};
use crate::output::pretty;
use crate::workspace;

pub fn graph(
    args: &Args,
    workflow: Option<&str>,
    format: GraphFormat,
    full: bool,
) -> Result<Exit, Failure> {
    let definition = workspace::definition(&workspace::find(args)?)?;
    let workflow = workspace::workflow(&definition, workflow)?;
    let plan = build(&definition, &workflow)
        .ok_or_else(|| Failure::failed(format!("`{workflow}` has no phases")))?;
    match format {
        GraphFormat::Mermaid if full => bytes(emit::mermaid(&plan).as_bytes()),
        GraphFormat::Mermaid => bytes(emit::mermaid_overview(&plan).as_bytes()),
        GraphFormat::Dot if full => bytes(emit::dot(&plan).as_bytes()),
        GraphFormat::Dot => bytes(emit::dot_overview(&plan).as_bytes()),
        GraphFormat::Json => document(&pretty(&plan)),
    }
    Ok(Exit::Done)
}
