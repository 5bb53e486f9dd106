//! What passes between the engine and its helper in the sandbox: a JSON header behind its length,
//! then the bytes of all files.

use std::io::{self, ErrorKind, Read, Write};

use cloudcrew_definition::path::RepoPath;
use cloudcrew_definition::shown::row;
use cloudcrew_ports::bounds::cut;
use cloudcrew_ports::program::{
    ChangedFile, Job, JobFile, Limits, MAX_BYTES, MAX_CHANGED, MAX_CHANGES, MAX_FILES, MAX_OUTPUT,
    ProgramEnd, Ran,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Maximum size of a header, in bytes: 32 MiB, more than the paths of all files take.
const MAX_HEADER: usize = 32 * 1024 * 1024;

/// Maximum bytes of a reason in a reply.
const MAX_WHY: usize = 4 * 1024;

#[derive(Serialize, Deserialize)]
struct Asked {
    program: String,
    arguments: Vec<String>,
    folder: String,
    environment: Vec<(String, String)>,
    /// Milliseconds.
    time: u64,
    processor: u64,
    memory: u64,
    processes: u64,
    disk: u64,
    files: Vec<(String, usize)>,
    /// Whether someone talks to the program while it runs.
    live: bool,
}

#[derive(Serialize, Deserialize)]
struct Replied {
    end: End,
    output: usize,
    errors: usize,
    /// Paths with their sizes; without one, the file was removed.
    changed: Vec<(String, Option<usize>)>,
    left_out: usize,
}

#[derive(Serialize, Deserialize)]
enum End {
    Exited(i32),
    Signalled(i32),
    Exceeded(String),
    /// The helper failed.
    Failed(String),
}

/// Sends a job to the helper. With `live`, the program talks to whoever sends it, and there is no
/// reply.
pub(super) fn ask(to: &mut impl Write, job: &Job, live: bool) -> io::Result<()> {
    let Limits { time, processor, memory, processes, disk } = job.limits;
    let header = Asked {
        program: job.program.clone(),
        arguments: job.arguments.clone(),
        folder: job.folder.clone(),
        environment: job.environment.clone(),
        time: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        processor,
        memory,
        processes,
        disk,
        files: job.files.iter().map(|file| (file.path.clone(), file.content.len())).collect(),
        live,
    };
    head(to, &header)?;
    for file in &job.files {
        to.write_all(&file.content)?;
    }
    to.flush()
}

/// Reads a job in the helper, and whether someone talks to its program.
pub(super) fn asked(from: &mut impl Read) -> io::Result<(Job, bool)> {
    let header: Asked = read_head(from)?;
    let mut room = MAX_BYTES;
    if header.files.len() > MAX_FILES {
        return Err(wrong("too many files"));
    }
    let mut files = Vec::with_capacity(header.files.len());
    for (path, size) in header.files {
        room = room.checked_sub(size).ok_or_else(|| wrong("too many bytes"))?;
        files.push(JobFile { path, content: bytes(from, size)? });
    }
    let job = Job {
        program: header.program,
        arguments: header.arguments,
        folder: header.folder,
        files,
        environment: header.environment,
        limits: Limits {
            time: std::time::Duration::from_millis(header.time),
            processor: header.processor,
            memory: header.memory,
            processes: header.processes,
            disk: header.disk,
        },
    };
    Ok((job, header.live))
}

/// What the helper says.
pub(super) enum Reply {
    /// The program ran.
    Ran(Ran),
    /// The helper could not run it.
    Failed(String),
}

/// Sends a reply from the helper.
pub(super) fn reply(to: &mut impl Write, reply: &Reply) -> io::Result<()> {
    let nothing = Ran {
        end: ProgramEnd::Exited(0),
        output: Vec::new(),
        errors: Vec::new(),
        changed: Vec::new(),
        left_out: 0,
    };
    let (end, ran) = match reply {
        Reply::Failed(why) => (End::Failed(why.clone()), &nothing),
        Reply::Ran(ran) => {
            let end = match &ran.end {
                ProgramEnd::Exited(code) => End::Exited(*code),
                ProgramEnd::Signalled(signal) => End::Signalled(*signal),
                ProgramEnd::Exceeded(limit) => End::Exceeded(limit.clone()),
            };
            (end, ran)
        }
    };
    let sized = |file: &ChangedFile| (file.path.clone(), file.content.as_ref().map(Vec::len));
    let header = Replied {
        end,
        output: ran.output.len(),
        errors: ran.errors.len(),
        changed: ran.changed.iter().map(sized).collect(),
        left_out: ran.left_out,
    };
    head(to, &header)?;
    to.write_all(&ran.output)?;
    to.write_all(&ran.errors)?;
    for content in ran.changed.iter().filter_map(|file| file.content.as_ref()) {
        to.write_all(content)?;
    }
    to.flush()
}

/// Reads the helper's reply. A program in the sandbox may have forged it, so that all of it is
/// bounded.
pub(super) fn replied(from: &mut impl Read) -> io::Result<Reply> {
    let header: Replied = read_head(from)?;
    let end = match header.end {
        End::Failed(mut why) => {
            cut(&mut why, MAX_WHY);
            return Ok(Reply::Failed(row(&why).into_owned()));
        }
        End::Exited(code) => ProgramEnd::Exited(code),
        End::Signalled(signal) => ProgramEnd::Signalled(signal),
        End::Exceeded(mut limit) => {
            cut(&mut limit, MAX_WHY);
            ProgramEnd::Exceeded(row(&limit).into_owned())
        }
    };
    // The note about what was left out of the middle comes on top.
    let most = MAX_OUTPUT + 200;
    if header.output > most || header.errors > most || header.changed.len() > MAX_CHANGES {
        return Err(wrong("the reply is too large"));
    }
    let (output, errors) = (bytes(from, header.output)?, bytes(from, header.errors)?);
    let (mut changed, mut room) = (Vec::new(), MAX_CHANGED);
    let mut left_out = header.left_out.min(MAX_FILES);
    for (path, size) in header.changed {
        let content = match size {
            Some(size) => {
                room = room.checked_sub(size).ok_or_else(|| wrong("the reply is too large"))?;
                Some(bytes(from, size)?)
            }
            None => None,
        };
        // A name that no commit may have.
        match RepoPath::parse(&path) {
            Ok(_) => changed.push(ChangedFile { path, content }),
            Err(_) => left_out += 1,
        }
    }
    Ok(Reply::Ran(Ran { end, output, errors, changed, left_out }))
}

fn head(to: &mut impl Write, header: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(header)?;
    let length = u32::try_from(json.len()).map_err(|_| wrong("the header is too large"))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&json)
}

