//! What the router needs of the world.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use axum::http::HeaderMap;
use cloudcrew_definition::crew::{Definition, Pattern};
use cloudcrew_plan::Plan;
use cloudcrew_ports::StoreError;
use cloudcrew_ports::blob::Blobs;
use cloudcrew_ports::clock::Clock;
use cloudcrew_ports::index::Index;
use cloudcrew_ports::journal::Journal;
use cloudcrew_ports::ledger::Ledger;
use cloudcrew_ports::memory::Memory;
use cloudcrew_ports::metrics::Metrics;
use cloudcrew_ports::pass::Passes;
use cloudcrew_ports::pattern::Patterns;
use cloudcrew_ports::receipt::{Receipt, Receipts};
use cloudcrew_ports::repo::Repo;
use cloudcrew_runtime::engagement::{Engagement, Record, Started as Pinned};
use cloudcrew_sow::Sow;
use cloudcrew_views::api::Expected;
use serde::Deserialize;
use tokio::sync::watch;
use url::Url;
use utoipa::ToSchema;

use crate::changes::Changes;
use crate::oidc::Oidc;
use crate::once::InProgress;
use crate::pages::Pages;
use crate::people::{People, Person};
use crate::problem::{Kind, Problem};
use crate::roll::Roll;
use crate::shield::is_local;
use crate::store::Kept;

/// The ports of the service.
pub struct AppPorts {
    /// Journals.
    pub journal: Arc<dyn Journal>,
    /// What is too large for a journal.
    pub blobs: Arc<dyn Blobs>,
    /// The index of engagements.
    pub index: Arc<dyn Index>,
    /// What the crew shares.
    pub ledger: Arc<dyn Ledger>,
    /// What crews remember.
    pub memory: Arc<dyn Memory>,
    /// Figures of engagements.
    pub metrics: Arc<dyn Metrics>,
    /// The library of patterns.
    pub patterns: Arc<dyn Patterns>,
    /// Replies to keyed requests.
    pub receipts: Arc<dyn Receipts>,
    /// Sessions, tickets, and logins under way.
    pub passes: Arc<dyn Passes>,
    /// Where large files go; `None` when they come here.
    pub files: Option<Arc<dyn LargeFiles>>,
    /// The repositories of engagements.
    pub repos: Arc<dyn Repos>,
    /// Starts engagements.
    pub starts: Arc<dyn Starts>,
    /// Continues engagements.
    pub wakes: Arc<dyn Wakes>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The people with tokens of this service.
    pub people: People,
    /// Vouches for other people.
    pub oidc: Option<Arc<Oidc>>,
    /// Where browsers reach the service, if that is not this machine.
    pub public: Option<PublicUrl>,
    /// Tells readers of new entries.
    pub changes: Changes,
    /// Where readers follow engagements live.
    pub live: Live,
    /// The dashboard.
    pub pages: Pages,
    /// Makes secrets that cannot be guessed.
    pub secret: fn() -> String,
}

/// The service.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    ports: AppPorts,
    kept: Kept,
    in_progress: InProgress,
    roll: Roll,
    /// Number of open WebSockets.
    sockets: watch::Sender<usize>,
    /// Replies by status.
    replies: Mutex<BTreeMap<u16, u64>>,
}

impl App {
    /// A service on these ports.
    pub fn new(ports: AppPorts) -> App {
        App(Arc::new(Inner {
            ports,
            kept: Kept::default(),
            in_progress: InProgress::default(),
            roll: Roll::default(),
            sockets: watch::Sender::new(0),
            replies: Mutex::default(),
        }))
    }

    pub(crate) fn ports(&self) -> &AppPorts {
        &self.0.ports
    }

    pub(crate) fn kept(&self) -> &Kept {
        &self.0.kept
    }

    pub(crate) fn in_progress(&self) -> &InProgress {
        &self.0.in_progress
    }

    pub(crate) fn roll(&self) -> &Roll {
        &self.0.roll
    }

    pub(crate) fn passes(&self) -> &dyn Passes {
        &*self.0.ports.passes
    }

