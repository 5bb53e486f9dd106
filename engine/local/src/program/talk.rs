//! A program in the sandbox that the engine talks to while it runs.

use std::io::Write as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use cloudcrew_definition::shown::row;
use cloudcrew_ports::program::{Job, ProgramFault};
use tokio::io::AsyncReadExt as _;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::OwnedSemaphorePermit;

use super::{Sandbox, checked, wire};

/// Maximum bytes that are kept of what a program says as errors: the last ones.
const MOST: usize = 4 * 1024;

/// A running program. It is ended when this is dropped, and with it whatever it started.
pub(crate) struct Talk {
    /// What it reads.
    pub(crate) stdin: ChildStdin,
    /// What it prints.
    pub(crate) stdout: ChildStdout,
    /// The rest of it.
    pub(crate) running: Running,
}

/// A process that ends with its owner.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // Its sandbox ends with the process that made it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Keeps a program running.
pub(crate) struct Running {
    _child: Owned,
    errors: Arc<Mutex<Vec<u8>>>,
    _turn: OwnedSemaphorePermit,
}

impl Running {
    /// The last lines of what it said as errors.
    pub(crate) fn complaint(&self) -> Option<String> {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let said = String::from_utf8_lossy(&errors);
        let mut lines: Vec<&str> =
            said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let last = lines.split_off(lines.len().saturating_sub(3)).join(" / ");
        (!last.is_empty()).then(|| row(&last).into_owned())
    }
}

impl Sandbox {
    /// Starts a program, and gives it the files of its job. What it changes is thrown away.
    pub(crate) async fn talk(&self, job: Job) -> Result<Talk, ProgramFault> {
        checked(&job)?;
        let failed = |error: &dyn std::fmt::Display| ProgramFault::Failed(error.to_string());
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(|e| failed(&e))?;
        let sandbox = self.clone();
        let started = tokio::task::spawn_blocking(move || {
            let failed = |error: std::io::Error| ProgramFault::Failed(error.to_string());
            let ready = sandbox.ready()?;
            ready.path_of(&job.program)?;
            let mut command = ready.command(job.limits.disk);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = Owned(command.spawn().map_err(failed)?);
            if let Some(stdin) = child.0.stdin.as_mut() {
                // One that ends at once says why as an error.
                let _ = wire::ask(stdin, &job, true).and_then(|()| stdin.flush());
            }
            Ok(child)
        });
        let mut child = started.await.map_err(|error| failed(&error))??;
        let pipes = (child.0.stdin.take(), child.0.stdout.take(), child.0.stderr.take());
        let errors = Arc::default();
        let running = Running { _child: child, errors: Arc::clone(&errors), _turn: turn };
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(ProgramFault::Failed("it has no pipes".to_owned()));
        };
        let stdin = ChildStdin::from_std(stdin).map_err(|error| failed(&error))?;
        let stdout = ChildStdout::from_std(stdout).map_err(|error| failed(&error))?;
        let stderr = ChildStderr::from_std(stderr).map_err(|error| failed(&error))?;
        tokio::spawn(listen(stderr, errors));
        Ok(Talk { stdin, stdout, running })
    }
}

/// Keeps the end of what a program says as errors.
async fn listen(mut stderr: ChildStderr, errors: Arc<Mutex<Vec<u8>>>) {
    let mut part = [0; 4 * 1024];
    while let Ok(read @ 1..) = stderr.read(&mut part).await {
        let mut errors = errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.extend_from_slice(&part[..read]);
        let old = errors.len().saturating_sub(MOST);
        errors.drain(..old);
    }
}
