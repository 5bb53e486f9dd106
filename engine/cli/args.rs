//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Runs a software delivery engagement with a crew of AI agents, from YAML definitions.
#[derive(Debug, Parser)]
#[command(name = "cloudcrew", version, propagate_version = true)]
pub struct Args {
    /// The workspace: a folder with `agents.yaml`. Left out: the nearest parent that has one.
    #[arg(short = 'C', value_name = "WORKSPACE", env = "CLOUDCREW_WORKSPACE", global = true)]
    pub workspace: Option<PathBuf>,
    /// Where engagements are kept. Left out: `.cloudcrew` in the workspace.
    #[arg(long, value_name = "DIR", env = "CLOUDCREW_HOME", global = true)]
    pub home: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes a workspace to begin with: a crew of seven in six phases, with tests.
    Init {
        /// Where. Left out: the folder of `-C`, or here.
        folder: Option<PathBuf>,
        /// One agent and one phase.
        #[arg(long)]
        minimal: bool,
    },
    /// Says what is wrong with the definitions, at the exact word.
    Check {
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_CHECK_FORMAT")]
        format: CheckFormat,
        /// Mends first what cannot have been meant otherwise; comments and layout stay.
        #[arg(long)]
        fix: bool,
    },
    /// Explains a rule of `check`; without a code, lists them.
    Explain { code: Option<String> },
    /// Prints the JSON Schema of a kind of files or of what a verb prints with `--format json`.
    Schema {
        /// A kind of files (agents, phase, workflow, rehearsal) or a verb (check, list, show,
        /// inbox, ledger, artifacts, cost, run, graph, plan).
        kind: Option<String>,
        /// Writes all schemas of files into `engine/definition/schemas` of the workspace, and the
        /// reference pages into `docs/reference`.
        #[arg(long)]
        write: bool,
        /// Writes schemas that know this workspace's names into `.cloudcrew/schemas`, for editors
        /// to complete and check them.
        #[arg(long = "workspace", conflicts_with_all = ["kind", "write"])]
        named: bool,
    },
    /// Prints a workflow's plan as a graph.
    Graph {
        /// Left out: `delivery`, or the only one.
        workflow: Option<String>,
        #[arg(long, value_enum, default_value = "mermaid", env = "CLOUDCREW_GRAPH_FORMAT")]
        format: GraphFormat,
    },
    /// Says what a run would be, what it would take, and what changed since.
    Plan(Planned),
    /// Writes the state machines and the Terraform variables into `infra/terraform` of the
    /// workspace.
    Generate {
        /// Writes nothing; says what differs, and exits with 1 if something does.
        #[arg(long, env = "CLOUDCREW_GENERATE_CHECK")]
        check: bool,
    },
    /// Starts an engagement and drives it to its next wait.
    Run(Run),
    /// Lists all engagements.
    List {
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Shows where an engagement stands, what to review and what changed since the last run of the
    /// phase.
    Show {
        project: String,
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Follows an engagement that another process drives.
    Watch {
        project: String,
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Lists what waits for a person.
    Inbox {
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Approves the gate that an engagement waits at, and goes on.
    Approve {
        project: String,
        /// A rating from 1 to 5, such as `quality=5`.
        #[arg(long = "rating", value_name = "NAME=1..5")]
        ratings: Vec<String>,
        /// Digest of what was reviewed, as `show` prints it.
        #[arg(long)]
        digest: Option<String>,
    },
    /// Asks for changes at the gate; the phase runs again with these words.
    Revise {
        project: String,
        #[command(flatten)]
        words: Words,
        /// A rating from 1 to 5, such as `quality=2`.
        #[arg(long = "rating", value_name = "NAME=1..5")]
        ratings: Vec<String>,
        /// Digest of what was reviewed, as `show` prints it.
        #[arg(long)]
        digest: Option<String>,
    },
    /// Answer an agent's question, and continue.
    Answer {
        project: String,
        /// The id of the question, and the answer; the id may be left out when only one thing waits, and
        /// may be given by its end.
        #[arg(value_name = "[REQUEST] WORDS", num_args = 1..=2, allow_hyphen_values = true,
            required_unless_present = "words_from")]
        words: Vec<String>,
        /// Reads the answer from a file; `-` is stdin.
        #[arg(long, value_name = "FILE")]
        words_from: Option<PathBuf>,
    },
    /// Goes on where an engagement stands.
    Resume {
        project: String,
        /// `all`: gates whose review found nothing pass without a person, and the record says so.
        #[arg(long, value_enum)]
        approve: Option<Approve>,
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Tries an engagement that failed or expired again, on the same branch and with what was
    /// approved before.
    Retry {
        project: String,
        /// The phase to begin with; approvals from it on are void. Left out: the phase that failed,
        /// or the gate that expired.
        #[arg(long, value_name = "PHASE")]
        from: Option<String>,
        /// Which definitions it goes on with. Left out: `current` when the failure named a YAML
        /// key, else `pinned`.
        #[arg(long, value_enum)]
        definitions: Option<Definitions>,
        /// `all`: gates whose review found nothing pass without a person, and the record says so.
        #[arg(long, value_enum)]
        approve: Option<Approve>,
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Ends an engagement between two steps.
    Cancel { project: String },
    /// Prints what the crew knows together.
    Ledger {
        project: String,
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Lists the files the crew wrote, prints one, or writes all of them to a folder.
    Artifacts {
        project: String,
        /// Prints this file.
        path: Option<String>,
        /// Writes all files below this folder, which must be empty or new.
        #[arg(long, value_name = "DIR", conflicts_with = "path", env = "CLOUDCREW_EXPORT")]
        export: Option<PathBuf>,
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Prints what was used and what it costs.
    Cost {
        project: String,
        #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
        format: Format,
    },
    /// Runs the rehearsals that say what must come out: offline, by a clock of their own, side by
    /// side.
    Test {
        /// Files or names. Left out: every file in `rehearsals/` that has `expect`.
        files: Vec<PathBuf>,
        /// Writes the results as JUnit XML too.
        #[arg(long, value_name = "FILE", env = "CLOUDCREW_JUNIT")]
        junit: Option<PathBuf>,
    },
    /// Serves an editor over stdin and stdout: findings, completion, hover, names, rename.
    Lsp,
    /// Looks whether everything that a run needs is in order, and which model speaks for whom.
    Doctor {
        /// Makes one small call to each live model, which costs a few tokens: latency, access,
        /// price.
        #[arg(long)]
        live: bool,
        /// As for `run`.
        #[arg(long, value_name = "[AGENT=]NAME", env = "CLOUDCREW_MODEL", value_delimiter = ',')]
        model: Vec<String>,
    },
    /// Prints completions for a shell, or the manual page.
    Completions {
        #[arg(value_enum)]
        what: Completions,
    },
}

/// Words of a person.
#[derive(Debug, ClapArgs)]
pub struct Words {
    /// What should change.
    #[arg(allow_hyphen_values = true, required_unless_present = "words_from")]
    pub words: Option<String>,
    /// Reads the words from a file; `-` is stdin.
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    pub words_from: Option<PathBuf>,
}

/// Says what a run would be.
#[derive(Debug, ClapArgs)]
pub struct Planned {
    /// Left out: `delivery`, or the only one.
    pub workflow: Option<String>,
    /// An engagement, a plan saved with `--format json`, or a Git revision: says what changed
    /// since.
    #[arg(long, value_name = "PROJECT|FILE|REV", env = "CLOUDCREW_AGAINST")]
    pub against: Option<String>,
    /// Exits with 1 when something changed.
    #[arg(long, requires = "against")]
    pub exit_code: bool,
    /// A model of `agents.yaml` that all agents use instead of their own, or one agent: `opus`,
    /// `qa=opus`; `rehearsal` rehearses.
    #[arg(long, value_name = "[AGENT=]NAME", env = "CLOUDCREW_MODEL", value_delimiter = ',')]
    pub model: Vec<String>,
    #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
    pub format: Format,
}

/// Starts an engagement.
#[derive(Debug, ClapArgs)]
pub struct Run {
    /// Left out: `delivery`, or the only one.
    pub workflow: Option<String>,
    /// The statement of work: Markdown or text. Left out: that of the rehearsal.
    #[arg(long, value_name = "FILE", env = "CLOUDCREW_SOW")]
    pub sow: Option<PathBuf>,
    /// The engagement's id. Left out: the file's name.
    #[arg(long, value_name = "ID", env = "CLOUDCREW_PROJECT")]
    pub project: Option<String>,
    /// The customer's Git repository. Left out: a new one in the home.
    #[arg(long, value_name = "PATH", env = "CLOUDCREW_REPO")]
    pub repo: Option<PathBuf>,
    /// The branch or commit of that repository at which the work begins. Left out: the branch that
    /// its HEAD names.
    #[arg(long, value_name = "REV", env = "CLOUDCREW_BASE", requires = "repo")]
    pub base: Option<String>,
    /// A model of `agents.yaml` that all agents use instead of their own, or one agent: `opus`,
    /// `qa=opus`; `rehearsal` rehearses.
    #[arg(long, value_name = "[AGENT=]NAME", env = "CLOUDCREW_MODEL", value_delimiter = ',')]
    pub model: Vec<String>,
    /// A rehearsal file of the workspace that bends what happens.
    #[arg(long, value_name = "NAME", env = "CLOUDCREW_REHEARSAL")]
    pub rehearsal: Option<String>,
    /// Writes everything that live models say to a new file, without secrets, to be replayed.
    #[arg(long, value_name = "FILE", env = "CLOUDCREW_RECORD", conflicts_with_all = ["replay", "rehearsal"])]
    pub record: Option<PathBuf>,
    /// Says again what a recorded run said; a request that was not recorded is an error.
    #[arg(long, value_name = "FILE", env = "CLOUDCREW_REPLAY", conflicts_with = "rehearsal")]
    pub replay: Option<PathBuf>,
    /// The phase to begin with. Left out: the first.
    #[arg(long, value_name = "PHASE", env = "CLOUDCREW_FROM")]
    pub from: Option<String>,
    /// `all`: gates whose review found nothing pass without a person, and the record says so.
    #[arg(long, value_enum)]
    pub approve: Option<Approve>,
    /// Start over under the next free id when a rehearsal of this id exists.
    #[arg(long)]
    pub fresh: bool,
    /// Leaves a background process that drives it.
    #[arg(long, env = "CLOUDCREW_DETACH")]
    pub detach: bool,
    #[arg(long, value_enum, default_value = "human", env = "CLOUDCREW_FORMAT")]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Completions {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
    /// The manual page, in the form of `man`.
    Man,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Definitions {
    /// Those that the engagement began with.
    Pinned,
    /// Those that the workspace has now.
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
