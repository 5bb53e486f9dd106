//! The workplace that an engagement gives to one tool call of one agent.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_definition::crew::{Agent, Pattern, Phase, Reach, Server, ServerTool, Service};
use cloudcrew_definition::path::RepoPath;
use cloudcrew_definition::syntax::server_tool;
use cloudcrew_ports::knowledge::Knowledge;
use cloudcrew_ports::ledger::LedgerRow;
use cloudcrew_ports::memory::{MemoryKind, MemoryRecord, MemorySource, Trust};
use cloudcrew_ports::model::Purpose;
use cloudcrew_ports::pattern::Card;
use cloudcrew_ports::program::{Job, JobFile, MAX_BYTES, MAX_FILES, ProgramFault, Ran};
use cloudcrew_ports::repo::TreeFile;
use cloudcrew_ports::server::{Served, ServerCall, ServerFault};
use cloudcrew_sow::Sow;
use cloudcrew_tools::{
    Broken, CallQuestion, FileInfo, FileVersion, Kept, NewMemory, Offered, Origin, Recall,
    Recalled, Revision, Task, WorkItem, Workplace, Writable,
};
use serde_json::Value;
use tokio::sync::Mutex;

use super::act::commit::Change;
use super::answer::SKIPPED;
use super::context::variables;
use super::driver::Driver;
use super::error::EngagementError;
use super::event::Decision;
use super::library::{Shelf, offer};
use super::load::Engagement;
use super::memory::{Seen, Wanted, mark_shown, note, search, space};
use super::past::Past;
use super::request::{Request, RequestKind};
use crate::prompt::render;

/// The workplace of one tool call.
pub(super) struct CallWorkplace<'a> {
    pub driver: &'a Driver,
    pub agent: &'a Agent,
    pub phase: &'a str,
    /// See [`Workplace::step`].
    pub step: String,
    /// The object ids of the files that a program was given.
    pub found: Mutex<HashMap<String, String>>,
}