    /// What the cookies of this service end with.
    pub(crate) fn secure(&self) -> &'static str {
        let is_https = self.ports().public.as_ref().is_some_and(PublicUrl::is_https);
        if is_https { "; Secure" } else { "" }
    }

    /// Whether a request with the token of this person may come from there. The operator's token is
    /// for this machine alone; other people are known wherever they are.
    pub(crate) fn may_use(
        &self,
        person: &Person,
        from: Option<&Peer>,
        headers: &HeaderMap,
    ) -> bool {
        let is_here = || from.is_some_and(|Peer(ip)| ip.is_loopback()) && is_local(headers);
        person.vouched || !person.operates || is_here()
    }

    /// Counts a WebSocket, unless too many are open, until the value is dropped.
    pub(crate) fn socket(&self) -> Option<OpenSocket> {
        let mut is_free = false;
        self.0.sockets.send_modify(|open| {
            is_free = *open < MOST_SOCKETS;
            *open += usize::from(is_free);
        });
        is_free.then(|| OpenSocket(self.clone()))
    }

    /// Waits until no WebSocket is open. They close by themselves when the service stops.
    pub async fn sockets_closed(&self) {
        // The sender lives as long as this value.
        let _ = self.0.sockets.subscribe().wait_for(|open| *open == 0).await;
    }

    /// Counts a reply.
    pub(crate) fn replied(&self, status: u16) {
        let mut replies = self.0.replies.lock().unwrap_or_else(PoisonError::into_inner);
        *replies.entry(status).or_default() += 1;
    }

    /// Replies by status.
    pub(crate) fn replies(&self) -> BTreeMap<u16, u64> {
        self.0.replies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether this service logs browsers in.
    pub(crate) fn logs_in(&self) -> bool {
        self.ports().oidc.is_some()
    }

    /// Rejects a request that needs a connection which stays open, where a gateway keeps those.
    pub(crate) fn stays_open(&self) -> Result<(), Problem> {
        match &self.ports().live {
            Live::Here => Ok(()),
            Live::Nowhere => Err(no_live_events()),
            Live::Elsewhere(url) => Err(Problem::new(
                Kind::Elsewhere,
                format!(
                    "live events come over the WebSocket at {url}: get a ticket from `/tickets`, \
                     and connect with `?ticket=TICKET`"
                ),
            )),
        }
    }

    /// Rejects a request for live events where there are none.
    pub(crate) fn is_live(&self) -> Result<(), Problem> {
        match &self.ports().live {
            Live::Here | Live::Elsewhere(_) => Ok(()),
            Live::Nowhere => Err(no_live_events()),
        }
    }

    pub(crate) fn record(&self) -> Record<'_> {
        Record::new(&*self.0.ports.journal, &*self.0.ports.blobs)
    }
}

fn no_live_events() -> Problem {
    Problem::new(
        Kind::Elsewhere,
        "this deployment has no live events; poll `/projects/{id}/events?after=N` with the number \
         of the last entry instead",
    )
}

/// Where readers follow engagements live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// In this service, by stream or WebSocket.
    Here,
    /// By the WebSocket at this URL, which a gateway keeps open.
    Elsewhere(String),
    /// Nowhere: readers poll.
    Nowhere,
}

/// The address that a request came from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Where browsers reach the service.
#[derive(Debug, Clone)]
pub struct PublicUrl(Url);

impl PublicUrl {
    /// Reads an address without a path.
    ///
    /// # Errors
    /// When it is not an HTTP address, or has a path, a query or a user.
    pub fn parse(text: &str) -> Result<PublicUrl, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let is_plain = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.host().is_some();
        if !is_plain || !matches!(url.scheme(), "http" | "https") {
            return Err("must be an HTTP URL without a path, query or user".to_owned());
        }
        Ok(PublicUrl(url))
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Host and port, as browsers send them.
    pub fn host(&self) -> String {
        let origin = self.origin();
        origin.split_once("://").map_or_else(String::new, |(_, host)| host.to_owned())
    }

    fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

/// Maximum number of open WebSockets.
const MOST_SOCKETS: usize = 1_000;

/// An open WebSocket.
pub(crate) struct OpenSocket(App);

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.0.sockets.send_modify(|open| *open -= 1);
    }
}

/// Opens the repositories of engagements.
#[async_trait]
pub trait Repos: Send + Sync {
    /// The repository of an engagement.
    ///
    /// # Errors
    /// When it cannot be opened.
    async fn open(&self, engagement: &Engagement) -> Result<Arc<dyn Repo>, StoreError>;
}

/// Files that are too large for a request or a reply of this service: they go past it.
#[async_trait]
pub trait LargeFiles: Send + Sync {
    /// Where to send a file of at most `most` bytes, which gets this id.
    ///
    /// # Errors
    /// When the form cannot be made.
    async fn place(&self, id: &str, most: usize) -> Result<UploadForm, StoreError>;

    /// A file that was sent, of at most `most` bytes; `None` when there is none of this id.
    ///
    /// # Errors
    /// When it cannot be read, or is larger.
    async fn read(&self, id: &str, most: usize) -> Result<Option<Vec<u8>>, StoreError>;

    /// A URL at which whoever has it can read this file as an attachment, for a few minutes.
    ///
    /// # Errors
    /// When the file cannot be stored.
    async fn hand_out(&self, bytes: Vec<u8>) -> Result<String, StoreError>;
}

/// A form to send a file with, as `multipart/form-data`: the fields, then the file as `file`.
#[derive(Debug, Clone, serde::Serialize, ToSchema)]
pub struct UploadForm {
    /// Where to POST it.
    pub url: String,
    /// Fields, in this order.
    pub fields: Vec<(String, String)>,
    /// Until when it is accepted, in milliseconds since 1970 UTC.
    #[serde(skip)]
    pub until: i64,
}

/// Continues engagements after something was recorded.
pub trait Wakes: Send + Sync {
    /// Drives an engagement to its next wait, unless another process does. Returns at once.
    fn wake(&self, project: &str);

