//! Runs programs in a sandbox of bubblewrap: an empty root with the system's programs read-only, no
//! network, no environment, files in memory, and limits.
//!
//! This binary is its own helper in the sandbox ([`inside()`]): it unpacks the files, closes system
//! calls, runs the program and returns what it changed.

mod bubblewrap;
mod guard;
mod inside;
mod talk;
mod usage;
mod wire;

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cloudcrew_definition::path::RepoPath;
use cloudcrew_definition::shown::row;
use cloudcrew_definition::syntax::is_program;
use cloudcrew_ports::program::{
    Found, Job, JobFile, Limits, MAX_BYTES, MAX_FILES, ProgramEnd, ProgramFault, Programs, Ran,
};
use tokio::sync::Semaphore;

use bubblewrap::Bubblewrap;
pub use inside::inside;
pub(crate) use talk::{Running, Talk};
use wire::Reply;

/// Where the files of a job are in the sandbox.
const FILES: &str = "/crew";
/// Where programs write what is temporary.
const TEMPORARY: &str = "/tmp";
/// Where they share memory.
const SHARED: &str = "/dev/shm";
/// Where the helper is in the sandbox.
const INSIDE: &str = "/.cloudcrew";
/// The first argument of the helper.
pub const HELPER: &str = "run-inside";

/// How often the sandbox is looked at.
const LOOK: Duration = Duration::from_millis(2);
/// By how much the sandbox may outlast the time of its program: to unpack, and to collect.
const GRACE: Duration = Duration::from_secs(30);
/// Limits of a question about a version.
const SHORT: Limits = Limits {
    time: Duration::from_secs(20),
    processor: 20,
    memory: 1 << 30,
    processes: 64,
    disk: 16 << 20,
};

/// The sandbox of this machine.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    /// Folders with further programs.
    folders: Vec<PathBuf>,
    helper: PathBuf,
    /// Jobs at once: each may use a processor and much memory.
    turns: Arc<Semaphore>,
    /// How to start one here, or why it can never be; found at the first use.
    ready: OnceLock<Result<Bubblewrap, String>>,
}

impl Sandbox {
    /// A sandbox with the system's programs, and those in `folders` or their `bin`. `helper` is a
    /// binary whose first argument [`HELPER`] calls [`inside()`].
    pub fn new(folders: Vec<PathBuf>, helper: PathBuf) -> Sandbox {
        let turns = std::thread::available_parallelism().map_or(1, usize::from);
        let (turns, ready) = (Arc::new(Semaphore::new(turns)), OnceLock::new());
        Sandbox(Arc::new(Inner { folders, helper, turns, ready }))
    }

    fn ready(&self) -> Result<&Bubblewrap, ProgramFault> {
        if self.0.ready.get().is_none() {
            let found = Bubblewrap::find(&self.0.folders, &self.0.helper);
            if let Ok(found) = &found {
                // The options may be there, and still not work on this machine, or not now.
                match ran(found, job("true", &[]), &AtomicBool::new(false)) {
                    Ok(Ran { end: ProgramEnd::Exited(0), .. }) => {}
                    Ok(ran) => {
                        let why = format!("`true` in bubblewrap: {:?}", ran.end);
                        return Err(ProgramFault::NoSandbox(why));
                    }
                    Err(fault) => return Err(ProgramFault::NoSandbox(fault.to_string())),
                }
            }
            let _ = self.0.ready.set(found);
        }
        let ready = self.0.ready.get().map(Result::as_ref);
        match ready {
            Some(Ok(ready)) => Ok(ready),
            Some(Err(why)) => Err(ProgramFault::NoSandbox(why.clone())),
            None => Err(ProgramFault::NoSandbox("it was not found".to_owned())),
        }
    }
}

impl Sandbox {
    /// Runs this binary itself in the sandbox, on one file named `input` in its folder; `None` when
    /// there is no sandbox here. Blocks until the program ends.
    pub fn own(
        &self,
        arguments: &[&str],
        input: &[u8],
        limits: Limits,
    ) -> Option<Result<Ran, ProgramFault>> {
        let ready = self.ready().ok()?;
        let files = vec![JobFile { path: "input".to_owned(), content: input.to_vec() }];
        let job = Job { files, limits, ..job(INSIDE, arguments) };
        Some(ran(ready, job, &AtomicBool::new(false)))
    }
}

