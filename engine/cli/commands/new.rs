//! `new`: a file or an entry to start from, which passes `check`.

use std::path::Path;

use clap::ValueEnum;
use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::diagnostic::Report;
use cloudcrew_definition::document::{self, Document, Kind, NodeId};
use cloudcrew_definition::names::{Name, NameKind, Names, fits};
use cloudcrew_definition::overlay::{self, OVERLAYS, split};
use cloudcrew_definition::source::{FileId, Sources};
use cloudcrew_definition::syntax::written;

use super::fix::write;
use super::rename::harmless;
use crate::args::Args;
use crate::exit::{Exit, Failure};
use crate::out::{note, say};
use crate::wiring::folder::Folder;
use crate::workspace::{self, Place};

/// What can be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum New {
    Agent,
    Phase,
    Workflow,
    Template,
}

impl New {
    fn kind(self) -> NameKind {
        match self {
            New::Agent => NameKind::Agents,
            New::Phase => NameKind::Phases,
            New::Workflow => NameKind::Workflows,
            New::Template => NameKind::Templates,
        }
    }
}

pub fn new(args: &Args, what: New, name: &str) -> Result<Exit, Failure> {
    let place = workspace::find(args)?;
    let kind = what.kind();
    fits(kind, name).map_err(Failure::usage)?;
    let sources = workspace::read(&place);
    let overlay = place.overlay.as_deref();
    let is_new = overlay.filter(|overlay| !overlay::names(&sources).iter().any(|n| n == overlay));
    let definition = match is_new {
        // Its first file creates it.
        Some(overlay) if overlay::is_name(overlay) => workspace::definition(&place.base())?,
        _ => workspace::definition(&place)?,
    };
    let names = Names::read(&sources);
    let concerns = |one: &&Name| {
        let of = split(sources.path(one.span.file)).map(|(overlay, _)| overlay);
        of.is_none() || of == overlay
    };
    if names.definitions(kind, name).any(|one| concerns(&one)) {
        let one = kind.one();
        return Err(Failure::usage(format!("`{name}` is already the name of another {one}")));
    }
    let new = Files { place: &place, sources: &sources, definition: &definition };
    match what {
        New::Agent => new.agent(name),
        New::Phase => new.phase(name),
        New::Workflow => new.workflow(name),
        New::Template => new.template(name),
    }?;
    Ok(Exit::Done)
}

struct Files<'a> {
    place: &'a Place,
    sources: &'a Sources,
    definition: &'a Definition,
}