    /// Answers the messages of an engagement that no running swarm will answer, unless another
    /// process does. Returns at once.
    fn talk(&self, project: &str);

    /// Whether the service is stopping: streams end.
    fn stops(&self) -> bool;
}

/// A new engagement.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// Its id: lowercase letters, digits and `-`. Defaults to one made of the name of the statement
    /// of work.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    pub id: Option<String>,
    /// Its workflow. Defaults to `delivery`, or the only one.
    #[serde(default)]
    pub workflow: Option<String>,
    /// The statement of work.
    pub sow: NewSow,
    /// The completed engagement that it continues, on its branch and with its ledger. Needed when
    /// the workflow has `after`, and only then; `repo` must then be absent.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    pub after: Option<String>,
    /// Values of the workflow's inputs, as text: numbers in digits, and `true` or `false`. Inputs
    /// with a default may be left out.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// A model for all agents instead of their own; `rehearsal` calls no live model.
    #[serde(default)]
    pub model: Option<String>,
    /// Name of a scenario in `rehearsals/` to rehearse.
    #[serde(default)]
    pub rehearsal: Option<String>,
    /// The customer's repository. Defaults to that of the service, or to a new one.
    #[serde(default)]
    pub repo: Option<NewRepo>,
    /// Name of the customer, where it selects the repository of the service.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    pub customer: Option<String>,
}

/// A statement of work: its text, or the id of an upload.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSow {
    /// File name, without folders.
    #[serde(default = "unnamed")]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Its text, in Markdown or plain.
    #[serde(default)]
    #[schema(min_length = 1)]
    pub text: Option<String>,
    /// Id of an upload, instead of the text.
    #[serde(default)]
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub upload: Option<String>,
}

fn unnamed() -> String {
    "statement-of-work.md".to_owned()
}

/// A repository: its path on the machine of the service, or its URL on a server.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRepo {
    /// Its path, below a root that the operator allows.
    #[serde(default)]
    pub path: Option<String>,
    /// Its URL, on a host that the operator allows. It must not contain a password.
    #[serde(default)]
    pub url: Option<String>,
    /// Branch, tag or commit to start from. Defaults to the branch of HEAD.
    #[serde(default)]
    pub base: Option<String>,
}

/// An engagement that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its id.
    pub id: String,
}

/// Something that the person who starts an engagement chooses.
#[derive(Debug, Clone, serde::Serialize, ToSchema)]
pub struct InputRow {
    /// Its name.
    pub name: String,
    /// One line about it, or empty.
    pub description: String,
    /// `text`, `integer` or `boolean`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value if none is given. Without one, a value must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The values that may be given; empty for any of the type.
    pub choices: Vec<String>,
}

/// A workflow that can be started.
#[derive(Debug, Clone, serde::Serialize, ToSchema)]
pub struct WorkflowRow {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its phases, in order.
    pub phases: Vec<String>,
    /// Number of decisions that a person makes at least.
    pub gates: u32,
    /// Workflows, one of which the engagement that it continues must have completed. Empty if it
    /// starts on its own.
    pub after: Vec<String>,
    /// What the person who starts it chooses.
    pub inputs: Vec<InputRow>,
    /// What an engagement is expected to take, with the models of the definitions.
    pub forecast: Expected,
}

/// Starts engagements from the definitions of the service.
#[async_trait]
pub trait Starts: Send + Sync {
    /// Starts an engagement; `receipt` makes the receipt to write with its first entries. The
    /// definitions are read again.
    ///
    /// # Errors
    /// When the definitions have errors, the request does not fit them, or the id is taken.
    async fn start(
        &self,
        new: New,
        actor: &str,
        receipt: Receipted<'_>,
    ) -> Result<Started, Problem>;

    /// Reads a statement of work as an engagement of this workflow would.
    ///
    /// # Errors
    /// When the definitions have errors, the document cannot be read, or there is no such workflow.
    async fn read(&self, sow: NewSow, workflow: Option<&str>) -> Result<Sow, Problem>;

    /// The workflows.
    ///
    /// # Errors
    /// When the definitions have errors.
    async fn workflows(&self) -> Result<Vec<WorkflowRow>, Problem>;

    /// The patterns of the workspace, and the lower bound that a promotion needs, if it needs one.
    ///
    /// # Errors
    /// When the definitions have errors.
    async fn patterns(&self) -> Result<(Vec<Pattern>, Option<f64>), Problem>;

    /// The definitions as they are now, and the plan of a workflow.
    ///
    /// # Errors
    /// When the definitions have errors, or no such workflow.
    async fn definitions(&self, started: &Pinned) -> Result<(Definition, Plan), Problem>;

    /// The graph of a workflow as Mermaid; `None` when there is no such workflow.
    ///
    /// # Errors
    /// When the definitions have errors.
    async fn graph(&self, workflow: &str) -> Result<Option<String>, Problem>;
}

/// Makes the receipt of a start from the id of the engagement, if its caller sent a key.
pub type Receipted<'a> = &'a (dyn Fn(&str) -> Option<Receipt> + Sync);