/// A job without files.
fn job(program: &str, arguments: &[&str]) -> Job {
    Job {
        program: program.to_owned(),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        folder: String::new(),
        files: Vec::new(),
        environment: Vec::new(),
        limits: SHORT,
    }
}

#[async_trait]
impl Programs for Sandbox {
    async fn find(&self, program: &str) -> Result<Found, ProgramFault> {
        named(program)?;
        let sandbox = self.clone();
        let wanted = program.to_owned();
        let there = tokio::task::spawn_blocking(move || sandbox.ready()?.path_of(&wanted));
        let path = there.await.map_err(|error| ProgramFault::Failed(error.to_string()))??;
        let ran = self.run(job(program, &["--version"])).await?;
        if let ProgramEnd::Exceeded(limit) = ran.end {
            let why = format!("`{program} --version` was stopped: it exceeded {limit}");
            return Err(ProgramFault::Failed(why));
        }
        let said = [ran.output.as_slice(), &ran.errors].concat();
        let said = String::from_utf8_lossy(&said);
        // One that fails says something else.
        let said = if ran.end == ProgramEnd::Exited(0) { said } else { "".into() };
        let version = said.lines().find(|line| line.bytes().any(|byte| byte.is_ascii_digit()));
        let version = version.map(|line| line.trim().chars().take(80).collect());
        Ok(Found { path: path.display().to_string(), version: version.unwrap_or_default() })
    }

    async fn run(&self, job: Job) -> Result<Ran, ProgramFault> {
        checked(&job)?;
        let turn = self.0.turns.acquire().await;
        let _turn = turn.map_err(|error| ProgramFault::Failed(error.to_string()))?;
        let (sandbox, dropped) = (self.clone(), Arc::new(AtomicBool::new(false)));
        let guard = Dropped(Arc::clone(&dropped));
        let task = tokio::task::spawn_blocking(move || {
            let ready = sandbox.ready()?;
            ready.path_of(&job.program)?;
            ran(ready, job, &dropped)
        });
        let ran = task.await.map_err(|error| ProgramFault::Failed(error.to_string()))?;
        drop(guard);
        ran
    }
}

/// Ends the sandbox when its caller does not wait any longer.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Refuses a name that is a path, or no name.
fn named(program: &str) -> Result<(), ProgramFault> {
    match is_program(program) {
        true => Ok(()),
        false => Err(ProgramFault::Refused(format!("`{program}` is not the name of a program"))),
    }
}

fn checked(job: &Job) -> Result<(), ProgramFault> {
    named(&job.program)?;
    let refused = |why: String| Err(ProgramFault::Refused(why));
    let texts = job.arguments.iter().chain(job.environment.iter().flat_map(|(n, v)| [n, v]));
    if texts.into_iter().any(|text| text.contains('\0')) {
        return refused("an argument contains a NUL character".to_owned());
    }
    let bytes: usize = job.files.iter().map(|file| file.content.len()).sum();
    if job.files.len() > MAX_FILES || bytes > MAX_BYTES {
        let most = MAX_BYTES >> 20;
        return refused(format!(
            "{} files with {bytes} bytes are too many: at most {MAX_FILES} files and {most} MiB",
            job.files.len()
        ));
    }
    let is_bad = |path: &str| RepoPath::parse(path).is_err();
    if let Some(file) = job.files.iter().find(|file| is_bad(&file.path)) {
        return refused(format!("{} cannot be unpacked", file.path));
    }
    let inside = format!("{}/", job.folder);
    let exists = || job.files.iter().any(|file| file.path.starts_with(&inside));
    if !job.folder.is_empty() && (is_bad(&job.folder) || !exists()) {
        return refused(format!("there is no folder {}", job.folder));
    }
    Ok(())
}

