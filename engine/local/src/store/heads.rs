//! Records how far each journal has come, in a small file next to the database: `cloudcrew.heads`.
//!
//! It is written after each commit and not synced, so it may lag behind the database but is never
//! ahead of it. A journal that ends before its slot was shortened: its log was truncated or lost,
//! the file was replaced by an older copy, or someone removed rows. A slot half written at a power
//! failure is ignored.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use cloudcrew_definition::digest::sha256;
use cloudcrew_ports::journal::Head;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::fault::Fault;
use crate::folder::Folder;

/// Name of the file in a home.
pub(super) const FILE: &str = "cloudcrew.heads";
/// Bytes of a slot; the number of an engagement is the number of its slot.
const SLOT: usize = 192;
/// Maximum bytes of the file to read.
const MOST: u64 = 64 * 1024 * 1024;

thread_local! {
    /// Appends of the current transaction; only the writer thread has any.
    static APPENDED: RefCell<Vec<(i64, Slot)>> = const { RefCell::new(Vec::new()) };
}

/// Content of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    engagement: String,
    head: Head,
}

/// The file.
pub(super) struct Heads {
    path: PathBuf,
    writes: OnceLock<Option<File>>,
    reads: OnceLock<File>,
    numbers: Mutex<HashMap<String, i64>>,
}

/// Notes the end of an engagement's journal after the current transaction.
pub(super) fn appended(number: i64, engagement: &str, head: &Head) {
    let slot = Slot { engagement: engagement.to_owned(), head: head.clone() };
    APPENDED.with_borrow_mut(|all| all.push((number, slot)));
}

/// Drops the notes of a transaction that was rolled back.
pub(super) fn forget() {
    APPENDED.with_borrow_mut(Vec::clear);
}

impl Heads {
    /// The heads file next to the database at `path`.
    pub(super) fn beside(path: &Path) -> Heads {
        Heads {
            path: path.with_file_name(FILE),
            writes: OnceLock::new(),
            reads: OnceLock::new(),
            numbers: Mutex::default(),
        }
    }

    /// Writes the notes after their commit. If the disk refuses, the file lags behind, which is
    /// allowed.
    pub(super) fn write(&self) {
        let appended = APPENDED.with_borrow_mut(std::mem::take);
        if appended.is_empty() {
            return;
        }
        let open = || {
            let folder = self.path.parent().map(Folder::open)?.ok()?;
            folder.open_file(Path::new(FILE)).ok()
        };
        let Some(file) = self.writes.get_or_init(open) else { return };
        for (number, slot) in appended {
            let Ok(number) = u64::try_from(number) else { continue };
            let _ = file.write_all_at(&slot.bytes(), number * SLOT as u64);
        }
    }

    fn file(&self) -> Option<&File> {
        if let Some(file) = self.reads.get() {
            return Some(file);
        }
        let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW).bits() as i32;
        let file = File::options().read(true).custom_flags(flags).open(&self.path).ok()?;
        let is_file = file.metadata().is_ok_and(|about| about.is_file());
        is_file.then(|| self.reads.get_or_init(|| file))
    }

    /// The slot of an engagement. Read it before the database: a concurrent writer then only makes
    /// the database newer.
    pub(super) fn of(
        &self,
        engagement: &str,
        number: impl FnOnce() -> Option<i64>,
    ) -> Option<Slot> {
        let known =
            self.numbers.lock().unwrap_or_else(PoisonError::into_inner).get(engagement).copied();
        let number = match known {
            Some(number) => number,
            None => {
                let number = number()?;
                self.numbers
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(engagement.to_owned(), number);
                number
            }
        };
        self.at(number)
    }

    /// The slot of a number.
    pub(super) fn at(&self, number: i64) -> Option<Slot> {
        let mut bytes = [0; SLOT];
        self.file()?.read_exact_at(&mut bytes, u64::try_from(number).ok()? * SLOT as u64).ok()?;
        Slot::of(&bytes)
    }

    /// All slots with their numbers.
    pub(super) fn all(&self) -> Vec<(i64, Slot)> {
        (0..)
            .zip(self.bytes().chunks_exact(SLOT))
            .filter_map(|(number, slot)| Some((number, Slot::of(slot)?)))
            .collect()
    }

    /// All slots, to be read before the database is.
    pub(super) fn written(&self) -> Written {
        Written::All(self.bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        let read = || -> io::Result<Vec<u8>> {
            let Some(file) = self.file() else { return Ok(Vec::new()) };
            let length = file.metadata()?.len().min(MOST);
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
            file.read_exact_at(&mut bytes, 0)?;
            Ok(bytes)
        };
        read().unwrap_or_default()
    }

    /// The slots of these numbers, to be read before the database is.
    pub(super) fn some(&self, numbers: &[i64]) -> Written {
        let one = |number: &i64| {
            let mut bytes = vec![0; SLOT];
            let start = u64::try_from(*number).ok()?.checked_mul(SLOT as u64)?;
            self.file()?.read_exact_at(&mut bytes, start).ok().map(|()| bytes)
        };
        Written::Some(numbers.iter().map(|number| (*number, one(number))).collect())
    }
}

/// Slots as they are in the file, not looked into yet.
pub(super) enum Written {
    /// All of them, one after the other.
    All(Vec<u8>),
    /// Those that were asked for, by number; `None` where nothing was written.
    Some(HashMap<i64, Option<Vec<u8>>>),
}

