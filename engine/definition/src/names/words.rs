//! Descriptions of named things for editors, in Markdown.

use std::collections::HashMap;

use super::NameKind;
use crate::catalogue::{Capability, Catalogue};
use crate::checks::context::{self, deliverables};
use crate::source::{FileId, Sources};
use crate::syntax::{
    Agent, Budget, Deliverable, Model, PhaseFile, Server, WorkflowFile, Workspace, Written,
};

pub(super) struct About<'a> {
    workspace: &'a Workspace,
    sources: &'a Sources,
    catalogue: &'a Catalogue,
    files: HashMap<&'a str, FileId>,
    phases: HashMap<FileId, &'a PhaseFile>,
    owed: HashMap<&'a str, (&'a PhaseFile, &'a Deliverable)>,
}

impl<'a> About<'a> {
    pub(super) fn new(
        workspace: &'a Workspace,
        sources: &'a Sources,
        catalogue: &'a Catalogue,
    ) -> About<'a> {
        let phases = workspace.phases.iter().map(|(file, p)| (*file, p)).collect();
        let owed = workspace.phases.iter().flat_map(|(_, p)| deliverables(p).map(move |d| (p, d)));
        let owed = owed.filter_map(|(p, d)| Some((text(&d.path)?, (p, d)))).collect();
        let files = sources.iter().map(|(file, path)| (path, file)).collect();
        About { workspace, sources, catalogue, files, phases, owed }
    }

    /// One or more paragraphs; empty if nothing is known.
    pub(super) fn words(&self, kind: NameKind, name: &str) -> String {
        let words = match kind {
            NameKind::Agents => self.agents().find(|(n, _)| *n == name).map(|(_, a)| self.agent(a)),
            NameKind::Models => self.models().find(|(n, _)| *n == name).map(|(_, m)| model(m)),
            NameKind::Budgets => self.pots().find(|(n, _)| *n == name).map(|(_, pot)| budget(pot)),
            NameKind::Servers => self.servers().find(|(n, _)| *n == name).map(|(_, s)| server(s)),
            NameKind::Tools => self.tool(name),
            NameKind::Phases => self.phase_file(name).map(phase),
            NameKind::Workflows => self.workflow(name),
            NameKind::Rehearsals => self.rehearsal(name),
            NameKind::Templates => self.headline(&format!("templates/{name}.md")),
            NameKind::Prompts => self.headline(name),
            NameKind::Deliverables => self.deliverable(name),
            NameKind::FinalizeSteps => {
                Some("A step that the engine runs after the last phase.".to_owned())
            }
        };
        words.unwrap_or_default()
    }

    fn agents(&self) -> impl Iterator<Item = (&str, &Agent)> {
        let crew = self.workspace.agents.as_ref().and_then(|(_, f)| f.agents.get());
        crew.into_iter().flat_map(|a| a.iter()).map(|(name, _, agent)| (name, agent))
    }

    fn models(&self) -> impl Iterator<Item = (&str, &Model)> {
        let models = self.workspace.agents.as_ref().and_then(|(_, f)| f.models.get());
        models.into_iter().flat_map(|m| m.iter()).map(|(name, _, model)| (name, model))
    }

    fn pots(&self) -> impl Iterator<Item = (&str, &Budget)> {
        let pots = self.workspace.agents.as_ref().and_then(|(_, f)| f.budgets.as_ref()?.get());
        pots.into_iter().flat_map(|p| p.iter()).map(|(name, _, pot)| (name, pot))
    }

    fn servers(&self) -> impl Iterator<Item = (&str, &Server)> {
        let servers = self.workspace.agents.as_ref().and_then(|(_, f)| f.servers.as_ref()?.get());
        servers.into_iter().flat_map(|s| s.iter()).map(|(name, _, server)| (name, server))
    }

    /// The agent's responsibility, and what the engine allows it to do.
    fn agent(&self, agent: &Agent) -> String {
        let shared = self.workspace.agents.as_ref().and_then(|(_, f)| f.shared_tools.as_ref());
        let tools: Vec<&str> =
            [shared, agent.tools.as_ref()].into_iter().flatten().flat_map(texts).collect();
        let may: Vec<&str> = tools
            .iter()
            .filter_map(|t| self.catalogue.tool(t))
            .map(|t| may(t.capability))
            .collect();
        let mut lines = vec![text(&agent.description).unwrap_or_default().to_owned()];
        lines.extend(text(&agent.model).map(|m| format!("Model {}", quoted(m))));
        if !tools.is_empty() {
            lines.push(format!("Tools {}", list(&tools)));
        }
        if !may.is_empty() {
            lines.push(format!("May {}", once(&may).join(", ")));
        }
        for grant in agent.servers.iter().filter_map(Written::get).flatten() {
            let Some(grant) = grant.get() else { continue };
            let tools: Vec<&str> = texts(&grant.tools).collect();
            let server = quoted(text(&grant.server).unwrap_or_default());
            lines.push(format!("Calls {} of {server}", list(&tools)));
        }
        let writes: Vec<&str> = agent.writes.iter().flat_map(texts).collect();
        if !writes.is_empty() {
            lines.push(format!("Writes {}", list(&writes)));
        }
        if let Some(own) = agent.budget.as_ref().and_then(Written::get) {
            let bounds = bounds(own.tokens.as_ref(), own.usd.as_ref());
            lines.extend((!bounds.is_empty()).then(|| format!("Budget {bounds} per engagement")));
            lines.extend(
                own.pot
                    .as_ref()
                    .and_then(text)
                    .map(|pot| format!("Shares the budget {}", quoted(pot))),
            );
        }
        lines.join("\n\n")
    }

    fn tool(&self, name: &str) -> Option<String> {
        let tool = self.catalogue.tool(name)?;
        Some(format!("{}\n\nAllows an agent to {}.", tool.description, may(tool.capability)))
    }

    /// Finds a phase by its file name.
    fn phase_file(&self, name: &str) -> Option<&PhaseFile> {
        self.phases.get(&self.file(NameKind::Phases, name)?).copied()
    }

    fn file(&self, kind: NameKind, name: &str) -> Option<FileId> {
        self.files.get(kind.file(name)?.as_str()).copied()
    }

    fn workflow(&self, name: &str) -> Option<String> {
        let file = self.file(NameKind::Workflows, name);
        let is_meant = |(there, workflow): &&(FileId, WorkflowFile)| match file {
            Some(file) => *there == file,
            None => workflow.of.is_some() && text(&workflow.workflow) == Some(name),
        };
        let (_, workflow) = self.workspace.workflows.iter().find(is_meant)?;
        let phases: Vec<&str> = texts(&workflow.phases).collect();
        let words = workflow.description.as_ref().and_then(text).unwrap_or_default();
        Some(format!(
            "{words}\n\n{}",
            phases.iter().map(|p| quoted(p)).collect::<Vec<_>>().join(" → ")
        ))
    }

    fn rehearsal(&self, name: &str) -> Option<String> {
        let file = self.file(NameKind::Rehearsals, name)?;
        let (_, rehearsal) = self.workspace.rehearsals.iter().find(|(f, _)| *f == file)?;
        rehearsal.description.as_ref().and_then(text).map(str::to_owned)
    }

    fn deliverable(&self, path: &str) -> Option<String> {
        let (phase, found) = self.owed.get(path)?;
        let words = found.description.as_ref().and_then(text).unwrap_or_default();
        let owner = text(&found.owner).map(|o| format!("Owner {}", quoted(o))).unwrap_or_default();
        let phase =
            text(&phase.phase).map(|p| format!("due in phase {}", quoted(p))).unwrap_or_default();
        Some(format!("{words}\n\n{owner}, {phase}"))
    }

    /// The first line of a text with content.
    fn headline(&self, path: &str) -> Option<String> {
        let text = self.sources.text(*self.files.get(path)?);
        let has_content = |line: &&str| {
            !line.is_empty()
                && !line.starts_with("{#")
                && !line.starts_with("{%")
                && !line.starts_with("<!--")
        };
        text.lines()
            .map(|line| line.trim_start_matches('#').trim())
            .find(has_content)
            .map(str::to_owned)
    }
}

