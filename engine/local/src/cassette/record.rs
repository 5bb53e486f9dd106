//! Recording: every call goes to the real model, and on the cassette before its answer is used.

use std::fs::{File, TryLockError};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cloudcrew_ports::model::{Billing, Model, ModelFault, ModelReply, ModelRequest, Usage};

use crate::folder;

use super::{Answer, Asked, Call, CassetteError, Header, Scrubber, VERSION, lines};

/// A model whose calls are recorded.
pub struct Recorder {
    inner: Arc<dyn Model>,
    path: PathBuf,
    scrubber: Scrubber,
    tape: Mutex<Tape>,
}

/// The file, locked for as long as it is open.
struct Tape {
    file: File,
    /// Bytes of all complete lines.
    whole: u64,
    /// The engagement to which it belongs; known from the first call on.
    project: Option<String>,
}

impl Recorder {
    /// Records on a new file, or goes on with one that recorded the same engagement before.
    /// `secrets` are values that must not be on it, besides those that look like secrets.
    ///
    /// # Errors
    /// When the file cannot be written, is no cassette, or another process has it.
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
        // A line is on the file whole or not at all, whoever panicked.
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Two engagements on one cassette could not be told apart.
    fn admit(&self, project: &str) -> Result<(), ModelFault> {
        let mut tape = self.tape();
        let owner = tape.project.get_or_insert_with(|| project.to_owned());
        if owner == project {
            return Ok(());
        }
        let message = format!(
            "the cassette `{}` belongs to the engagement `{owner}`: record `{project}` on another",
            self.path.display()
        );
        Err(ModelFault::denied("CassetteInUse", message))
    }

    /// A call whose answer is not on the cassette counts as failed: without it, nothing after it
    /// could be replayed. It is asked again when the engagement goes on.
    fn keep(&self, call: &Call, usage: Option<Usage>) -> Result<(), ModelFault> {
        // A few milliseconds, after a call that took seconds.
        self.tape().append(call).map_err(|error| {
            let message = format!(
                "the cassette `{}` could not be written ({error}); the answer is lost",
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
        // A file that is something else entirely is not ours to cut.
        if end.whole == 0 && end.cut.is_some() {
            return Err(lines::damaged(path, 1, "it does not say that this is a cassette"));
        }
        let mut tape = Tape { file, whole: end.whole, project };
        if tape.whole == 0 {
            tape.append(&Header { cassette: VERSION }).map_err(failed)?;
            lasting(path).map_err(failed)?;
        }
        Ok(tape)
    }

    /// Writes a line whole or not at all, over what a killed process may have left of one.
    fn append(&mut self, line: &impl serde::Serialize) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        // What could not be read again is not written.
        if bytes.len() as u64 > lines::MAX_LINE {
            return Err(std::io::Error::other(format!(
                "a call of {} bytes is too large for it",
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
            // What is left behind is cut off by whoever writes next.
            Err(_) => drop(self.file.set_len(self.whole)),
        }
        written
    }
}

/// A new file lasts when its folder does.
fn lasting(path: &Path) -> std::io::Result<()> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
