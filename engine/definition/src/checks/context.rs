//! The input to checks.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::catalogue::{Capability, Catalogue};
use crate::path::{Scope, ScopeFault};
use crate::source::{FileId, Sources, Span};
use crate::syntax::{
    Agent, AgentsFile, Deliverable, ExpectedDeliverable, PhaseFile, RehearsalFile, Swarm,
    WorkflowFile, Workspace, Written,
};

/// Everything that was read, and the engine's catalogue.
pub struct Context<'a> {
    /// The source files.
    pub sources: &'a Sources,
    /// The definition files as written.
    pub workspace: &'a Workspace,
    /// What the engine offers.
    pub catalogue: &'a Catalogue,
    scopes: OnceLock<HashMap<&'a str, Result<Scope, ScopeFault>>>,
}

impl<'a> Context<'a> {
    /// Creates the input to checks.
    pub fn new(sources: &'a Sources, workspace: &'a Workspace, catalogue: &'a Catalogue) -> Self {
        Context { sources, workspace, catalogue, scopes: OnceLock::new() }
    }

    /// An agent's write scope, or the first of its globs that is not valid. Without `writes`, the
    /// scope is empty.
    pub(super) fn scope(&self, agent: &str) -> Option<&Result<Scope, ScopeFault>> {
        let globs = |agent: &Agent| {
            agent.writes.iter().flat_map(texts).map(|(glob, _)| glob.to_owned()).collect::<Vec<_>>()
        };
        let all =
            || self.agents().map(|(name, _, agent)| (name, Scope::new(&globs(agent)))).collect();
        self.scopes.get_or_init(all).get(agent)
    }