impl Files<'_> {
    /// Where a file belongs: in the overlay, if one is chosen.
    fn path(&self, path: &str) -> String {
        match &self.place.overlay {
            Some(name) => format!("{OVERLAYS}{name}/{path}"),
            None => path.to_owned(),
        }
    }

    fn agent(&self, name: &str) -> Result<(), Failure> {
        let model = self.definition.models.first().map_or("", |model| model.name.as_str());
        let entry = [
            format!("{name}:"),
            "  description: What it is responsible for, in one line".to_owned(),
            format!("  model: {model}"),
            format!("  prompt: prompts/{name}.md"),
            "  tools: [repo_write]".to_owned(),
            format!("  writes: [{name}/**]"),
        ];
        let prompt = "You work for {{ project }}, in phase {{ phase.name }}. {{ agent.description \
                      }}.\n\nSay only what the statement of work says, or what you mark as \
                      assumed.\n";
        let crew = self.path("agents.yaml");
        let prompts = [(self.path(&format!("prompts/{name}.md")), prompt.to_owned())];
        match self.sources.stored(&crew) {
            None => {
                let entry = entry.map(|line| format!("  {line}\n")).concat();
                let crew = (crew, format!("agents:\n{entry}"));
                self.create(&[vec![crew], prompts.to_vec()].concat())?;
            }
            Some(file) => {
                let text = self.with_entry(file, &entry)?;
                self.change(file, &text, &prompts)?;
            }
        }
        note!("add it to `swarm.agents` of a phase, so that it takes part");
        Ok(())
    }

    /// The text of a file with another entry at the end of `agents`.
    fn with_entry(&self, file: FileId, entry: &[String]) -> Result<String, Failure> {
        let text = self.sources.text(file);
        let path = self.sources.path(file);
        let unfit = || Failure::usage(format!("add `agents:` with an indented entry to {path}"));
        let document = document::parse(self.sources, file, &mut Report::new());
        let document = document.ok_or_else(unfit)?;
        let Some(map) = agents(&document) else {
            let entry: String = entry.iter().map(|line| format!("  {line}\n")).collect();
            let text = text.trim_end();
            return Ok(format!("{text}\nagents:\n{entry}"));
        };
        let Kind::Map(entries) = &document.node(map).kind else { return Err(unfit()) };
        let (Some((first, _)), Some((_, last))) = (entries.first(), entries.last()) else {
            return Err(unfit());
        };
        let first = document.node(*first).span.start;
        let line = text[..first].rfind('\n').map_or(0, |at| at + 1);
        let indent = &text[line..first];
        if !indent.chars().all(|c| c == ' ') {
            return Err(unfit());
        }
        let end = written_to(&document, *last);
        let end = text[end..].find('\n').map_or(text.len(), |at| end + at);
        let text_end = text[..end].trim_end_matches('\r').len();
        let broken = if text[..end].contains("\r\n") { "\r\n" } else { "\n" };
        let entry: String = entry.iter().map(|line| format!("{broken}{indent}{line}")).collect();
        let spaced = text[line..end].contains(&broken.repeat(2));
        let spaced = if spaced { broken } else { "" };
        Ok(format!("{}{spaced}{entry}{}", &text[..text_end], &text[text_end..]))
    }

    fn phase(&self, name: &str) -> Result<(), Failure> {
        let crew = &self.definition.agents;
        // Someone who may write a file that can be named after the phase.
        let folder = |globs: &[String]| {
            let mut plain = globs.iter().filter_map(|glob| glob.strip_suffix("/**"));
            plain.find(|folder| !folder.contains(['*', '!'])).map(str::to_owned)
        };
        let writer = crew.iter().find_map(|agent| Some((agent, folder(&agent.writes)?)));
        let entry = writer.as_ref().map(|(agent, _)| *agent).or(crew.first());
        let entry = entry.map_or("", |agent| agent.name.as_str());
        let mut yaml = format!(
            "# yaml-language-server: $schema={}.cloudcrew/schemas/phase.json\nversion: 1\nphase: \
             {name}\ndescription: What it is for, in one line\nswarm:\n  entry: {entry}\n  agents: \
             [{entry}]\ntask: prompts/tasks/{name}.md\n",
            "../".repeat(self.path("").matches('/').count() + 1)
        );
        if let Some((agent, folder)) = &writer {
            yaml += &format!(
                "deliverables:\n  - {{ path: {folder}/{name}.md, owner: {}, description: What it \
                 is for }}\n",
                agent.name
            );
        }
        let review = self.definition.phases.iter().find_map(|phase| phase.review.as_ref());
        if let Some(review) = review.filter(|_| writer.is_some()) {
            let depth = serde_json::to_value(review.depth).unwrap_or_default();
            let depth = depth.as_str().unwrap_or("light");
            yaml += &format!("review: {{ agent: {}, depth: {depth} }}\n", review.agent);
        }
        let reminder = self.definition.phases.iter().find_map(|p| p.gate.as_ref()?.remind_after);
        yaml += &match reminder {
            Some(every) => format!("gate: {{ remind_after: {} }}\n", written(every)),
            None => "gate: { remind_after: 24h }\n".to_owned(),
        };
        let task = "What {{ project }} needs from this phase.\n\nDeliverables:\n{% for d in \
                    deliverables -%}\n- `{{ d.path }}`, written by {{ d.owner }}: {{ \
                    d.description }}\n{% endfor -%}\n{% if feedback %}\nThe customer asks for \
                    changes: {{ feedback }}\n{% endif -%}\n";
        self.create(&[
            (self.path(&format!("phases/{name}.yaml")), yaml),
            (self.path(&format!("prompts/tasks/{name}.md")), task.to_owned()),
        ])?;
        note!("add it to `phases` of a workflow, so that it runs");
        Ok(())
    }

    fn workflow(&self, name: &str) -> Result<(), Failure> {
        let like = workspace::workflow(self.definition, None).ok();
        let like = like.and_then(|like| self.definition.workflow(&like));
        let like = like.or(self.definition.workflows.first());
        let phases = like.map(|like| like.phases.join(", ")).unwrap_or_default();
        let finalize = like.map(|like| like.finalize.join(", ")).unwrap_or_default();
        let yaml = format!(
            "# yaml-language-server: $schema={}.cloudcrew/schemas/workflow.json\nversion: \
             1\nworkflow: {name}\ndescription: What it is for, in one line\nphases: \
             [{phases}]\nfinalize: [{finalize}]\n",
            "../".repeat(self.path("").matches('/').count() + 1)
        );
        self.create(&[(self.path(&format!("workflows/{name}.yaml")), yaml)])?;
        let overlay = self.place.overlay.as_ref().map(|of| format!(" --overlay {of}"));
        let overlay = overlay.unwrap_or_default();
        note!("choose its phases; run it with `cloudcrew run{overlay} --sow FILE {name}`");
        Ok(())
    }

    fn template(&self, name: &str) -> Result<(), Failure> {
        let mut title = name.replace(['-', '_'], " ");
        title[..1].make_ascii_uppercase();
        let text = format!(
            "# {title}\n\n## Summary\n<!-- fill(objectives, requirements): Up to five sentences. \
             -->\n\n## Requirements\n<!-- fill(requirements): One row per requirement: id, what it \
             means for us, source. -->\n"
        );
        self.create(&[(self.path(&format!("templates/{name}.md")), text)])?;
        note!("set it as `template` of a deliverable");
        Ok(())
    }

    /// Writes files that must not exist yet.
    fn create(&self, files: &[(String, String)]) -> Result<(), Failure> {
        self.refuse(files)?;
        let mut after = self.sources.clone();
        for (path, text) in files {
            after.add(path.as_str(), text.as_bytes());
        }
        harmless(self.sources, &after, "this would cause errors; nothing was written")?;
        self.write(files)?;
        Self::tell(files);
        Ok(())
    }

    /// Changes a file, and writes others that must not exist yet.
    fn change(&self, file: FileId, text: &str, files: &[(String, String)]) -> Result<(), Failure> {
        self.refuse(files)?;
        let mut after = self.sources.clone();
        after.replace(file, Ok(text.as_bytes()));
        for (path, text) in files {
            after.add(path.as_str(), text.as_bytes());
        }
        harmless(self.sources, &after, "this would cause errors; nothing was written")?;
        // The new files first: nothing refers to them yet.
        self.write(files)?;
        let path = self.sources.path(file);
        write(self.place, path, self.sources.text(file), text).map_err(|why| {
            self.take_back(files);
            Failure::world(format!("{path}: {why}; nothing was written"))
        })?;
        Self::tell(files);
        say!("changed {path}");
        Ok(())
    }

    fn refuse(&self, files: &[(String, String)]) -> Result<(), Failure> {
        let taken =
            |(path, _): &&(String, String)| self.place.join(path).symlink_metadata().is_ok();
        match files.iter().find(taken) {
            Some((path, _)) => Err(Failure::usage(format!("the file `{path}` already exists"))),
            None => Ok(()),
        }
    }

    fn write(&self, files: &[(String, String)]) -> Result<(), Failure> {
        let folder = Folder::open(self.place)?;
        for (number, (path, text)) in files.iter().enumerate() {
            if let Err(error) = folder.write(Path::new(path), text.as_bytes()) {
                self.take_back(&files[..number]);
                return Err(Failure::world(format!("{path}: {error}; nothing was written")));
            }
        }
        Ok(())
    }

    /// Removes files that were just written.
    fn take_back(&self, files: &[(String, String)]) {
        if let Ok(folder) = Folder::open(self.place) {
            for (path, _) in files {
                let _ = folder.remove(Path::new(path));
            }
        }
    }

    fn tell(files: &[(String, String)]) {
        files.iter().for_each(|(path, _)| say!("wrote {path}"));
    }
}

/// Where the last value below a node ends. The span of a map goes on to what follows it.
fn written_to(document: &Document, node: NodeId) -> usize {
    match &document.node(node).kind {
        Kind::Map(entries) if !entries.is_empty() => {
            let ends = entries.iter().map(|(_, value)| written_to(document, *value));
            ends.max().unwrap_or_default()
        }
        _ => document.node(node).span.end,
    }
}

/// The map of agents.
fn agents(document: &Document) -> Option<NodeId> {
    document.entry(document.root(), "agents").map(|(_, agents)| agents)
}