impl Written {
    /// How many slots there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::All(bytes) => bytes.len() / SLOT,
            Self::Some(slots) => slots.len(),
        }
    }

    /// The slot of a number; `None` where nothing was written.
    pub(super) fn slot(&self, number: i64) -> Option<Slot> {
        Slot::of(self.bytes(number)?)
    }

    /// Whether a journal with this end may be the one that was written, or a longer one. A slot is
    /// verified only when it says no: of thousands, that would take most of a list's time.
    pub(super) fn may_lead_to(&self, number: i64, end: &Head) -> bool {
        // A row that was not asked for may be older than the file.
        if matches!(self, Self::Some(slots) if !slots.contains_key(&number)) {
            return false;
        }
        let Some(bytes) = self.bytes(number) else { return true };
        let fits = |seq: u64, hash: &str| seq < end.seq || (seq == end.seq && hash == end.hash);
        if Slot::glance(bytes).is_some_and(|(seq, hash)| fits(seq, hash)) {
            return true;
        }
        Slot::of(bytes).is_none_or(|slot| fits(slot.head.seq, &slot.head.hash))
    }

    fn bytes(&self, number: i64) -> Option<&[u8]> {
        match self {
            Self::All(bytes) => {
                let start = usize::try_from(number).ok()?.checked_mul(SLOT)?;
                bytes.get(start..)?.get(..SLOT)
            }
            Self::Some(slots) => slots.get(&number)?.as_deref(),
        }
    }
}

impl Slot {
    /// Entry and hash of a slot, unverified.
    fn glance(bytes: &[u8]) -> Option<(u64, &str)> {
        let text = std::str::from_utf8(bytes).ok()?;
        Some((text.get(17..37)?.parse().ok()?, text.get(38..102)?))
    }

    fn bytes(&self) -> [u8; SLOT] {
        let mut bytes = [b' '; SLOT];
        let room = SLOT - 104;
        let name = &self.engagement[..self.engagement.floor_char_boundary(room)];
        let text = format!("{:020} {:64} {name}", self.head.seq, self.head.hash);
        let text = format!("{} {text}", &sha256(&text)[..16]);
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        bytes[SLOT - 1] = b'\n';
        bytes
    }

    /// `None` if the slot is empty or only half written.
    fn of(bytes: &[u8]) -> Option<Slot> {
        let text = std::str::from_utf8(bytes.get(..SLOT - 1)?).ok()?.trim_end();
        let (check, text) = text.split_once(' ')?;
        if sha256(text).get(..16) != Some(check) {
            return None;
        }
        let mut fields = text.splitn(3, ' ');
        let (seq, hash, engagement) =
            (fields.next()?.parse().ok()?, fields.next()?.to_owned(), fields.next()?.to_owned());
        Some(Slot { engagement, head: Head { seq, hash } })
    }

    /// The engagement's name, or its beginning.
    pub(super) fn engagement(&self) -> &str {
        &self.engagement
    }

    fn is_of(&self, engagement: &str) -> bool {
        engagement.starts_with(&self.engagement)
    }

    /// Checks that a journal that ends with `end` still has everything the slot records.
    pub(super) fn holds(
        &self,
        connection: &Connection,
        number: i64,
        engagement: &str,
        end: &Head,
    ) -> Result<(), Fault> {
        let seq = self.head.seq;
        if !self.is_of(engagement) {
            return Err(shortened(&format!("engagement `{}`", self.engagement), seq, "is missing"));
        }
        let journal = format!("the journal of `{engagement}`");
        if seq > end.seq {
            return Err(shortened(&journal, seq, &format!("ends with entry {}", end.seq)));
        }
        let sql = "SELECT hash FROM entry WHERE engagement = ?1 AND seq = ?2";
        let mut select = connection.prepare_cached(sql)?;
        let hash: Option<String> =
            select.query_row(params![number, seq as i64], |row| row.get(0)).optional()?;
        if hash.as_ref() == Some(&self.head.hash) {
            Ok(())
        } else {
            Err(shortened(&journal, seq, "has a different entry there"))
        }
    }

    /// Checks that the engagement of a slot is among the existing ones.
    pub(super) fn is_listed<'a>(
        &self,
        mut engagements: impl Iterator<Item = &'a str>,
    ) -> Result<(), Fault> {
        if engagements.any(|engagement| self.is_of(engagement)) {
            return Ok(());
        }
        Err(shortened(&format!("engagement `{}`", self.engagement), self.head.seq, "is missing"))
    }
}

fn shortened(what: &str, seq: u64, how: &str) -> Fault {
    Fault::Damaged(format!(
        "entry {seq} was written, but {what} {how}: part of its history is lost. Restore the newer \
         `cloudcrew.db` with its `-wal`; to continue from this older state, remove `{FILE}` next \
         to it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_round_trips_and_a_half_written_one_is_ignored() {
        for name in ["acme", &"long".repeat(60), "ü".repeat(70).as_str()] {
            let slot = Slot {
                engagement: name.to_owned(),
                head: Head { seq: u64::MAX, hash: "f".repeat(64) },
            };
            let bytes = slot.bytes();
            let read = Slot::of(&bytes).expect("a slot");
            assert_eq!(read.head, slot.head);
            assert!(read.is_of(name));
            for cut in [1, 60, 100, 110] {
                let mut half = bytes;
                half[cut..].fill(0);
                assert!(
                    Slot::of(&half)
                        .is_none_or(|read| read.head != slot.head || cut > 104 + name.len()),
                    "{cut}"
                );
            }
        }
        assert_eq!(Slot::of(&[0; SLOT]), None);
    }
}