fn read_head<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_HEADER {
        return Err(wrong("the header is too large"));
    }
    serde_json::from_slice(&bytes(from, length)?).map_err(|error| wrong(&error.to_string()))
}

/// Exactly so many bytes. Memory grows with what arrives, not with what is announced.
fn bytes(from: &mut impl Read, size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(size as u64).read_to_end(&mut bytes)?;
    match bytes.len() == size {
        true => Ok(bytes),
        false => Err(ErrorKind::UnexpectedEof.into()),
    }
}

fn wrong(why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_and_replies_arrive_as_they_were_sent_and_forged_ones_are_refused() {
        let job = Job {
            program: "python3".into(),
            arguments: vec!["-c".into(), "print(1)".into()],
            folder: "app".into(),
            files: vec![JobFile { path: "app/ü.py".into(), content: vec![0, 255, 10] }],
            environment: vec![("CI".into(), "true".into())],
            limits: Limits::default(),
        };
        let mut sent = Vec::new();
        ask(&mut sent, &job, true).expect("sent");
        assert_eq!(asked(&mut sent.as_slice()).expect("read"), (job, true));
        let ran = Ran {
            end: ProgramEnd::Exceeded("1 second".into()),
            output: b"out".to_vec(),
            errors: b"err".to_vec(),
            changed: vec![
                ChangedFile { path: "a".into(), content: Some(b"x".to_vec()) },
                ChangedFile { path: "b".into(), content: None },
            ],
            left_out: 3,
        };
        let mut sent = Vec::new();
        reply(&mut sent, &Reply::Ran(ran.clone())).expect("sent");
        let read = replied(&mut sent.as_slice()).expect("read");
        assert!(matches!(read, Reply::Ran(read) if read == ran));
        for cut in 0..sent.len() {
            assert!(replied(&mut &sent[..cut]).is_err(), "{cut} bytes are no reply");
        }
        for forged in [
            r#"{"end":{"Exited":0},"output":99999999,"errors":0,"changed":[],"left_out":0}"#,
            r#"{"end":{"Exited":0},"output":0,"errors":0,"changed":[["a",99999999]],"left_out":0}"#,
            r#"{"end":"Done","output":0,"errors":0,"changed":[],"left_out":0}"#,
        ] {
            let mut sent = (forged.len() as u32).to_le_bytes().to_vec();
            sent.extend(forged.as_bytes());
            assert!(replied(&mut sent.as_slice()).is_err(), "{forged}");
        }
        assert!(replied(&mut &[255u8; 64][..]).is_err());
    }
}