fn budget(pot: &Budget) -> String {
    format!("{} per engagement, shared", bounds(pot.tokens.as_ref(), pot.usd.as_ref()))
}

fn bounds(tokens: Option<&Written<u64>>, usd: Option<&Written<f64>>) -> String {
    let tokens = tokens.and_then(Written::get).map(|tokens| format!("{tokens} tokens"));
    let usd = usd.and_then(Written::get).map(|usd| format!("${usd}"));
    tokens.into_iter().chain(usd).collect::<Vec<_>>().join(" and ")
}

fn model(model: &Model) -> String {
    let mut lines: Vec<String> =
        model.description.as_ref().and_then(text).map(str::to_owned).into_iter().collect();
    lines.extend(model.id.as_ref().and_then(text).map(quoted));
    let price = model.price.as_ref().and_then(Written::get);
    let price = price.and_then(|p| {
        Some(format!("{} USD in, {} USD out per million tokens", p.input.get()?, p.output.get()?))
    });
    lines.push(price.unwrap_or_else(|| "Price unknown".to_owned()));
    lines.join("\n\n")
}

fn server(server: &Server) -> String {
    let mut lines: Vec<String> =
        server.description.as_ref().and_then(text).map(str::to_owned).into_iter().collect();
    lines.extend(server.url.as_ref().and_then(text).map(|url| format!("At {}", quoted(url))));
    let words: Vec<&str> = server.command.iter().flat_map(texts).collect();
    if !words.is_empty() {
        lines.push(format!("Runs {} in the sandbox", quoted(&words.join(" "))));
    }
    lines.join("\n\n")
}

