//! Reads documents. Formats that need a parser are read in a process of their own, whose memory,
//! time and output are limited: their authors are strangers.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use cloudcrew_documents::{Document, Format, MAX_BYTES, read};
use cloudcrew_ports::program::{Limits, ProgramEnd};
use cloudcrew_sow::MAX_SOW_BYTES;
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};
use crate::{out, wiring};

/// Maximum memory of the process, 1 GiB.
const MEMORY: u64 = 1024 * 1024 * 1024;
/// Maximum processor time, in seconds.
const SECONDS: u64 = 20;
/// Maximum time, which includes waiting for a busy machine.
const LONGEST: Duration = Duration::from_secs(60);
/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// What the process says.
#[derive(Serialize, Deserialize)]
struct Reply {
    text: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
    fault: Option<String>,
}

/// The name, text and notes of a document. One that is not text is renamed, because what is kept
/// of it is Markdown.
pub struct Read {
    pub name: String,
    pub text: String,
    pub notes: Vec<String>,
}

/// Reads a document.
///
/// # Errors
/// Says why it cannot be read.
pub fn document(name: &str, bytes: &[u8]) -> Result<Read, String> {
    let Some(format) = Format::of(name, bytes) else {
        let Document { text, notes, .. } = read(name, bytes).map_err(|fault| fault.to_string())?;
        return Ok(Read { name: name.to_owned(), text, notes });
    };
    if bytes.len() > MAX_BYTES {
        // The process would say so too, after it has been given all of them.
        return Err(read(name, bytes).err().map(|fault| fault.to_string()).unwrap_or_default());
    }
    let reply = apart(name, bytes).map_err(|why| format!("the {format} cannot be read: {why}"))?;
    match (reply.text, reply.fault) {
        (Some(text), None) => {
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            let mut notes = vec![format!("the {format} was read as Markdown")];
            notes.extend(reply.notes);
            Ok(Read { name: format!("{stem}.md"), text, notes })
        }
        (_, Some(fault)) => Err(fault),
        (None, None) => Err(format!("the {format} cannot be read")),
    }
}

/// Name of the reply in the sandbox.
const REPLY: &str = "reply";

/// Reads a document in the sandbox; `None` when there is none here.
fn sandboxed(name: &str, bytes: &[u8]) -> Option<Result<Reply, String>> {
    let limits = Limits {
        time: LONGEST,
        processor: SECONDS,
        memory: MEMORY,
        processes: 16,
        // The document and the reply.
        disk: 4 * MAX_BYTES as u64,
    };
    let words = ["read-document", "--files", "input", REPLY, "--", name];
    let ran = match wiring::sandbox()?.own(&words, bytes, limits)? {
        Ok(ran) => ran,
        Err(fault) => return Some(Err(fault.to_string())),
    };
    let reply = ran.changed.iter().find(|file| file.path == REPLY);
    let reply = reply.and_then(|file| file.content.as_deref());
    Some(match (ran.end, reply) {
        (ProgramEnd::Exited(0), Some(reply)) => {
            serde_json::from_slice(reply).map_err(|error| error.to_string())
        }
        (ProgramEnd::Exceeded(limit), _) => Err(format!("it took more than {limit}")),
        _ => Err("its parser gave up, or needed too much memory or time".to_owned()),
    })
}

/// Reads a document in another process: in the sandbox, or where there is none, with limits alone.
fn apart(name: &str, bytes: &[u8]) -> Result<Reply, String> {
    if let Some(reply) = sandboxed(name, bytes) {
        return reply;
    }
    // Not by its name: an upgrade may have replaced the file.
    let mut child = Command::new("/proc/self/exe")
        .args(["read-document", "--", name])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    std::thread::scope(|scope| {
        // It may end before it has read everything.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(bytes)));
        let replied = scope.spawn(move || {
            let mut reply = Vec::new();
            // Escaped, a character takes up to six bytes.
            let most = 8 * MAX_SOW_BYTES as u64;
            stdout.map(|stdout| stdout.take(most).read_to_end(&mut reply));
            reply
        });
        let mut waited = Duration::ZERO;
        let status = loop {
            match child.try_wait().map_err(|error| error.to_string())? {
                Some(status) => break Some(status),
                None if waited >= LONGEST => break None,
                None => {
                    std::thread::sleep(LOOK);
                    waited += LOOK;
                }
            }
        };
        if status.is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let reply = replied.join().unwrap_or_default();
        match status {
            None => Err(format!("it took more than {} seconds", LONGEST.as_secs())),
            Some(status) if !status.success() => {
                Err("its parser gave up, or needed too much memory or time".to_owned())
            }
            Some(_) => serde_json::from_slice(&reply).map_err(|error| error.to_string()),
        }
    })
}

/// The other process: reads a document on stdin and prints its text, or reads and writes `files`.
pub fn child(name: &str, files: Option<&[PathBuf]>) -> Result<Exit, Failure> {
    let limits = [
        (Resource::As, MEMORY),
        (Resource::Cpu, SECONDS),
        (Resource::Core, 0),
        (Resource::Fsize, if files.is_some() { MAX_BYTES as u64 } else { 0 }),
    ];
    for (resource, most) in limits {
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
    // A parser that panics says so in its exit code alone.
    std::panic::set_hook(Box::new(|_| {}));
    if let Some([input, reply]) = files {
        std::fs::write(reply, answer(name, &std::fs::read(input)?))?;
        return Ok(Exit::Done);
    }
    let mut bytes = Vec::new();
    std::io::stdin().take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    out::bytes(&answer(name, &bytes));
    Ok(Exit::Done)
}

/// What a document says, or why it cannot be read.
fn answer(name: &str, bytes: &[u8]) -> Vec<u8> {
    let reply = match read(name, bytes) {
        Ok(Document { text, notes, .. }) => Reply { text: Some(text), notes, fault: None },
        Err(fault) => Reply { text: None, notes: Vec::new(), fault: Some(fault.to_string()) },
    };
    serde_json::to_vec(&reply).unwrap_or_default()
}
