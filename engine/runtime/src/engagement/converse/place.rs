//! The workplace of an agent that answers the customer: it reads, and adds to the ledger.

use std::sync::Arc;

use async_trait::async_trait;
use cloudcrew_definition::crew::{Agent, Pattern, Server, ServerTool, Service};
use cloudcrew_ports::knowledge::Knowledge;
use cloudcrew_ports::ledger::{LedgerKind, LedgerRow};
use cloudcrew_ports::memory::{MemoryKind, MemoryRecord, MemorySource, Trust};
use cloudcrew_ports::program::{ProgramFault, Ran};
use cloudcrew_ports::server::{Served, ServerFault};
use cloudcrew_sow::Sow;
use cloudcrew_tools::{
    Broken, FileInfo, FileVersion, Kept, NewMemory, Offered, Recall, Revision, Task, WorkItem,
    Workplace, Writable,
};
use serde_json::Value;

use super::Talker;
use crate::engagement::library::{Shelf, offer};
use crate::engagement::memory::{Wanted, search, space};
use crate::engagement::past::Past;
use crate::engagement::workplace::{colleagues, info, items};

/// The workplace of one tool call.
pub(super) struct TalkPlace<'a> {
    pub talker: &'a Talker,
    pub agent: &'a Agent,
    pub phase: &'a str,
    /// See [`Workplace::step`].
    pub step: String,
}

#[async_trait]
impl Workplace for TalkPlace<'_> {
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
        self.talker.look(|e| e.sow.clone()).await
    }

    async fn files(&self, below: &str) -> Result<Vec<FileInfo>, Broken> {
        let Some(head) = self.talker.look(|e| e.state.head.clone()).await else {
            return Ok(Vec::new());
        };
        let files = self.talker.ports.repo.list(&head, below).await?;
        Ok(self.talker.look(|e| files.into_iter().map(|file| info(e, file)).collect()).await)
    }

    async fn file(&self, path: &str) -> Result<Option<Vec<u8>>, Broken> {
        match self.talker.look(|e| e.state.head.clone()).await {
            Some(head) => Ok(self.talker.ports.repo.read(&head, path).await?),
            None => Ok(None),
        }
    }

    async fn versions(&self, path: &str) -> Result<Vec<FileVersion>, Broken> {
        let past = self.talker.look(|e| Past::of(e, path)).await;
        Ok(past.versions(&*self.talker.ports.repo).await?)
    }

    async fn version(
        &self,
        path: &str,
        revision: &Revision,
    ) -> Result<Result<Option<Vec<u8>>, String>, Broken> {
        let past = self.talker.look(|e| Past::of(e, path)).await;
        Ok(past.read(&*self.talker.ports.repo, revision).await?)
    }

    async fn newest(&self, path: &str) -> Result<Option<Vec<u8>>, Broken> {
        self.file(path).await
    }

    async fn has_committed(&self) -> bool {
        false
    }

    async fn commit(
        &self,
        _: &Writable,
        _: Option<&[u8]>,
        _: Vec<u8>,
        _: &str,
    ) -> Result<Result<(), String>, Broken> {
        Ok(Err("no file is changed in a conversation".to_owned()))
    }

    async fn remove(
        &self,
        _: &Writable,
        _: Option<&Writable>,
        _: &[u8],
        _: &str,
    ) -> Result<Result<(), String>, Broken> {
        Ok(Err("no file is changed in a conversation".to_owned()))
    }

    fn knowledge(&self) -> &dyn Knowledge {
        &*self.talker.ports.knowledge
    }

    async fn run(&self, _: Task) -> Result<Result<Ran, ProgramFault>, Broken> {
        Ok(Err(ProgramFault::Refused("no program runs in a conversation".to_owned())))
    }

    async fn keep(&self, _: Vec<Kept>, _: &str) -> Result<Result<(), String>, Broken> {
        Ok(Err("no file is changed in a conversation".to_owned()))
    }

    async fn serve(
        &self,
        _: &Server,
        _: &ServerTool,
        _: Value,
        _: &str,
    ) -> Result<Result<Served, ServerFault>, Broken> {
        let why = "no server is asked in a conversation".to_owned();
        Ok(Err(ServerFault::Unreachable(why)))
    }

    async fn items(&self) -> Vec<WorkItem> {
        self.talker.look(|e| items(e, self.phase)).await
    }

    async fn colleagues(&self) -> Vec<String> {
        self.talker.look(|e| colleagues(e, self.phase)).await
    }

    async fn services(&self) -> Vec<Service> {
        self.talker.look(|e| e.definition.knowledge.clone()).await
    }

    async fn put(
        &self,
        _: Vec<(Writable, Vec<u8>)>,
        _: &str,
    ) -> Result<Result<(), String>, Broken> {
        Ok(Err("no file is changed in a conversation".to_owned()))
    }

    async fn source(&self, _: &str) -> Result<Option<MemorySource>, Broken> {
        Ok(None)
    }

    async fn remember(
        &self,
        _: NewMemory,
    ) -> Result<Result<(MemoryRecord, Trust), String>, Broken> {
        Ok(Err("notes cannot be saved in a conversation".to_owned()))
    }

    async fn recall(
        &self,
        question: &str,
        kind: Option<MemoryKind>,
        most: usize,
    ) -> Result<Recall, Broken> {
        let now = self.talker.ports.clock.now();
        let (wanted, space) =
            self.talker.look(|e| (Wanted::of(e, self.phase, now), space(&e.state.started))).await;
        let memory = &*self.talker.ports.memory;
        Ok(search(memory, &space, wanted, (question, kind, most)).await?)
    }

    async fn patterns(&self, query: &str) -> Result<Vec<Offered>, Broken> {
        let shelf = self.talker.look(|e| Shelf::of(e, self.phase)).await;
        let found = shelf.offered(&*self.talker.ports.patterns, query).await?;
        Ok(found.into_iter().map(offer).collect())
    }

    async fn offer(&self, _: Pattern) -> Result<Result<(), String>, Broken> {
        Ok(Err("patterns cannot be contributed in a conversation".to_owned()))
    }

    async fn promotes(&self, _: &str) -> Result<Result<String, String>, Broken> {
        Ok(Err("patterns cannot be promoted in a conversation".to_owned()))
    }

    async fn ledger(&self) -> Result<Vec<LedgerRow>, Broken> {
        Ok(self.talker.ports.ledger.rows(&self.talker.project).await?)
    }

    async fn record(&self, rows: &[LedgerRow]) -> Result<(), Broken> {
        Ok(self.talker.ports.ledger.record(&self.talker.project, rows).await?)
    }

    async fn sees_images(&self) -> bool {
        false
    }

    async fn fill_in(&self, _: &str, _: Value) -> Result<String, String> {
        Err("no template is filled in a conversation".to_owned())
    }

    fn may_note(&self, kind: LedgerKind) -> bool {
        matches!(kind, LedgerKind::Fact | LedgerKind::Assumption)
    }

    fn may_settle(&self) -> bool {
        false
    }

    async fn has_remark(&self, _: &str) -> bool {
        false
    }

    async fn is_owed(&self, _: &str) -> bool {
        false
    }

    async fn owes(&self, _: &str) -> bool {
        false
    }

    async fn stays(&self, _: &str) -> Option<String> {
        None
    }

    async fn may_judge(&self, _: Option<&str>) -> Result<Result<Option<String>, String>, Broken> {
        Ok(Err("no verdict is given in a conversation".to_owned()))
    }
}