#[async_trait]
impl Workplace for CallWorkplace<'_> {
    fn agent(&self) -> &Agent {
        self.agent
    }

    fn phase(&self) -> &str {
        self.phase
    }

    fn step(&self) -> &str {
        &self.step
    }

    async fn sow(&self) -> Arc<Sow> {
        self.driver.look(|e| e.sow.clone()).await
    }

    async fn files(&self, below: &str) -> Result<Vec<FileInfo>, Broken> {
        let Some(head) = self.driver.look(|e| e.state.head.clone()).await else {
            return Ok(Vec::new());
        };
        let files = self.driver.ports.repo.list(&head, below).await?;
        Ok(self.driver.look(|e| files.into_iter().map(|file| info(e, file)).collect()).await)
    }

    async fn file(&self, path: &str) -> Result<Option<Vec<u8>>, Broken> {
        Ok(self.driver.file(path).await?)
    }

    async fn versions(&self, path: &str) -> Result<Vec<FileVersion>, Broken> {
        let past = self.driver.look(|e| Past::of(e, path)).await;
        Ok(past.versions(&*self.driver.ports.repo).await?)
    }

    async fn version(
        &self,
        path: &str,
        revision: &Revision,
    ) -> Result<Result<Option<Vec<u8>>, String>, Broken> {
        let past = self.driver.look(|e| Past::of(e, path)).await;
        Ok(past.read(&*self.driver.ports.repo, revision).await?)
    }

    async fn newest(&self, path: &str) -> Result<Option<Vec<u8>>, Broken> {
        self.driver.notice_foreign_commits().await?;
        Ok(self.driver.file(path).await?)
    }

    async fn has_committed(&self) -> bool {
        self.driver.look(|e| e.state.commits.contains_key(&self.step)).await
    }

    async fn commit(
        &self,
        path: &Writable,
        seen: Option<&[u8]>,
        content: Vec<u8>,
        message: &str,
    ) -> Result<Result<(), String>, Broken> {
        let change = Change {
            writes: vec![(path.path().clone(), content)],
            removes: Vec::new(),
            seen: seen.map(|seen| (path.as_str(), Some(seen))).into_iter().collect(),
        };
        let made = self.driver.change(&self.step, &self.agent.name, change, message).await?;
        Ok(made.map(drop))
    }

    async fn remove(
        &self,
        from: &Writable,
        to: Option<&Writable>,
        seen: &[u8],
        message: &str,
    ) -> Result<Result<(), String>, Broken> {
        let change = Change {
            writes: to.map(|to| (to.path().clone(), seen.to_vec())).into_iter().collect(),
            removes: vec![from.path().clone()],
            seen: std::iter::once((from.as_str(), Some(seen)))
                .chain(to.map(|to| (to.as_str(), None)))
                .collect(),
        };
        let made = self.driver.change(&self.step, &self.agent.name, change, message).await?;
        Ok(made.map(drop))
    }

    fn knowledge(&self) -> &dyn Knowledge {
        &*self.driver.ports.knowledge
    }

    async fn run(&self, task: Task) -> Result<Result<Ran, ProgramFault>, Broken> {
        // One at a time: each copies the tree.
        let _turn = self.driver.programs.lock().await;
        let (files, found) = match self.exported().await? {
            Ok(exported) => exported,
            Err(why) => return Ok(Err(ProgramFault::Refused(why))),
        };
        *self.found.lock().await = found;
        let Task { program, arguments, folder, environment, limits } = task;
        let job = Job { program, arguments, folder, files, environment, limits };
        Ok(self.driver.ports.programs.run(job).await)
    }

    async fn serve(
        &self,
        server: &Server,
        tool: &ServerTool,
        input: Value,
        digest: &str,
    ) -> Result<Result<Served, ServerFault>, Broken> {
        let (_turn, files) = match server.reach {
            Reach::Url { .. } => (None, Vec::new()),
            Reach::Command { .. } => {
                // One at a time: each copies the tree.
                let turn = self.driver.programs.lock().await;
                match self.exported().await? {
                    Ok((files, _)) => (Some(turn), files),
                    Err(why) => return Ok(Err(ServerFault::Unreachable(why))),
                }
            }
        };
        let name = server_tool(&server.name, &tool.name);
        let answers = self.driver.look(|e| self.answers_for(e, &name, digest)).await;
        let call = ServerCall { tool: tool.clone(), input, files, answers };
        Ok(self.driver.ports.servers.call(server, call).await)
    }

    async fn keep(&self, changes: Vec<Kept>, message: &str) -> Result<Result<(), String>, Broken> {
        self.driver.notice_foreign_commits().await?;
        let found = self.found.lock().await;
        let mut seen = Vec::new();
        for Kept { path, .. } in &changes {
            let there = self.driver.found(path.as_str()).await?.map(|file| file.oid);
            if there.as_ref() != found.get(path.as_str()) {
                return Ok(Err(format!("{path} has changed meanwhile; run the program again")));
            }
            seen.push(self.driver.file(path.as_str()).await?);
        }
        let paths = changes.iter().map(|change| change.path.as_str());
        let seen = paths.zip(seen.iter().map(Option::as_deref)).collect();
        let (mut writes, mut removes) = (Vec::new(), Vec::new());
        for Kept { path, content } in &changes {
            match content {
                Some(content) => writes.push((path.path().clone(), content.clone())),
                None => removes.push(path.path().clone()),
            }
        }
        let change = Change { writes, removes, seen };
        let made = self.driver.change(&self.step, &self.agent.name, change, message).await?;
        Ok(made.map(drop))
    }

    async fn items(&self) -> Vec<WorkItem> {
        self.driver.look(|e| items(e, self.phase)).await
    }

    async fn colleagues(&self) -> Vec<String> {
        self.driver.look(|e| colleagues(e, self.phase)).await
    }

    async fn services(&self) -> Vec<Service> {
        self.driver.look(|e| e.definition.knowledge.clone()).await
    }

    async fn put(
        &self,
        files: Vec<(Writable, Vec<u8>)>,
        message: &str,
    ) -> Result<Result<(), String>, Broken> {
        let writes = files.into_iter().map(|(path, content)| (path.path().clone(), content));
        let change = Change { writes: writes.collect(), removes: Vec::new(), seen: Vec::new() };
        let made = self.driver.change(&self.step, &self.agent.name, change, message).await?;
        Ok(made.map(drop))
    }

    async fn source(&self, path: &str) -> Result<Option<MemorySource>, Broken> {
        let found = self.driver.found(path).await?;
        Ok(found.map(|file| MemorySource::File { path: file.path, oid: file.oid }))
    }

    async fn remember(
        &self,
        new: NewMemory,
    ) -> Result<Result<(MemoryRecord, Trust), String>, Broken> {
        let rows = self.driver.ledger_rows().await?;
        let now = self.driver.now().await;
        let seen =
            Seen { agent: &self.agent.name, phase: self.phase, step: &self.step, now, rows: &rows };
        Ok(self.driver.look(|e| note(e, &seen, new)).await)
    }

    async fn recall(
        &self,
        question: &str,
        kind: Option<MemoryKind>,
        most: usize,
    ) -> Result<Recall, Broken> {
        let now = self.driver.now().await;
        let (wanted, space) =
            self.driver.look(|e| (Wanted::of(e, self.phase, now), space(&e.state.started))).await;
        let memory = &*self.driver.ports.memory;
        Ok(search(memory, &space, wanted, (question, kind, most)).await?)
    }

    async fn patterns(&self, query: &str) -> Result<Vec<Offered>, Broken> {
        let shelf = self.driver.look(|e| Shelf::of(e, self.phase)).await;
        let found = shelf.offered(&*self.driver.ports.patterns, query).await?;
        Ok(found.into_iter().map(offer).collect())
    }

    async fn offer(&self, pattern: Pattern) -> Result<Result<(), String>, Broken> {
        let shelf = self.driver.look(|e| Shelf::of(e, self.phase)).await;
        let (project, by) = (self.driver.project().to_owned(), self.agent.name.clone());
        let card = Card { pattern, project, by, at: self.driver.now().await };
        let contributed = self.driver.look(|e| e.state.contributed.len()).await;
        Ok(shelf.take(&*self.driver.ports.patterns, &card, contributed).await?)
    }

    async fn promotes(&self, name: &str) -> Result<Result<String, String>, Broken> {
        let shelf = self.driver.look(|e| Shelf::of(e, self.phase)).await;
        Ok(shelf.promotes(&*self.driver.ports.patterns, name).await?)
    }

    async fn ledger(&self) -> Result<Vec<LedgerRow>, Broken> {
        Ok(self.driver.ledger_rows().await?)
    }

    async fn record(&self, rows: &[LedgerRow]) -> Result<(), Broken> {
        Ok(self.driver.record_rows(rows).await?)
    }

    async fn sees_images(&self) -> bool {
        self.driver
            .look(|e| {
                let model = e.model(&e.state.started.model_of(self.agent));
                model.and_then(|model| model.live).is_some_and(|live| live.sees_images)
            })
            .await
    }

    async fn fill_in(&self, template: &str, more: Value) -> Result<String, String> {
        let text = self.driver.template(template).await;
        let text = text.ok_or_else(|| format!("the workspace has no template `{template}`"))?;
        let mut values = self
            .driver
            .look(|e| e.definition.phase(self.phase).map(|p| variables(e, p)).unwrap_or_default())
            .await;
        for (name, value) in more.as_object().into_iter().flatten() {
            values[name] = value.clone();
        }
        render(&text, &values)
            .map_err(|e| format!("the template `{template}` cannot be filled: {e}"))
    }

    async fn has_remark(&self, id: &str) -> bool {
        let agent = &self.agent.name;
        self.driver.look(|e| e.state.remarks_for(agent).any(|remark| remark.record.id == id)).await
    }

    async fn is_owed(&self, path: &str) -> bool {
        let owed = |phase: &Phase| phase.deliverables.iter().any(|d| d.path == path);
        self.driver.look(|e| e.definition.phases.iter().any(owed)).await
    }

    async fn owes(&self, path: &str) -> bool {
        let owes = |e: &Engagement| {
            let phase = e.definition.phase(self.phase);
            phase.is_some_and(|phase| phase.deliverables.iter().any(|d| d.path == path))
        };
        self.driver.look(owes).await
    }

    async fn stays(&self, path: &str) -> Option<String> {
        let why = |e: &Engagement| {
            let owes = |phase: &&Phase| phase.deliverables.iter().any(|d| d.path == path);
            if let Some(phase) = e.definition.phases.iter().find(owes) {
                return Some(format!("{path} is a deliverable of {}", phase.name));
            }
            let open =
                |remark: &&super::Remark| remark.closed.is_none() && remark.record.path == path;
            let remark = e.state.remarks.iter().find(open)?;
            Some(format!("the customer's remark {} on {path} is not settled", remark.record.id))
        };
        self.driver.look(why).await
    }

    async fn may_judge(
        &self,
        path: Option<&str>,
    ) -> Result<Result<Option<String>, String>, Broken> {
        let found = match path {
            Some(path) => self.driver.found(path).await?,
            None => None,
        };
        Ok(self.driver.look(|e| self.judges(e, path, found)).await)
    }
}

