//! Replaying: answers each request with the recorded answer to exactly that request, per agent and
//! in order, and never guesses.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use cloudcrew_ports::model::{
    Billing, Block, CallContext, Model, ModelFault, ModelReply, ModelRequest,
};

use super::commits::Commits;
use super::lines::{self, Place};
use super::{Answer, Asked, Call, CassetteError, Scrubber, differ, same_place};

/// A model that replays recorded answers.
pub struct Player {
    path: PathBuf,
    scrubber: Scrubber,
    tape: Mutex<Tape>,
}

struct Tape {
    file: File,
    /// Where the first call was made.
    first: Option<CallContext>,
    agents: BTreeMap<String, Track>,
    commits: Commits,
}

/// The calls of one agent.
#[derive(Default)]
struct Track {
    calls: Vec<(Place, CallContext)>,
    /// Index of the next call; `None` before the first request.
    next: Option<usize>,
}

impl Player {
    /// Opens a cassette. `secrets` are the values that were redacted when it was recorded; they are
    /// redacted from new requests too.
    ///
    /// # Errors
    /// Fails when a line is damaged, or while the cassette is being recorded.
    pub fn open(file: &Path, secrets: Vec<String>) -> Result<Player, CassetteError> {
        Ok(Player {
            path: file.to_owned(),
            scrubber: Scrubber::new(secrets),
            tape: Mutex::new(Tape::open(file)?),
        })
    }

    /// The recorded engagement and its day. Prompts mention both, so a replay must use the same.
    pub fn recorded(&self) -> Option<(String, String)> {
        let tape = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        tape.first.as_ref().map(|first| (first.project.clone(), first.date.clone()))
    }

    fn answer(&self, request: &ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        let asked = Asked::of(request, &self.scrubber);
        let mut tape = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        let Tape { file, agents, commits, .. } = &mut *tape;
        let Some(track) = agents.get_mut(request.agent) else {
            let known: Vec<String> = agents.keys().map(|name| format!("`{name}`")).collect();
            let known = if known.is_empty() {
                "no calls".to_owned()
            } else {
                format!("only calls of {}", known.join(", "))
            };
            return Err(self.mismatch(format!(
                "no call of `{}` was recorded: the cassette holds {known}",
                request.agent
            )));
        };
        let next = track.next.unwrap_or_else(|| track.place_of(request.context));
        let Some((place, _)) = track.calls.get(next) else {
            let last = track.calls.last().map_or(0, |(place, _)| place.line);
            return Err(self.mismatch(format!(
                "call {} of `{}` was not recorded: the last one is at line {last}",
                next + 1,
                request.agent
            )));
        };
        let call = lines::read(&self.path, file, *place)
            .map_err(|error| ModelFault::denied("CassetteError", error.to_string()))?;
        if call.asked != asked {
            commits.pair(&call.asked, &asked);
        }
        if let Some(difference) = differ::difference(&commits.read(call.asked), &asked) {
            let which = format!(
                "call {} of `{}` does not match line {}",
                next + 1,
                request.agent,
                place.line
            );
            return Err(self.mismatch(format!("{which}: {difference}")));
        }
        track.next = Some(next + 1);
        match commits.read(call.answer) {
            Answer::Reply(reply) => Ok(reply),
            Answer::Fault(fault) => Err(fault),
        }
    }

    fn mismatch(&self, why: String) -> ModelFault {
        ModelFault::denied(
            "CassetteMismatch",
            format!("the cassette `{}` has no answer: {why}", self.path.display()),
        )
    }
}

#[async_trait]
impl Model for Player {
    async fn complete(&self, request: ModelRequest<'_>) -> Result<ModelReply, ModelFault> {
        let reply = self.answer(&request)?;
        for block in &reply.content {
            if let Block::Text(text) = block {
                request.listener.hears(text);
            }
        }
        Ok(reply)
    }

    fn billing(&self) -> Billing {
        Billing::Free
    }
}

impl Tape {
    fn open(path: &Path) -> Result<Tape, CassetteError> {
        let failed = |error: std::io::Error| CassetteError::unusable(path, &error);
        let mut file = File::open(path).map_err(failed)?;
        file.try_lock_shared().map_err(|error| match error {
            TryLockError::WouldBlock => CassetteError::Busy { path: path.to_owned() },
            TryLockError::Error(error) => failed(error),
        })?;
        let mut agents: BTreeMap<String, Track> = BTreeMap::new();
        let mut replied: BTreeMap<String, bool> = BTreeMap::new();
        let mut first = None;
        let end = lines::scan(path, &mut file, |place, call| {
            let Call { at, asked, answer } = call;
            first.get_or_insert_with(|| at.clone());
            let track = agents.entry(asked.agent.clone()).or_default();
            let was_reply =
                replied.insert(asked.agent, matches!(answer, Answer::Reply(_))).unwrap_or(false);
            // The process died after recording this reply and before using it, so the same call was
            // made again.
            if was_reply && track.calls.last().is_some_and(|(_, last)| same_place(last, &at)) {
                track.calls.pop();
            }
            track.calls.push((place, at));
        })?;
        match end.cut {
            Some(line) => Err(lines::damaged(
                path,
                line,
                "it is cut off; continue recording, or delete the line",
            )),
            None if end.whole == 0 => {
                Err(lines::damaged(path, 1, "it is not the header of a cassette"))
            }
            None => Ok(Tape { file, first, agents, commits: Commits::default() }),
        }
    }
}

impl Track {
    /// Where an agent's calls begin: a resumed engagement begins in the middle. A replay costs
    /// nothing, so its count of earlier calls holds exactly the answered ones.
    fn place_of(&self, at: &CallContext) -> usize {
        let phase =
            self.calls.iter().position(|(_, recorded)| recorded.phase == at.phase).unwrap_or(0);
        phase + at.earlier_calls as usize
    }
}
