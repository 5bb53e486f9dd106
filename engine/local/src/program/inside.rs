//! The helper in the sandbox: unpacks the files of a job, runs its program within limits, and
//! returns what it printed and changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use cloudcrew_ports::program::{
    ChangedFile, Job, JobFile, Limits, MAX_CHANGED, MAX_CHANGES, MAX_OUTPUT, ProgramEnd, Ran,
};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use super::usage::usage;
use super::wire::{self, Reply};
use super::{FILES, HELPER, INSIDE, guard};

/// How often the program is looked at.
const LOOK: Duration = Duration::from_millis(2);
/// How often its memory and processes are counted.
const COUNT: Duration = Duration::from_millis(20);
/// Folders that tools fill for themselves; what is in them is not returned.
const OWN: [&str; 7] = [
    "__pycache__",
    "node_modules",
    ".terraform",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".git",
];
/// Maximum depth of folders to look for changes in.
const DEEPEST: usize = 64;

/// What the engine's binary does in the sandbox. Without words, it runs the job on stdin and writes
/// the reply to stdout; with words, it becomes the program that they name, within limits.
///
/// # Errors
/// When the engine does not take the reply, or the program cannot be started.
pub fn inside(words: &[String]) -> io::Result<()> {
    if let [processor, memory, disk, processes, program, arguments @ ..] = words {
        let number = |word: &String| word.parse::<u64>().map_err(io::Error::other);
        limit(number(processor)?, number(memory)?, number(disk)?, number(processes)?);
        guard::close().map_err(|error| io::Error::other(error.to_string()))?;
        return Err(Command::new(program).args(arguments).exec());
    }
    // Without a buffer: what follows the job is for the program.
    let mut stdin = fs::File::from(rustix::io::dup(rustix::stdio::stdin())?);
    let asked = wire::asked(&mut stdin);
    drop(stdin);
    let reply = match asked {
        Ok((job, true)) => return talk(&job),
        Ok((job, false)) => run(&job).unwrap_or_else(|error| Reply::Failed(error.to_string())),
        Err(error) => Reply::Failed(error.to_string()),
    };
    wire::reply(&mut io::stdout().lock(), &reply)
}

fn run(job: &Job) -> io::Result<Reply> {
    let began = Instant::now();
    let mut command = prepared(job)?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (output, errors) = (kept(child.stdout.take()), kept(child.stderr.take()));
    let end = ended(child.id(), &job.limits, began)?;
    let (changed, left_out) = changes(&job.files);
    let (output, errors) = (output.join(), errors.join());
    let (output, errors) = (output.unwrap_or_default(), errors.unwrap_or_default());
    Ok(Reply::Ran(Ran { end, output, errors, changed, left_out }))
}

/// Runs a program that the engine talks to until it ends. What it leaves is thrown away.
fn talk(job: &Job) -> io::Result<()> {
    let began = Instant::now();
    let child = prepared(job)?.spawn()?;
    match ended(child.id(), &job.limits, began)? {
        ProgramEnd::Exited(0) => Ok(()),
        end => Err(io::Error::other(format!("it {end}"))),
    }
}

/// Waits for the end of a program, and ends whatever it has started.
fn ended(child: u32, limits: &Limits, began: Instant) -> io::Result<ProgramEnd> {
    let id = i32::try_from(child).map_err(io::Error::other)?;
    let end = watched(Pid::from_raw(id), limits, began);
    // The pipes are closed then, and no file changes any more.
    let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
    while waitpid(None, None).is_ok() {}
    Ok(end)
}

/// Unpacks the files of a job, and makes the command of its program.
fn prepared(job: &Job) -> io::Result<Command> {
    // Its stdout must not be reachable as `/proc/PID/fd/1`.
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    shut();
    people()?;
    for file in &job.files {
        unpack(file)?;
    }
    let Limits { processor, memory, disk, processes, .. } = job.limits;
    // The helper itself has no limits: it must outlive the program.
    let mut command = Command::new(INSIDE);
    command
        .arg(HELPER)
        .args([processor, memory, disk, processes].map(|limit| limit.to_string()))
        .arg(&job.program)
        .args(&job.arguments)
        .envs(job.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(Path::new(FILES).join(&job.folder));
    Ok(command)
}

/// Closes what whoever started the engine left open by mistake.
fn shut() {
    let entries = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    // All of them first: the listing is an open file too.
    let open: Vec<i32> = numbers.filter(|number| *number > 2).collect();
    for number in open {
        let _ = nix::unistd::close(number);
    }
}

/// What programs look up about the one user and the one machine.
fn people() -> io::Result<()> {
    fs::write("/etc/passwd", "crew:x:1000:1000::/tmp:/bin/sh\n")?;
    fs::write("/etc/group", "crew:x:1000:\n")?;
    fs::write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
}

/// Writes a file. Scripts can be executed.
fn unpack(JobFile { path, content }: &JobFile) -> io::Result<()> {
    let to = Path::new(FILES).join(path);
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&to, content)?;
    if content.starts_with(b"#!") {
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// The limits that the kernel keeps, for each process.
fn limit(processor: u64, memory: u64, disk: u64, processes: u64) {
    for (resource, most) in [
        (Resource::Cpu, processor),
        (Resource::Data, memory),
        (Resource::Fsize, disk),
        (Resource::Nproc, processes),
        (Resource::Nofile, 1_024),
        (Resource::Core, 0),
    ] {
        // A second more, so that the first signal says which limit it was.
        let maximum = if resource == Resource::Cpu { most + 1 } else { most };
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(maximum) });
    }
}