/// Files for a program, and their object ids.
type Exported = (Vec<JobFile>, HashMap<String, String>);

impl CallWorkplace<'_> {
    /// The files of the branch, for a program. The inner error is a refusal.
    async fn exported(&self) -> Result<Result<Exported, String>, Broken> {
        let Some(head) = self.driver.look(|e| e.state.head.clone()).await else {
            return Ok(Ok(Exported::default()));
        };
        let repo = &self.driver.ports.repo;
        let listed = repo.list(&head, "").await?;
        let bytes = listed.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
        if listed.len() > MAX_FILES || bytes > MAX_BYTES as u64 {
            let most = MAX_BYTES >> 20;
            return Ok(Err(format!(
                "the repository is too large for programs: {} files with {} MiB, and at most \
                 {MAX_FILES} files and {most} MiB can be copied",
                listed.len(),
                bytes >> 20
            )));
        }
        let mut exported = Exported::default();
        for TreeFile { path, oid, .. } in listed {
            // A name that this engine would not write is the customer's, and left out.
            if RepoPath::parse(&path).is_ok() {
                let content = repo.blob(&oid).await?;
                exported.0.push(JobFile { path: path.clone(), content });
                exported.1.insert(path, oid);
            }
        }
        Ok(Ok(exported))
    }

    /// What a person has answered to questions of a call in this run of the phase, newest first.
    fn answers_for(&self, e: &Engagement, tool: &str, digest: &str) -> Vec<(String, String)> {
        let revision = e.state.revision(self.phase);
        let of = |request: &Request| {
            let RequestKind::Question { agent, question, form, .. } = &request.kind else {
                return None;
            };
            let asked = matches!(&form.call, Some(CallQuestion::Input { tool: by, input })
                if by == tool && input == digest);
            let here = request.phase == self.phase && request.revision == revision;
            let answer = request.answer.as_ref().map(|answered| &answered.decision)?;
            let Decision::Answer { value } = answer else { return None };
            let words = match value.as_str() {
                // The tool gets no value, rather than advice to an agent.
                Some(SKIPPED) => String::new(),
                Some(words) => words.to_owned(),
                None => value.to_string(),
            };
            (asked && here && *agent == self.agent.name).then(|| (question.clone(), words))
        };
        e.state.requests.iter().rev().filter_map(of).collect()
    }

    fn judges(
        &self,
        e: &Engagement,
        path: Option<&str>,
        found: Option<TreeFile>,
    ) -> Result<Option<String>, String> {
        let (phase, agent) = (self.phase, &self.agent.name);
        let purpose = e.state.swarm.as_ref().map(|s| s.purpose);
        let Some(definition) = e.definition.phase(phase) else {
            return Err(format!("no phase `{phase}`"));
        };
        let Some(path) = path else {
            return if purpose == Some(Purpose::Review) {
                Ok(None)
            } else {
                Err("name the deliverable's `path`: the phase as a whole is judged in its review"
                    .into())
            };
        };
        let Some(deliverable) = definition.deliverables.iter().find(|d| d.path == path) else {
            return Err(format!("`{path}` is no deliverable of {phase}"));
        };
        if purpose == Some(Purpose::Work) && !deliverable.reviewers.iter().any(|r| r == agent) {
            return Err(format!("`{agent}` is no reviewer of `{path}`"));
        }
        match found {
            Some(file) => Ok(Some(file.oid)),
            None => Err(format!("`{path}` is not written yet")),
        }
    }
}