fn phase(phase: &PhaseFile) -> String {
    let mut lines: Vec<String> =
        phase.description.as_ref().and_then(text).map(str::to_owned).into_iter().collect();
    if let Some(swarm) = phase.swarm.get() {
        let members: Vec<&str> = texts(&swarm.agents).collect();
        let entry =
            text(&swarm.entry).map(|e| format!(", {} starts", quoted(e))).unwrap_or_default();
        lines.push(format!("Swarm {}{entry}", list(&members)));
    }
    let owed: Vec<&str> = deliverables(phase).filter_map(|d| text(&d.path)).collect();
    if !owed.is_empty() {
        lines.push(format!("Owes {}", list(&owed)));
    }
    lines.push(if phase.gate.is_some() { "Ends at a gate" } else { "No gate" }.to_owned());
    lines.join("\n\n")
}

/// What a tool with this capability allows an agent to do.
fn may(capability: Capability) -> &'static str {
    match capability {
        Capability::Read => "read engagement data",
        Capability::ReadRepo => "read the customer's repository",
        Capability::WriteRepo => "write to the repository within its scope",
        Capability::WriteFixed => "write to a fixed location in the repository",
        Capability::WriteLedger => "write to the ledger",
        Capability::Judge => "give a verdict",
        Capability::Ask => "ask the customer",
        Capability::Run => "run a program in the sandbox",
        Capability::Command => "run the programs that `commands` names",
        Capability::Server => "call a tool of an MCP server",
        Capability::Board => "keep the work items of the phase",
        Capability::Remember => "save notes for later work",
        Capability::Library => "add to the pattern library",
    }
}

/// The text without its span.
fn text(written: &Written<String>) -> Option<&str> {
    written.get().map(String::as_str)
}

fn texts(list: &Written<Vec<Written<String>>>) -> impl Iterator<Item = &str> {
    context::texts(list).map(|(text, _)| text)
}

/// As inline code. Backticks in the name would end it early.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "'"))
}

fn list(names: &[&str]) -> String {
    names.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(", ")
}

fn once<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut seen: Vec<&str> = Vec::new();
    for word in words {
        if !seen.contains(word) {
            seen.push(word);
        }
    }
    seen
}