/// Waits until the program ends or exceeds a limit. As the first process of the sandbox, it also
/// collects those whose parents have ended.
fn watched(child: Pid, limits: &Limits, began: Instant) -> ProgramEnd {
    let mut counted = Instant::now();
    loop {
        if let Some(end) = collected(child, limits) {
            return end;
        }
        if began.elapsed() >= limits.time {
            return ProgramEnd::Exceeded(format!("{} s", limits.time.as_secs_f64()));
        }
        if counted.elapsed() >= COUNT {
            counted = Instant::now();
            let used = usage(limits.memory);
            if used.processes > limits.processes {
                return ProgramEnd::Exceeded(format!("{} processes", limits.processes));
            }
            if used.memory > limits.memory {
                return ProgramEnd::Exceeded(format!("{} MiB of memory", limits.memory >> 20));
            }
        }
        std::thread::sleep(LOOK);
    }
}

/// Collects processes that have ended; returns how the program ended if it is one of them.
fn collected(child: Pid, limits: &Limits) -> Option<ProgramEnd> {
    loop {
        return match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(id, code)) if id == child => Some(ProgramEnd::Exited(code)),
            Ok(WaitStatus::Signaled(id, signal, _)) if id == child => Some(match signal {
                Signal::SIGXCPU => {
                    ProgramEnd::Exceeded(format!("{} s of processor time", limits.processor))
                }
                Signal::SIGXFSZ => {
                    ProgramEnd::Exceeded(format!("{} MiB in a file", limits.disk >> 20))
                }
                signal => ProgramEnd::Signalled(signal as i32),
            }),
            Ok(WaitStatus::StillAlive) | Err(_) => None,
            Ok(_) => continue,
        };
    }
}

/// Reads a stream to its end, and keeps its beginning and its end.
fn kept(stream: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let (mut first, mut last, mut left_out) = (Vec::new(), Vec::new(), 0);
        let Some(mut stream) = stream else { return first };
        let mut part = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = stream.read(&mut part) {
            let mut part = &part[..read];
            let room = (MAX_OUTPUT / 2).saturating_sub(first.len()).min(part.len());
            first.extend_from_slice(&part[..room]);
            part = &part[room..];
            last.extend_from_slice(part);
            // Not with every part, which would move the rest each time.
            if last.len() > MAX_OUTPUT {
                let old = last.len() - MAX_OUTPUT / 2;
                left_out += old;
                last.drain(..old);
            }
        }
        if last.len() > MAX_OUTPUT / 2 {
            let old = last.len() - MAX_OUTPUT / 2;
            left_out += old;
            last.drain(..old);
        }
        if left_out > 0 {
            let _ = write!(first, "\n[{left_out} bytes left out]\n");
        }
        first.extend_from_slice(&last);
        first
    })
}

/// The regular files that are not as they were unpacked, by path, and the number of others that do
/// not fit into the reply.
fn changes(files: &[JobFile]) -> (Vec<ChangedFile>, usize) {
    let before: BTreeMap<&str, &[u8]> =
        files.iter().map(|file| (file.path.as_str(), file.content.as_slice())).collect();
    let (mut changed, mut left_out, mut room) = (Vec::new(), 0, MAX_CHANGED);
    let (mut seen, mut unread) = (Vec::new(), BTreeSet::new());
    let mut folders = vec![(PathBuf::new(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = fs::read_dir(Path::new(FILES).join(&folder)) else {
            unread.insert(folder);
            continue;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                let path = folder.join(&name);
                match depth < DEEPEST && !OWN.iter().any(|own| name == *own) {
                    true => folders.push((path, depth + 1)),
                    false => drop(unread.insert(path)),
                }
                continue;
            }
            let path = folder.join(&name).to_str().map(str::to_owned);
            // Whatever it is now, it is not gone.
            seen.extend(path.as_ref().filter(|path| before.contains_key(path.as_str())).cloned());
            // A link, a pipe or a name that is not text: nothing to commit.
            let Some(path) = path.filter(|_| kind.is_file()) else {
                left_out += 1;
                continue;
            };
            let before = before.get(path.as_str());
            let size = entry.metadata().map_or(u64::MAX, |found| found.len());
            let is_large = usize::try_from(size).is_ok_and(|size| size > room);
            let same = |content: &Vec<u8>| before.is_some_and(|before| *before == content);
            if is_large && before.is_none_or(|before| before.len() as u64 != size) {
                left_out += 1;
                continue;
            }
            let Ok(content) = fs::read(entry.path()) else {
                left_out += 1;
                continue;
            };
            if same(&content) {
                continue;
            }
            if changed.len() == MAX_CHANGES || content.len() > room {
                left_out += 1;
                continue;
            }
            room -= content.len();
            changed.push(ChangedFile { path, content: Some(content) });
        }
    }
    seen.sort_unstable();
    for path in
        before.keys().filter(|path| seen.binary_search_by(|s| s.as_str().cmp(path)).is_err())
    {
        // A file in a folder that was not read may still exist, so it does not count as deleted.
        let within = Path::new(path).ancestors().skip(1);
        let is_own = |part: &str| OWN.contains(&part);
        if path.split('/').any(is_own) || within.into_iter().any(|folder| unread.contains(folder)) {
            continue;
        }
        match changed.len() == MAX_CHANGES {
            true => left_out += 1,
            false => changed.push(ChangedFile { path: (*path).to_owned(), content: None }),
        }
    }
    changed.sort_by(|a, b| a.path.cmp(&b.path));
    (changed, left_out)
}