    pub(super) fn crew(&self) -> Option<&'a AgentsFile> {
        self.workspace.agents.as_ref().map(|(_, f)| f)
    }

    /// Readable agents, each with the span of its name.
    pub(super) fn agents(&self) -> impl Iterator<Item = (&'a str, Span, &'a Agent)> + use<'a> {
        self.crew().and_then(|c| c.agents.get()).into_iter().flat_map(|a| a.iter())
    }

    /// Every reference to a model.
    pub(super) fn models_used(&self) -> Vec<(&'a str, Span)> {
        let mut used: Vec<_> = self.agents().filter_map(|(_, _, a)| text(&a.model)).collect();
        for phase in self.phases() {
            used.extend(phase.model.as_ref().and_then(text));
            used.extend(cast(phase).map(|(_, model)| model));
        }
        used
    }

    /// Names of all agents. Empty when `agents.yaml` could not be read, which avoids follow-up
    /// errors.
    pub(super) fn agent_names(&self) -> Vec<&'a str> {
        self.crew().and_then(|c| c.agents.get()).into_iter().flat_map(|a| a.names()).collect()
    }

    pub(super) fn agent(&self, name: &str) -> Option<(Span, &'a Agent)> {
        self.agents().find(|(n, _, _)| *n == name).map(|(_, span, agent)| (span, agent))
    }

    pub(super) fn phases(&self) -> impl Iterator<Item = &'a PhaseFile> + use<'a> {
        self.workspace.phases.iter().map(|(_, p)| p)
    }

    /// The workflows that have a file of their own: not the variants.
    pub(super) fn written_workflows(
        &self,
    ) -> impl Iterator<Item = (FileId, &'a WorkflowFile)> + use<'a> {
        let all = self.workspace.workflows.iter().map(|(file, workflow)| (*file, workflow));
        all.filter(|(_, workflow)| workflow.of.is_none())
    }

    /// The workflow that a rehearsal runs, chosen as `cloudcrew test` does.
    pub(super) fn rehearsed(&self, rehearsal: &RehearsalFile) -> Option<&'a WorkflowFile> {
        let all = || self.workspace.workflows.iter().map(|(_, workflow)| workflow);
        let named = |name: &str| all().find(|w| text(&w.workflow).is_some_and(|(n, _)| n == name));
        match &rehearsal.workflow {
            Some(written) => named(text(written)?.0),
            None => named("delivery").or_else(|| {
                let mut written = self.written_workflows();
                written.next().map(|(_, only)| only).filter(|_| written.next().is_none())
            }),
        }
    }

    /// The earlier phases to which the gate of a phase may return the work.
    pub(super) fn returns(&self, phase: &str) -> Vec<&'a str> {
        let mut phases = self.phases();
        let phase = phases.find(|p| text(&p.phase).is_some_and(|(name, _)| name == phase));
        let gate = phase.and_then(|phase| phase.gate.as_ref()?.get());
        let listed = gate.and_then(|gate| gate.revise_to.as_ref());
        listed.into_iter().flat_map(texts).map(|(name, _)| name).collect()
    }

    /// Names of phases, taken from file names, so a wrong `phase:` is reported only once.
    pub(super) fn phase_names(&self) -> Vec<&'a str> {
        self.stems("phases/", ".yaml").map(|(name, _)| name).collect()
    }

    /// Whether the deliverables of every phase could be read. If not, any path may belong to the
    /// phase that could not be read.
    pub(super) fn knows_deliverables(&self) -> bool {
        let list = |p: &PhaseFile| {
            p.deliverables.as_ref().is_none_or(|d| {
                d.get().is_some_and(|all| {
                    all.iter().all(|d| d.get().is_some_and(|d| d.path.get().is_some()))
                })
            })
        };
        self.workspace.phases.len() == self.phase_names().len() && self.phases().all(list)
    }

    /// Names and ids of the files directly in a folder.
    pub(super) fn stems(
        &self,
        folder: &'static str,
        ending: &'static str,
    ) -> impl Iterator<Item = (&'a str, FileId)> + use<'a> {
        let sources = self.sources;
        let names = sources.iter().filter_map(move |(file, path)| {
            Some((path.strip_prefix(folder)?.strip_suffix(ending)?, file))
        });
        names.filter(|(name, _)| !name.contains('/'))
    }

    /// Every reference to an agent outside `agents.yaml`.
    pub(super) fn agents_named(&self) -> Vec<(&'a str, Span)> {
        let mut named: Vec<_> = self.phases().flat_map(agents_in_phase).collect();
        named.extend(self.default_reviewer());
        named.extend(self.workspace.rehearsals.iter().flat_map(|(_, r)| agents_in_rehearsal(r)));
        named
    }

    /// The agent that `defaults` names for reviews.
    pub(super) fn default_reviewer(&self) -> Option<(&'a str, Span)> {
        let defaults = self.crew()?.defaults.as_ref()?.get()?;
        text(defaults.review.as_ref()?.get()?.agent.as_ref()?)
    }

    /// All tools of an agent: the shared ones and its own.
    pub(super) fn tools(&self, agent: &'a Agent) -> Vec<&'a str> {
        let shared = self.crew().and_then(|c| c.shared_tools.as_ref());
        [shared, agent.tools.as_ref()]
            .into_iter()
            .flatten()
            .flat_map(texts)
            .map(|(name, _)| name)
            .collect()
    }

    /// Whether an agent has a tool with this capability.
    pub(super) fn can(&self, agent: &'a Agent, capability: Capability) -> bool {
        self.tools(agent)
            .iter()
            .any(|t| self.catalogue.tool(t).is_some_and(|t| t.capability == capability))
    }
}

/// The texts of a list with their spans.
pub(crate) fn texts(list: &Written<Vec<Written<String>>>) -> impl Iterator<Item = (&str, Span)> {
    list.get().into_iter().flatten().filter_map(text)
}

/// A text with its span.
pub(super) fn text(written: &Written<String>) -> Option<(&str, Span)> {
    Some((written.get()?.as_str(), written.span))
}

/// The readable deliverables of a phase.
pub(crate) fn deliverables(phase: &PhaseFile) -> impl Iterator<Item = &Deliverable> {
    phase
        .deliverables
        .as_ref()
        .and_then(Written::get)
        .into_iter()
        .flatten()
        .filter_map(Written::get)
}

/// The agents that a phase refers to.
pub(super) fn agents_in_phase(phase: &PhaseFile) -> Vec<(&str, Span)> {
    let mut named = members(phase);
    named.extend(phase.swarm.get().and_then(|s| text(&s.entry)));
    named
        .extend(phase.review.as_ref().and_then(Written::get).and_then(|r| text(r.agent.as_ref()?)));
    named.extend(cast(phase).map(|(agent, _)| agent));
    for deliverable in deliverables(phase) {
        named.extend(text(&deliverable.owner));
        named.extend(deliverable.reviewers.iter().flat_map(texts));
    }
    named
}

/// The models of single agents that a phase sets: each agent and its model.
pub(super) fn cast(phase: &PhaseFile) -> impl Iterator<Item = ((&str, Span), (&str, Span))> {
    let models = phase.models.as_ref().and_then(Written::get).into_iter();
    let entries = models.flat_map(|cast| &cast.0.0);
    entries.filter_map(|(agent, model)| Some((text(agent)?, text(model)?)))
}

/// The agents that a rehearsal refers to.
pub(super) fn agents_in_rehearsal(rehearsal: &RehearsalFile) -> Vec<(&str, Span)> {
    let bends = rehearsal
        .agents
        .as_ref()
        .and_then(Written::get)
        .into_iter()
        .flatten()
        .filter_map(Written::get);
    let mut named: Vec<_> = bends
        .flat_map(|b| [text(&b.agent), b.loops_with.as_ref().and_then(text)])
        .flatten()
        .collect();
    named.extend(expected(rehearsal).filter_map(|d| d.passed_by.as_ref()).flat_map(texts));
    named
}

/// The artifacts that a test expects.
pub(super) fn expected(rehearsal: &RehearsalFile) -> impl Iterator<Item = &ExpectedDeliverable> {
    let expect =
        rehearsal.expect.as_ref().and_then(Written::get).and_then(|e| e.deliverables.as_ref());
    expect.and_then(Written::get).into_iter().flatten().filter_map(Written::get)
}

/// A phase's swarm.
pub(super) fn swarm(phase: &PhaseFile) -> Option<&Swarm> {
    phase.swarm.get()
}

/// Names and spans of a phase's members.
pub(super) fn members(phase: &PhaseFile) -> Vec<(&str, Span)> {
    swarm(phase).map(|s| texts(&s.agents).collect()).unwrap_or_default()
}