/// The work items of a phase.
pub(super) fn items(e: &Engagement, phase: &str) -> Vec<WorkItem> {
    e.state.items.iter().filter(|item| item.phase == phase).cloned().collect()
}

/// Names of the agents who work in a phase.
pub(super) fn colleagues(e: &Engagement, phase: &str) -> Vec<String> {
    e.definition.phase(phase).map(|phase| phase.swarm.agents.clone()).unwrap_or_default()
}

/// A file with the agent that wrote it, unless someone changed it since.
pub(super) fn info(e: &Engagement, file: TreeFile) -> FileInfo {
    let artifact = e.state.artifacts.get(&file.path).filter(|a| a.oid == file.oid);
    let origin = artifact.map(|a| Origin {
        agent: a.owner.clone(),
        phase: a.phase.clone(),
        run: a.revision,
    });
    FileInfo { file, origin }
}

impl Driver {
    /// Records which notes of other engagements were shown here, so that this engagement is found
    /// when one is withdrawn.
    pub(super) async fn note_shown(&self, notes: &[Recalled]) -> Result<(), EngagementError> {
        let space = self.look(|e| space(&e.state.started)).await;
        Ok(mark_shown(&*self.ports.memory, &space, self.project(), notes).await?)
    }

    /// All rows of the ledger.
    pub(super) async fn ledger_rows(&self) -> Result<Vec<LedgerRow>, EngagementError> {
        let rows = self.ports.ledger.rows(self.project()).await?;
        self.look(|e| e.has_all(&rows)).await?;
        Ok(rows)
    }

    /// Reads a file of the branch.
    pub(super) async fn file(&self, path: &str) -> Result<Option<Vec<u8>>, EngagementError> {
        match self.look(|e| e.state.head.clone()).await {
            Some(head) => Ok(self.ports.repo.read(&head, path).await?),
            None => Ok(None),
        }
    }

    /// The text of a template.
    pub(super) async fn template(&self, name: &str) -> Option<String> {
        self.look(|e| e.definition.template(name).map(|t| t.text.clone())).await
    }

    /// Adds rows to the ledger.
    pub(super) async fn record_rows(&self, rows: &[LedgerRow]) -> Result<(), EngagementError> {
        Ok(self.ports.ledger.record(self.project(), rows).await?)
    }
}