/// Runs a job; `dropped` ends it early.
fn ran(bubblewrap: &Bubblewrap, job: Job, dropped: &AtomicBool) -> Result<Ran, ProgramFault> {
    let failed = |error: std::io::Error| ProgramFault::Failed(error.to_string());
    let time = job.limits.time;
    let mut child = bubblewrap
        .command(job.limits.disk)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(mut stdout), Some(stderr)) = pipes else {
        return Err(ProgramFault::Failed("it has no pipes".to_owned()));
    };
    // Detached threads, not scoped ones: a pipe that is held open must not block the caller.
    std::thread::spawn(move || {
        // It may end before it has read everything.
        let _ = wire::ask(&mut stdin, &job, false);
    });
    let reply = answered(move || wire::replied(&mut stdout));
    let said = answered(move || {
        let mut said = String::new();
        let _ = stderr.take(4 * 1024).read_to_string(&mut said);
        said
    });
    let in_time = waited(&mut child, time + GRACE, dropped);
    // Also when it cannot be waited for.
    let _ = child.kill();
    let _ = child.wait();
    let in_time = in_time.map_err(failed)?;
    let reply = reply.recv_timeout(FAREWELL).unwrap_or_else(|_| Err(ErrorKind::Other.into()));
    match reply {
        Ok(Reply::Ran(ran)) => Ok(ran),
        Ok(Reply::Failed(why)) => Err(ProgramFault::Failed(why)),
        Err(_) if !in_time => {
            let end = ProgramEnd::Exceeded(format!("{} s", time.as_secs_f64()));
            let (output, errors) = (Vec::new(), Vec::new());
            Ok(Ran { end, output, errors, changed: Vec::new(), left_out: 0 })
        }
        Err(error) => {
            let said = said.recv_timeout(FAREWELL).unwrap_or_default();
            let said = row(said.trim());
            let why = if said.is_empty() { error.to_string() } else { said.into_owned() };
            Err(ProgramFault::Failed(why))
        }
    }
}

/// How long to wait for the last bytes of a sandbox that has ended.
const FAREWELL: Duration = Duration::from_secs(5);

/// The result of something that a thread of its own does.
fn answered<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || sender.send(work()));
    receiver
}

/// Waits for the end of the sandbox; `false` when it takes too long or is not wanted any more.
fn waited(child: &mut Child, most: Duration, dropped: &AtomicBool) -> std::io::Result<bool> {
    let began = Instant::now();
    while child.try_wait()?.is_none() {
        if began.elapsed() > most || dropped.load(Ordering::Relaxed) {
            return Ok(false);
        }
        std::thread::sleep(LOOK);
    }
    Ok(true)
}

/// Folders with further programs, as an operator names them: absolute paths behind colons.
///
/// # Errors
/// Says which one is not a folder.
pub fn folders(text: &str) -> Result<Vec<PathBuf>, String> {
    // What the sandbox makes itself, or what would show all of the machine.
    const CLOSED: [&str; 13] = [
        "/", "/bin", "/boot", "/crew", "/dev", "/etc", "/home", "/proc", "/root", "/run", "/sys",
        "/tmp", "/var",
    ];
    let named = text.split(':').filter(|name| !name.is_empty()).map(PathBuf::from);
    let checked = named.map(|folder| {
        let real = std::fs::canonicalize(&folder).unwrap_or_default();
        let closed = CLOSED.iter().any(|closed| real == Path::new(closed));
        let within = ["/proc", "/sys", "/dev", "/etc"].iter().any(|top| real.starts_with(top));
        match folder.is_absolute() && real.is_dir() && !closed && !within {
            true => Ok(folder),
            false => Err(format!(
                "`{}` is not the absolute path of a folder with programs",
                folder.display()
            )),
        }
    });
    checked.collect()
}

/// The first of some folders that has a program.
fn first(folders: &[PathBuf], program: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_program = |path: &Path| {
        let found = std::fs::metadata(path);
        found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    folders.iter().map(|folder| folder.join(program)).find(|path| is_program(path))
}
