//! A workflow without some of its phases, for engagements of another size.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{WorkflowFile, Workspace, Written};

/// A workflow without some of its phases. It is started as a workflow of its own, named after both:
/// the variant `pilot` of `delivery` is `delivery-pilot`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Variant {
    /// One line about its purpose, shown where a workflow is chosen. Defaults to that of the
    /// workflow.
    #[schemars(extend("examples" = ["Find out what to build, and what it will cost"]))]
    pub description: Option<Written<String>>,
    /// Names of the phases that it leaves out.
    #[schemars(length(min = 1), extend("x-cloudcrew-names" = "phases", "examples" = [["poc",
        "production"]]))]
    pub without: Written<Vec<Written<String>>>,
}

/// Name of the workflow that a variant is started as.
pub fn variant_name(workflow: &str, variant: &str) -> String {
    format!("{workflow}-{variant}")
}

impl Workspace {
    /// Adds the workflow of each variant. Called once, after all files are added.
    pub(crate) fn vary(&mut self) {
        let mut varied = Vec::new();
        for (file, workflow) in &self.workflows {
            let variants = workflow.variants.as_ref().and_then(Written::get).into_iter();
            for (name, variant) in variants.flat_map(|variants| &variants.0) {
                if let Some(workflow) = varying(workflow, name, variant) {
                    varied.push((*file, workflow));
                }
            }
        }
        self.workflows.extend(varied);
    }
}

fn varying(
    workflow: &WorkflowFile,
    name: &Written<String>,
    variant: &Written<Variant>,
) -> Option<WorkflowFile> {
    let (base, variant) = (workflow.workflow.get()?, variant.get()?);
    let left_out: Vec<&String> = variant.without.get()?.iter().filter_map(Written::get).collect();
    let mut phases = workflow.phases.clone();
    phases.value.as_mut()?.retain(|phase| phase.get().is_none_or(|p| !left_out.contains(&p)));
    Some(WorkflowFile {
        workflow: Written { span: name.span, value: Some(variant_name(base, name.get()?)) },
        description: variant.description.clone().or_else(|| workflow.description.clone()),
        phases,
        variants: None,
        of: Some(base.clone()),
        ..workflow.clone()
    })
}
