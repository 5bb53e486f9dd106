//! Git's smart protocol over SSH, through the system's `ssh`: its settings, agent and known hosts
//! are those that the user has.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use git2::Error;
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tempfile::NamedTempFile;

use super::super::MOST_BYTES;
use super::{CONNECTS, Exchange, MOST_LISTED};

/// Number of lines to keep of what `ssh` says, and maximum bytes of each.
const LINES: usize = 2;
const MOST_SAID: u64 = 2_000;
/// Bytes to write at once: a pipe that is ready takes them without waiting.
const AT_ONCE: usize = 4096;
/// How long to wait for `ssh` to end after its output: this many pauses.
const PAUSES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// A connection over SSH.
pub(super) struct Ssh(pub(super) Exchange);

impl SmartSubtransport for Ssh {
    fn action(&self, _: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        let program = match service {
            Service::UploadPackLs | Service::UploadPack => "git-upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "git-receive-pack",
        };
        match SshStream::open(&self.0, program) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => {
                let why = format!("`ssh` cannot be started: {error}");
                self.0.note(&why);
                Err(Error::from_str(&why))
            }
        }
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// A running `ssh`. It is killed when the stream ends.
struct SshStream {
    exchange: Exchange,
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    said: Option<JoinHandle<String>>,
    /// Bytes that were received.
    received: u64,
    /// The private key, while `ssh` needs it.
    _key: Option<NamedTempFile>,
}

impl SshStream {
    fn open(exchange: &Exchange, program: &str) -> io::Result<SshStream> {
        let server = &exchange.server;
        let mut command = Command::new("ssh");
        command.args(["-a", "-x", "-T", "-o", "BatchMode=yes", "-o", "ClearAllForwardings=yes"]);
        command.arg("-o").arg(format!("ConnectTimeout={}", CONNECTS.as_secs()));
        command.args(["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=2"]);
        if let Some(known) = &server.known_hosts {
            let file = format!("UserKnownHostsFile=\"{}\"", known.display());
            command.args(["-o", &file, "-o", "GlobalKnownHostsFile=/dev/null"]);
            command.args(["-o", "StrictHostKeyChecking=yes"]);
        }
        let key = server.secret.as_deref().map(key_file).transpose()?;
        if let Some(key) = &key {
            command.args(["-o", "IdentitiesOnly=yes", "-i"]).arg(key.path());
        }
        if let Some(port) = server.url.port() {
            command.arg("-p").arg(port.to_string());
        }
        command.arg("--").arg(server.url.destination());
        command.arg(format!("{program} {}", quoted(&server.url.remote_path())));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let gone = || io::Error::other("its pipes are missing");
        let input = child.stdin.take().ok_or_else(gone)?;
        let output = child.stdout.take().ok_or_else(gone)?;
        let errors = child.stderr.take().ok_or_else(gone)?;
        let said = Some(std::thread::spawn(move || last_lines(errors)));
        Ok(SshStream {
            exchange: exchange.clone(),
            child,
            input,
            output,
            said,
            received: 0,
            _key: key,
        })
    }

    /// Waits until a pipe is ready, for as long as the exchange may take.
    fn wait(&self, pipe: PollFd<'_>) -> io::Result<()> {
        let patience = self.exchange.patience().unwrap_or_default();
        let seconds = i64::try_from(patience.as_secs()).unwrap_or(i64::MAX);
        let wait = Timespec { tv_sec: seconds, tv_nsec: 0 };
        if poll(&mut [pipe], Some(&wait))? == 0 {
            self.exchange.note("the server did not answer in time");
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    /// Why it ended, if it did not end well.
    fn ended(&mut self) -> io::Result<()> {
        let mut pauses = 0;
        let status = loop {
            match self.child.try_wait()? {
                Some(status) => break status,
                // It has closed its output and has nothing left to do.
                None if pauses == PAUSES => self.child.kill()?,
                None => std::thread::sleep(PAUSE),
            }
            pauses += 1;
        };
        if status.success() {
            return Ok(());
        }
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        let why = format!("`ssh` failed: {}", said.trim());
        self.exchange.note(&why);
        Err(io::Error::other("ssh failed"))
    }
}

impl Drop for SshStream {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Read for SshStream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.wait(PollFd::from_borrowed_fd(self.output.as_fd(), PollFlags::IN))?;
        let count = self.output.read(into)?;
        self.received += count as u64;
        // References and files share a connection.
        if self.received > MOST_LISTED + MOST_BYTES as u64 {
            self.exchange.note("the server sends too much");
            return Err(io::Error::other("too much"));
        }
        if count == 0 {
            self.ended()?;
        }
        Ok(count)
    }
}

impl Write for SshStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(PollFd::from_borrowed_fd(self.input.as_fd(), PollFlags::OUT))?;
        match self.input.write(&bytes[..bytes.len().min(AT_ONCE)]) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.ended()?;
                Err(error)
            }
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.input.flush()
    }
}

/// A private key as a file that only this user can read.
fn key_file(key: &str) -> io::Result<NamedTempFile> {
    let mut file =
        tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o600)).tempfile()?;
    file.write_all(key.trim_end().as_bytes())?;
    file.write_all(b"\n")?;
    Ok(file)
}

/// A word for the shell on the server.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// The last lines of what it says, as one: the reason comes after its warnings. All is read, so
/// that it can go on.
fn last_lines(errors: ChildStderr) -> String {
    let mut last = VecDeque::new();
    let mut errors = BufReader::new(errors);
    loop {
        let mut line = Vec::new();
        match errors.by_ref().take(MOST_SAID).read_until(b'\n', &mut line) {
            Ok(1..) => last.push_back(String::from_utf8_lossy(&line).trim().to_owned()),
            _ => break,
        }
        if last.len() > LINES {
            last.pop_front();
        }
    }
    last.make_contiguous().join(" ")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_path_is_one_word_for_the_shell() {
        assert_eq!(quoted("o/r.git"), "'o/r.git'");
        assert_eq!(quoted("a'; touch b; '"), "'a'\\''; touch b; '\\'''");
    }
}
