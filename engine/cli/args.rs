//! The command line: subcommands, flags, and their help.

mod memory;
mod metrics;
mod patterns;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::commands::{New, Renamed};

pub use memory::Memory;
pub use metrics::{Export, Metrics};
pub use patterns::Patterns;

/// Run a software delivery engagement with a crew of AI agents, defined in YAML.
#[derive(Debug, Parser)]
#[command(name = "cloudcrew", version, propagate_version = true)]
pub struct Args {
    /// Workspace directory. Defaults to the nearest parent directory with an `agents.yaml`.
    #[arg(short = 'C', value_name = "WORKSPACE", env = "CLOUDCREW_WORKSPACE", global = true)]
    pub workspace: Option<PathBuf>,
    /// Overlay to lay over the workspace: a folder in `overlays/`.
    #[arg(long, value_name = "NAME", env = "CLOUDCREW_OVERLAY", global = true)]
    pub overlay: Option<String>,
    /// Directory that stores the engagements. Defaults to `.cloudcrew` in the workspace.
    #[arg(long, value_name = "DIR", env = "CLOUDCREW_HOME", global = true)]
    pub home: Option<PathBuf>,
    /// Address of a service to use instead of a home on this machine. Its token is read from
    /// `CLOUDCREW_TOKEN`.
    #[arg(long, value_name = "URL", env = "CLOUDCREW_SERVER", global = true)]
    pub server: Option<String>,
    /// Name of the person who acts. Defaults to the name of the user.
    #[arg(long = "as", value_name = "NAME", env = "CLOUDCREW_ACTOR", global = true)]
    pub acting_as: Option<String>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a workspace with a crew of seven agents, six phases, and tests.
    Init {
        /// Directory to write to. Defaults to the one given with `-C`, or the current directory.
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Create a crew of one agent and one phase.
        #[arg(long)]
        minimal: bool,
    },
    /// Create an agent, a phase, a workflow or a template to start from.
    New {
        /// What to create.
        #[arg(value_enum)]
        what: New,
        /// Its name.
        name: String,
    },
    /// Rename something in every definition, with its file. Prose that mentions it is listed.
    Rename {
        /// What to rename.
        #[arg(value_enum)]
        what: Renamed,
        /// Its name now.
        from: String,
        /// Its new name.
        to: String,
    },
    /// Check the definitions and report every mistake.
    Check {
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_CHECK_FORMAT")]
        format: CheckFormat,
        /// Fix unambiguous mistakes first, keeping comments and layout.
        #[arg(long)]
        fix: bool,
        /// Look for the programs that agents need on this machine.
        #[arg(long)]
        env: bool,
    },
    /// Explain a rule of `check`, what an agent can do (`explain agent NAME`), or where the values
    /// of a file come from (`explain FILE [KEY]`); or list all rules.
    Explain {
        /// Code of the rule, as `check` prints it, or of a recommendation by `metrics advise`; a
        /// file of the workspace, such as `phases/poc.yaml`; or `agent`.
        #[arg(value_name = "RULE|FILE")]
        code: Option<String>,
        /// Name of the agent, after `agent`; or a key in the file, such as `gate`.
        #[arg(value_name = "KEY")]
        name: Option<String>,
    },
    /// Print the JSON Schema of a file kind, or of a command's JSON output, or the OpenAPI document
    /// of the service.
    Schema {
        /// File kind (agents, phase, workflow, rehearsal), command (check, list, show, diff, inbox,
        /// ledger, artifacts, cost, run, graph, plan, sow), or `openapi`.
        kind: Option<String>,
        /// Write the schemas of all file kinds to `engine/definition/schemas` in the workspace, and
        /// the reference pages to `docs/reference`.
        #[arg(long)]
        write: bool,
        /// Write schemas with the names of this workspace to `.cloudcrew/schemas`, for editors.
        #[arg(long = "workspace", conflicts_with_all = ["kind", "write"])]
        named: bool,
    },
    /// Draw the phases of a workflow, or every state of its plan, as a graph.
    Graph {
        /// Workflow to draw. Defaults to `delivery`, or the only workflow.
        workflow: Option<String>,
        /// Output format.
        #[arg(long, value_enum, default_value = "mermaid", env = "CLOUDCREW_GRAPH_FORMAT")]
        format: GraphFormat,
        /// Draw every state and every way between them, instead of a box for each phase. JSON
        /// always has them all.
        #[arg(long)]
        full: bool,
    },
    /// Show what a run would do and cost, and what has changed.
    Plan(Planned),
    /// Generate the state machines and Terraform variables in `infra/terraform`.
    Generate {
        /// Write nothing; show the differences, and exit with 1 if there are any.
        #[arg(long, env = "CLOUDCREW_GENERATE_CHECK")]
        check: bool,
    },
    /// Start an engagement.
    Run(Run),
    /// List all engagements.
    List {
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Show an engagement: its progress, what to review, and what changed.
    Show {
        /// Id of the engagement.
        project: String,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Run two versions of the definitions several times each, and compare what they did.
    Compare(Compared),
    /// Show what changed since a person last looked at a phase, with the words that asked for it.
    Diff {
        /// Id of the engagement.
        project: String,
        /// A file, to show its changed lines and words.
        path: Option<String>,
        /// What to compare with: `last`, the run before; `approved`, the last approval; `start`,
        /// the customer's code; or the id of an earlier run, such as `discovery-1`. Defaults to
        /// `last`, or `start` in the first run.
        #[arg(long, value_name = "VERSION")]
        since: Option<String>,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Follow an engagement that another process is running.
    Watch {
        /// Id of the engagement.
        project: String,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// List everything that is waiting for a person.
    Inbox {
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Approve the current gate, and continue.
    Approve {
        /// Id of the engagement.
        project: String,
        /// Rating from 1 to 5, such as `quality=5`. Can be repeated.
        #[arg(long = "rating", value_name = "NAME=1..5")]
        ratings: Vec<String>,
        /// Refuse if the files no longer match this digest, as `show` printed it.
        #[arg(long)]
        digest: Option<String>,
    },
    /// Request changes at the current gate, and run the phase again.
    Revise {
        /// Id of the engagement.
        project: String,
        #[command(flatten)]
        words: Words,
        /// Return the work to this earlier phase, if the gate allows it. All phases from there on
        /// run again.
        #[arg(long, value_name = "PHASE")]
        to: Option<String>,
        /// Rating from 1 to 5, such as `quality=2`. Can be repeated.
        #[arg(long = "rating", value_name = "NAME=1..5")]
        ratings: Vec<String>,
        /// Refuse if the files no longer match this digest, as `show` printed it.
        #[arg(long)]
        digest: Option<String>,
    },
    /// Answer a question or raise a budget, and continue.
    Answer {
        /// Id of the engagement.
        project: String,
        /// Id of the request, and the answer. The end of the id is enough; omit it if only one
        /// request is open.
        #[arg(
            value_name = "REQUEST",
            allow_hyphen_values = true,
            required_unless_present = "words_from"
        )]
        first: Option<String>,
        /// The answer, when the id comes first.
        #[arg(value_name = "WORDS", allow_hyphen_values = true)]
        second: Option<String>,
        /// Read the answer from a file, or from stdin with `-`.
        #[arg(long, value_name = "FILE")]
        words_from: Option<PathBuf>,
    },
    /// Send a message to the crew, and print the answer.
    Message {
        /// Id of the engagement.
        project: String,
        #[command(flatten)]
        words: MessageText,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Talk with the crew: each line of stdin is a message.
    Chat {
        /// Id of the engagement.
        project: String,
    },
    /// Continue an engagement.
    Resume {
        /// Id of the engagement.
        project: String,
        /// Let the engagement end even if its last commits cannot be pushed to the Git server. They
        /// stay in the home. The journal records who allowed it.
        #[arg(long)]
        unpushed: bool,
        /// Approve every gate whose review has no findings. The journal records it.
        #[arg(long, value_enum)]
        approve: Option<Approve>,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Retry an engagement that failed or expired, keeping its branch and approvals.
    Retry {
        /// Id of the engagement.
        project: String,
        /// Phase to restart from, discarding its approval and all later ones. Defaults to the phase
        /// that failed, or the gate that expired.
        #[arg(long, value_name = "PHASE")]
        from: Option<String>,
        /// Definitions to use. Defaults to `current` if the failure names a YAML key, and to
        /// `pinned` otherwise.
        #[arg(long, value_enum)]
        definitions: Option<Definitions>,
        /// Approve every gate whose review has no findings. The journal records it.
        #[arg(long, value_enum)]
        approve: Option<Approve>,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// List the people with a role in an engagement, and give or take roles.
    Members {
        /// Id of the engagement.
        project: String,
        #[command(subcommand)]
        change: Option<MemberChange>,
    },
    /// Cancel an engagement after the current step.
    Cancel {
        /// Id of the engagement.
        project: String,
    },
    /// Print the ledger that the crew shares.
    Ledger {
        /// Id of the engagement.
        project: String,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// List the files that the crew wrote, print one, or export all.
    Artifacts {
        /// Id of the engagement.
        project: String,
        /// Print this file.
        path: Option<String>,
        /// Write all files to this directory, which must be new or empty.
        #[arg(long, value_name = "DIR", conflicts_with = "path", env = "CLOUDCREW_EXPORT")]
        export: Option<PathBuf>,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Print token usage and cost.
    Cost {
        /// Id of the engagement.
        #[arg(required_unless_present = "export")]
        project: Option<String>,
        /// Export the costs of this engagement, or of all that have ended, in this format.
        #[arg(long, value_enum)]
        export: Option<Export>,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Show metrics across engagements, and recommend changes.
    #[command(subcommand)]
    Metrics(Metrics),
    /// Answer the survey of an engagement that has ended, or show the answers. The survey is
    /// optional.
    Survey {
        /// Id of the engagement.
        project: String,
        /// Rating from 1 to 5, such as `overall=4`. Can be repeated. Without ratings
        /// or words, asks the questions at the terminal.
        #[arg(long = "rating", value_name = "NAME=1..5")]
        ratings: Vec<String>,
        /// What should be done differently next time.
        #[arg(long, value_name = "WORDS", default_value = "")]
        words: String,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// List and search patterns, with the evidence for each; use, contribute, promote or withdraw
    /// one.
    #[command(subcommand)]
    Patterns(Patterns),
    /// Show what crews remember, and where it was shown; withdraw or publish it.
    #[command(subcommand)]
    Memory(Memory),
    /// Run the rehearsals that state an expected outcome.
    Test {
        /// Files or names. Defaults to every file in `rehearsals/` that has `expect`.
        files: Vec<PathBuf>,
        /// Also write the results as JUnit XML.
        #[arg(long, value_name = "FILE", env = "CLOUDCREW_JUNIT")]
        junit: Option<PathBuf>,
        /// Write what happened into the tests that expect another outcome, other phases, or another
        /// number of reminders or questions, and print the difference.
        #[arg(long)]
        accept: bool,
    },
    /// Run a service for many engagements, with an HTTP interface.
    Serve(Serve),
    /// Start the language server on stdin and stdout.
    Lsp,
    /// Show how a statement of work is read: its items, what is left open, and what belongs to no
    /// section.
    Sow {
        /// The statement of work: text, Markdown, Word, PDF, HTML or mail.
        file: PathBuf,
        /// Workflow whose `sow_headings` apply. Defaults to `delivery`, or the only workflow.
        workflow: Option<String>,
        /// Output format.
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Read a document on stdin in this process alone, for a parent that limits it.
    #[command(hide = true)]
    ReadDocument {
        /// The document, and the file to write the reply to, instead of stdin and stdout.
        #[arg(long, num_args = 2)]
        files: Option<Vec<PathBuf>>,
        /// Name of the document.
        name: String,
    },
    /// Run a phase as a task of the state machine on AWS.
    #[cfg(feature = "aws")]
    Phase {
        /// Id of the engagement.
        #[arg(long, env = "PROJECT_ID")]
        project: String,
        /// Name of the phase.
        #[arg(long, env = "PHASE")]
        phase: String,
        /// When the state machine entered the state of the phase.
        #[arg(long, env = "STATE_ENTERED")]
        entered: String,
        /// Callback id of the state machine. It is only read from the environment, because others
        /// can read arguments.
        #[arg(skip = std::env::var("TASK_TOKEN").unwrap_or_default())]
        callback: String,
    },
    /// Serve a function of a deployment on AWS.
    #[cfg(feature = "aws")]
    Lambda {
        /// Name of the function.
        #[arg(value_enum)]
        function: crate::cloud::functions::Function,
    },
    /// Run a program in the sandbox that this process is in, for the engine outside of it.
    #[command(hide = true)]
    RunInside {
        /// Limits, a program and its arguments; nothing for the job on stdin.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Check that a run has everything it needs, and show the model of each agent.
    Doctor {
        /// Make one small call to each live model, and report latency, access and price. This costs
        /// a few tokens.
        #[arg(long)]
        live: bool,
        /// Override models, as `run --model` does.
        #[arg(long, value_name = "[AGENT=]NAME", env = "CLOUDCREW_MODEL", value_delimiter = ',')]
        model: Vec<String>,
        /// Check that the AWS account of the environment can take a deployment of this name:
        /// credentials, region, access to models, quotas, names. Only reads.
        #[cfg(feature = "aws")]
        #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "cloudcrew")]
        aws: Option<String>,
        /// Rebuild the data derived from the journals: notes and metrics.
        #[arg(long)]
        rebuild: bool,
    },
    /// Print shell completions or the manual page.
    Completions {
        /// Shell, or `man` for the manual page.
        #[arg(value_enum)]
        what: Completions,
    },
}

#[derive(Debug, Subcommand)]
pub enum MemberChange {
    /// Give a person a role, or another one.
    Add {
        /// Name of the person.
        person: String,
        /// The role.
        #[arg(long, value_enum, default_value = "approver")]
        role: RoleName,
        /// Group of approvers that the person belongs to. Can be repeated.
        #[arg(long = "group", value_name = "GROUP")]
        groups: Vec<String>,
    },
    /// Take the role of a person away.
    Remove {
        /// Name of the person.
        person: String,
    },
    /// List the people.
    List,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// May do everything, and give roles to others.
    Owner,
    /// May see it, cancel it, resume it and retry it.
    Operator,
    /// May see it and answer its requests.
    Approver,
    /// May see it.
    Viewer,
}

impl RoleName {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            RoleName::Owner => "owner",
            RoleName::Operator => "operator",
            RoleName::Approver => "approver",
            RoleName::Viewer => "viewer",
        }
    }
}

/// The text of a message.
#[derive(Debug, ClapArgs)]
pub struct MessageText {
    /// The message.
    #[arg(allow_hyphen_values = true, required_unless_present = "words_from")]
    pub words: Option<String>,
    /// Read the message from a file, or from stdin with `-`.
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    pub words_from: Option<PathBuf>,
}

/// Feedback at a gate.
#[derive(Debug, ClapArgs)]
pub struct Words {
    /// What should change.
    #[arg(allow_hyphen_values = true, required_unless_present = "words_from")]
    pub words: Option<String>,
    /// Read the feedback from a file, or from stdin with `-`.
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    pub words_from: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct Planned {
    /// Workflow to plan. Defaults to `delivery`, or the only workflow.
    pub workflow: Option<String>,
    /// Compare with an engagement, a plan saved with `--format json`, or a Git revision.
    #[arg(long, value_name = "PROJECT|FILE|REV", env = "CLOUDCREW_AGAINST")]
    pub against: Option<String>,
    /// Exit with 1 if anything changed.
    #[arg(long, requires = "against")]
    pub exit_code: bool,
    /// Override the model of all agents (`opus`) or of one (`qa=opus`). `rehearsal` calls no live
    /// model.
    #[arg(long, value_name = "[AGENT=]NAME", env = "CLOUDCREW_MODEL", value_delimiter = ',')]
    pub model: Vec<String>,
    /// Output format.
    #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
    pub format: Format,
}

#[derive(Debug, ClapArgs)]
pub struct Run {
    /// Workflow to run. Defaults to `delivery`, or the only workflow.
    pub workflow: Option<String>,
    /// Statement of work: text, Markdown, Word, PDF, HTML or mail. Defaults to that of the
    /// rehearsal.
    #[arg(long, value_name = "FILE", env = "CLOUDCREW_SOW")]
    pub sow: Option<PathBuf>,
    /// Id of the engagement. Defaults to the file name of the statement of work.
    #[arg(long, value_name = "ID", env = "CLOUDCREW_PROJECT")]
    pub project: Option<String>,
    /// Git repository of the customer: a path, or a URL to clone from and push to
    /// (`https://...`, `ssh://...` or `git@HOST:...`). Defaults to a new one in the home.
    #[arg(long, value_name = "PATH|URL", env = "CLOUDCREW_REPO")]
    pub repo: Option<PathBuf>,
    /// Branch, tag or commit to start from. Defaults to the branch of HEAD.
    #[arg(long, value_name = "REV", env = "CLOUDCREW_BASE", requires = "repo")]
    pub base: Option<String>,
    /// Continue this completed engagement: on its branch, with its ledger and, unless `--sow` is
    /// given, its statement of work. The workflow names in `after` which ones it continues.
    #[arg(long, value_name = "PROJECT", conflicts_with = "repo")]
    pub after: Option<String>,
    /// Override the model of all agents (`opus`) or of one (`qa=opus`). `rehearsal` calls no live
    /// model.
    #[arg(long, value_name = "[AGENT=]NAME", env = "CLOUDCREW_MODEL", value_delimiter = ',')]
    pub model: Vec<String>,
    /// Value of an input of the workflow. Repeat it for each input. In a terminal, missing ones are
    /// asked for, except with `--server`.
    #[arg(long, value_name = "NAME=VALUE")]
    pub input: Vec<String>,
    /// Rehearse the scenario of this name in `rehearsals/`.
    #[arg(long, value_name = "NAME", env = "CLOUDCREW_REHEARSAL")]
    pub rehearsal: Option<String>,
    /// Record all replies of live models in a new file, without secrets.
    #[arg(long, value_name = "FILE", env = "CLOUDCREW_RECORD", conflicts_with_all = ["replay",
        "rehearsal"])]
    pub record: Option<PathBuf>,
    /// Replay the replies of a recorded run. A request that was not recorded is an error.
    #[arg(long, value_name = "FILE", env = "CLOUDCREW_REPLAY", conflicts_with = "rehearsal")]
    pub replay: Option<PathBuf>,
    /// Phase to start with. Defaults to the first.
    #[arg(long, value_name = "PHASE", env = "CLOUDCREW_FROM")]
    pub from: Option<String>,
    /// Approve every gate whose review has no findings. The journal records it.
    #[arg(long, value_enum)]
    pub approve: Option<Approve>,
    /// If the id is taken, start this rehearsal under the next free one.
    #[arg(long)]
    pub fresh: bool,
    /// Run in the background.
    #[arg(long, env = "CLOUDCREW_DETACH")]
    pub detach: bool,
    /// Output format.
    #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
    pub format: Format,
}

#[derive(Debug, ClapArgs)]
pub struct Compared {
    /// Workflow to run. Defaults to `delivery`, or the only workflow. Its inputs need defaults.
    pub workflow: Option<String>,
    /// Version to compare the workspace with: a Git revision, a saved plan, an engagement, or with
    /// `--overlay`, `base`.
    #[arg(long, value_name = "REV|FILE|PROJECT")]
    pub against: String,
    /// Model of all agents (`opus`) or of one (`qa=opus`). `rehearsal` calls no live model.
    #[arg(long, value_name = "[AGENT=]NAME", env = "CLOUDCREW_MODEL", value_delimiter = ',')]
    pub model: Vec<String>,
    /// Number of runs of each version.
    #[arg(long, value_name = "N", default_value_t = 3,
        value_parser = clap::value_parser!(u32).range(1..=50))]
    pub runs: u32,
    /// Statement of work.
    #[arg(long, value_name = "FILE", env = "CLOUDCREW_SOW")]
    pub sow: PathBuf,
    /// Run only this phase, up to its gate.
    #[arg(long)]
    pub phase: Option<String>,
    /// Limit for the total cost of all runs, in US dollars. Required with live models.
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub at_most: Option<f64>,
    /// Output format.
    #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
    pub format: Format,
}

/// An amount of money.
fn dollars(text: &str) -> Result<f64, String> {
    let amount = text.trim_start_matches('$').parse::<f64>().ok();
    amount
        .filter(|usd| usd.is_finite() && *usd > 0.0)
        .ok_or("expected an amount, such as `5`".into())
}

#[derive(Debug, ClapArgs)]
pub struct Serve {
    /// Address and port to listen on. Port 0 selects a free one.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8400",
        env = "CLOUDCREW_LISTEN"
    )]
    pub listen: std::net::SocketAddr,
    /// File with the people who may use the service beside the operator: names, hashes of tokens,
    /// and groups.
    #[arg(long, value_name = "FILE", env = "CLOUDCREW_PEOPLE")]
    pub people: Option<PathBuf>,
    /// Public URL of the service, such as `https://crew.example`. Required with `--issuer`.
    #[arg(long, value_name = "URL", env = "CLOUDCREW_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Issuer URL of the OpenID Connect provider that authenticates people. Required to listen on a
    /// non-loopback address.
    #[arg(
        long,
        value_name = "URL",
        env = "OIDC_ISSUER",
        requires_all = ["client_id", "public_url"]
    )]
    pub issuer: Option<String>,
    /// Client id of this service at the identity provider. The client secret, if any, is read from
    /// `OIDC_CLIENT_SECRET`.
    #[arg(long, value_name = "ID", env = "OIDC_CLIENT_ID")]
    pub client_id: Option<String>,
    /// URL of the identity provider's signing keys (JWKS). Defaults to the URL that it publishes.
    #[arg(long, value_name = "URL", env = "OIDC_KEYS_URL", requires = "issuer")]
    pub keys_url: Option<String>,
    /// Group of the identity provider whose members operate the service.
    #[arg(long, value_name = "GROUP", env = "CLOUDCREW_OPERATORS", requires = "issuer")]
    pub operators: Option<String>,
    /// File that says who is notified of what: webhooks, chats, and people who get mail.
    #[arg(long, value_name = "FILE", env = "CLOUDCREW_NOTIFY")]
    pub notify: Option<PathBuf>,
    /// Address of an OpenTelemetry collector (OTLP over HTTP) that gets traces of all engagements.
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp: Option<String>,
    /// Format of the log on stderr.
    #[arg(long, value_enum, default_value = "text", env = "CLOUDCREW_LOG")]
    pub log: LogFormat,
    /// What to log: `error`, `warn`, `info`, `debug`, or levels by module.
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "CLOUDCREW_LOG_LEVEL")]
    pub log_level: String,
    /// Directory below which callers may name repositories. Without it, each engagement gets a new
    /// repository in the home. Can be repeated.
    #[arg(long = "repo-root", value_name = "DIR", env = "CLOUDCREW_REPO_ROOT")]
    pub repo_roots: Vec<PathBuf>,
    /// Git host whose repositories callers may use; add the port unless it is the default. Can be
    /// repeated.
    #[arg(
        long = "repo-host",
        value_name = "HOST[:PORT]",
        env = "CLOUDCREW_REPO_HOST",
        value_delimiter = ','
    )]
    pub repo_hosts: Vec<String>,
    /// Repository URL for engagements that do not name one. `{customer}` is replaced by the
    /// `customer` of the request.
    #[arg(long, value_name = "URL", env = "PROJECT_REPO_URL")]
    pub repo_url: Option<String>,
}

/// Format of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line of text for each event.
    Text,
    /// One JSON document for each event.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Completions {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
    /// The manual page, in roff.
    Man,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Definitions {
    /// The definitions that the engagement started with.
    Pinned,
    /// The definitions in the workspace now.
    Current,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Approve {
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    Human,
    Json,
    Sarif,
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    Mermaid,
    Dot,
    Json,
}
