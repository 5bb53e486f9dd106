//! Recording: every call goes to the real model and is written to the cassette before its answer is
//! used.

use std::fs::{File, TryLockError};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cloudcrew_ports::model::{Billing, Model, ModelFault, ModelReply, ModelRequest, Usage};

use crate::folder;

use super::{Answer, Asked, Call, CassetteError, Header, Scrubber, VERSION, lines};

/// A model that records its calls.
pub struct Recorder {
    inner: Arc<dyn Model>,
    path: PathBuf,
    scrubber: Scrubber,
    tape: Mutex<Tape>,
}

/// The file, locked while it is open.
struct Tape {
    file: File,
    /// Size in bytes of all complete lines.
    whole: u64,
    /// The engagement that owns the cassette; known after the first call.
    project: Option<String>,
}

impl Recorder {
    /// Records to a new file, or continues a recording of the same engagement. `secrets` are values
    /// to redact besides those that look like secrets.
    ///
    /// # Errors
    /// Fails when the file cannot be written, is not a cassette, or is held by another process.
    pub fn new(
        inner: Arc<dyn Model>,
        file: &Path,
        secrets: Vec<String>,
    ) -> Result<Recorder, CassetteError> {
        let tape = Tape::open(file)?;
        Ok(Recorder {
            inner,
            path: file.to_owned(),
            scrubber: Scrubber::new(secrets),
            tape: Mutex::new(tape),
        })
    }

    fn tape(&self) -> std::sync::MutexGuard<'_, Tape> {
        // A panic cannot leave half a line in the file.
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rejects a second engagement: its calls could not be distinguished from those of the first.
    fn admit(&self, project: &str) -> Result<(), ModelFault> {
        let mut tape = self.tape();
        let owner = tape.project.get_or_insert_with(|| project.to_owned());
        if owner == project {
            return Ok(());
        }
        let message = format!(
            "the cassette `{}` belongs to the engagement `{owner}`: record `{project}` to another \
             file",
            self.path.display()
        );
        Err(ModelFault::denied("CassetteInUse", message))
    }

    /// A call whose answer could not be recorded counts as failed: without it, no later call could
    /// be replayed. It is repeated when the engagement resumes.
    fn keep(&self, call: &Call, usage: Option<Usage>) -> Result<(), ModelFault> {
        // This takes a few milliseconds, after a call that took seconds.
        self.tape().append(call).map_err(|error| {
            let message = format!(
                "cannot write the cassette `{}` ({error}); the answer is lost",
                self.path.display()
            );
            ModelFault { usage, unpaid: false, ..ModelFault::denied("CassetteError", message) }
        })
    }
}

#[async_trait]
impl Model for Recorder {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        self.admit(&request.context.project)?;
        let (at, asked) = (request.context.clone(), Asked::of(&request, &self.scrubber));
        let said = self.inner.complete(request).await;
        let said = said.and_then(ModelReply::bounded).map_err(ModelFault::bounded);
        let (answer, usage) = match &said {
            Ok(reply) => (Answer::Reply(self.scrubber.reply(reply)), reply.usage),
            Err(fault) => (Answer::Fault(self.scrubber.fault(fault)), fault.usage),
        };
        self.keep(&Call { at, asked, answer }, usage)?;
        said
    }

    fn billing(&self) -> Billing {
        self.inner.billing()
    }
}

impl Tape {
    fn open(path: &Path) -> Result<Tape, CassetteError> {
        let failed = |error: std::io::Error| CassetteError::unusable(path, &error);
        let (folder, name) = folder::trusted(path).map_err(failed)?;
        let mut file = folder.open_file(&name).map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => CassetteError::Busy { path: path.to_owned() },
            TryLockError::Error(error) => failed(error),
        })?;
        let mut project = None;
        let end = lines::scan(path, &mut file, |_, call| {
            project.get_or_insert(call.at.project);
        })?;
        // Do not truncate a file that is something else entirely.
        if end.whole == 0 && end.cut.is_some() {
            return Err(lines::damaged(path, 1, "it is not the header of a cassette"));
        }
        let mut tape = Tape { file, whole: end.whole, project };
        if tape.whole == 0 {
            tape.append(&Header { cassette: VERSION }).map_err(failed)?;
            lasting(path).map_err(failed)?;
        }
        Ok(tape)
    }

    /// Writes a complete line or nothing, over any partial line that a killed process left.
    fn append(&mut self, line: &impl serde::Serialize) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        // Do not write what could not be read again.
        if bytes.len() as u64 > lines::MAX_LINE {
            return Err(std::io::Error::other(format!(
                "a call of {} bytes is too large",
                bytes.len()
            )));
        }
        let written = self.file.set_len(self.whole).and_then(|()| {
            self.file.seek(SeekFrom::Start(self.whole))?;
            self.file.write_all(&bytes)?;
            self.file.sync_data()
        });
        match written {
            Ok(()) => self.whole += bytes.len() as u64,
            // The next writer cuts off the remains.
            Err(_) => drop(self.file.set_len(self.whole)),
        }
        written
    }
}

/// Syncs the folder too, so that a new file survives a crash.
fn lasting(path: &Path) -> std::io::Result<()> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
