//! A place to run programs: test runners, linters, scanners, Terraform.
//!
//! A program gets a copy of the repository's files without `.git`, and nothing else of the machine:
//! no network, no environment, no secrets, no other processes. What it changes is returned, and
//! written nowhere.

use std::time::Duration;

use async_trait::async_trait;

/// Maximum number of files of a job.
pub const MAX_FILES: usize = 50_000;
/// Maximum size of all files of a job, in bytes: 128 MiB.
pub const MAX_BYTES: usize = 128 * 1024 * 1024;
/// Maximum number of changed files that are returned.
pub const MAX_CHANGES: usize = 1_000;
/// Maximum size of all changed files that are returned, in bytes: 8 MiB.
pub const MAX_CHANGED: usize = 8 * 1024 * 1024;
/// Maximum number of bytes kept of each stream that a program prints; the middle is left out.
/// Reports of scanners are large: 4 MiB.
pub const MAX_OUTPUT: usize = 4 * 1024 * 1024;

/// A program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Name of the program, such as `python3`. Paths are not accepted.
    pub program: String,
    /// Its arguments. No shell reads them.
    pub arguments: Vec<String>,
    /// Folder to start in, from the root of the files; empty for the root.
    pub folder: String,
    /// The files that it finds.
    pub files: Vec<JobFile>,
    /// Variables beside `PATH`, `HOME`, `TMPDIR` and `LANG`.
    pub environment: Vec<(String, String)>,
    /// Its limits.
    pub limits: Limits,
}

/// A file of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFile {
    /// Path from the root, checked by whoever makes the job.
    pub path: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// Limits of a job, for all of its processes together unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time from start to end.
    pub time: Duration,
    /// Processor time of each process, in seconds.
    pub processor: u64,
    /// Memory, in bytes. Files count too.
    pub memory: u64,
    /// Number of processes and threads.
    pub processes: u64,
    /// Size of all files, in bytes, and of each.
    pub disk: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            time: Duration::from_secs(120),
            processor: 120,
            memory: 2 << 30,
            processes: 256,
            disk: 512 << 20,
        }
    }
}

/// How a program ended. It is shown in words that follow the program's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramEnd {
    /// With this exit code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It was stopped because it exceeded a limit: `120 s`, `2048 MiB of memory`.
    Exceeded(String),
}

impl std::fmt::Display for ProgramEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ProgramEnd::Exited(0) => write!(f, "succeeded"),
            ProgramEnd::Exited(code) => write!(f, "failed with exit code {code}"),
            ProgramEnd::Signalled(signal) => write!(f, "was ended by signal {signal}"),
            ProgramEnd::Exceeded(limit) => write!(f, "was stopped: it exceeded {limit}"),
        }
    }
}

/// A file that a program changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path, as the program chose it.
    pub path: String,
    /// Its content; `None` when it was removed.
    pub content: Option<Vec<u8>>,
}

/// What a program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub end: ProgramEnd,
    /// What it printed.
    pub output: Vec<u8>,
    /// What it printed as errors.
    pub errors: Vec<u8>,
    /// Regular files that it wrote, changed or removed, by path.
    pub changed: Vec<ChangedFile>,
    /// Number of changed files beyond what is returned.
    pub left_out: usize,
}

/// Why a program did not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramFault {
    /// It is not installed.
    #[error("`{0}` is not installed where programs may run")]
    Missing(String),
    /// Programs cannot be isolated here, so none runs.
    #[error("programs cannot run here: {0}")]
    NoSandbox(String),
    /// The job exceeds a bound of this port.
    #[error("{0}")]
    Refused(String),
    /// The place failed.
    #[error("the sandbox failed: {0}")]
    Failed(String),
}

/// A program that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: String,
    /// The first line of what it says about its version, if it says anything.
    pub version: String,
}

/// Runs programs.
#[async_trait]
pub trait Programs: Send + Sync {
    /// Looks for a program and asks for its version.
    ///
    /// # Errors
    /// As [`Programs::run`].
    async fn find(&self, program: &str) -> Result<Found, ProgramFault>;

    /// Runs a program to its end. Nothing of it is left when this returns.
    ///
    /// # Errors
    /// When it did not run. A program that fails is not an error.
    async fn run(&self, job: Job) -> Result<Ran, ProgramFault>;
}

/// No place to run programs.
#[derive(Debug, Clone)]
pub struct NoPrograms(pub String);

#[async_trait]
impl Programs for NoPrograms {
    async fn find(&self, _: &str) -> Result<Found, ProgramFault> {
        Err(ProgramFault::NoSandbox(self.0.clone()))
    }

    async fn run(&self, _: Job) -> Result<Ran, ProgramFault> {
        Err(ProgramFault::NoSandbox(self.0.clone()))
    }
}
