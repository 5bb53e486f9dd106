//! Checks whether an object can be read. libgit2 blocks forever on a truncated loose object, and
//! allocates as much memory as its header claims, so a loose object is examined first.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::PoisonError;

use cloudcrew_ports::StoreError;
use flate2::read::ZlibDecoder;
use git2::{Oid, Repository};

use super::Bound;

/// Maximum bytes of an object.
const MOST: u64 = 256 * 1024 * 1024;
/// Maximum bytes of an object's header, with its final zero.
const LONGEST_HEADER: u64 = 33;
/// Bytes to inflate at a time.
const BUFFER: usize = 8 * 1024;
/// Maximum number of objects to remember.
const REMEMBERED: usize = 100_000;

impl Bound {
    /// Examines an object before it is read.
    ///
    /// # Errors
    /// Fails when the object is truncated, damaged, or too large to read.
    pub(super) fn sound(&self, repository: &Repository, id: Oid) -> Result<(), StoreError> {
        if self.sound.lock().unwrap_or_else(PoisonError::into_inner).contains(&id) {
            return Ok(());
        }
        match self.loose(repository, id, true)? {
            Some(_) => {}
            // It is in a pack, or missing; the library will report it.
            None => {
                let claimed = repository.odb().and_then(|objects| objects.read_header(id));
                if let Ok((size, _)) = claimed
                    && size as u64 > MOST
                {
                    return Err(self.damaged(
                        id,
                        format!("its header claims {size} bytes; the limit is {MOST}"),
                    ));
                }
            }
        }
        let mut sound = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        if sound.len() >= REMEMBERED {
            sound.clear();
        }
        sound.insert(id);
        Ok(())
    }

    /// Bytes of an object, by its header.
    pub(super) fn size(&self, repository: &Repository, id: Oid) -> Result<u64, StoreError> {
        // An object never changes, and every listing asks for the same ones.
        if let Some(size) = self.sizes.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(*size);
        }
        let size = match self.loose(repository, id, false)? {
            Some(size) => size,
            None => {
                let header = repository.odb().and_then(|objects| objects.read_header(id));
                header.map(|(size, _)| size as u64).map_err(|error| self.failed(&error))?
            }
        };
        let mut sizes = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        if sizes.len() >= REMEMBERED {
            sizes.clear();
        }
        sizes.insert(id, size);
        Ok(size)
    }

    /// Bytes of a loose object, after checking that it is complete; `None` when there is none.
    fn loose(
        &self,
        repository: &Repository,
        id: Oid,
        whole: bool,
    ) -> Result<Option<u64>, StoreError> {
        let name = id.to_string();
        let (folder, file) = name.split_at(2);
        let path = repository.commondir().join("objects").join(folder).join(file);
        match look(&path, whole) {
            Ok(size) => Ok(Some(size)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.damaged(id, error.to_string())),
        }
    }

    fn damaged(&self, id: Oid, why: String) -> StoreError {
        StoreError::Damaged { what: format!("object {id} of {}", self.path.display()), why }
    }
}

/// The size in a loose object's header; with `whole`, checks that as many bytes follow.
fn look(path: &Path, whole: bool) -> io::Result<u64> {
    let fault = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    let flags = (rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW).bits() as i32;
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(fault("it is not a file"));
    }
    // Buffered outside the decoder, which asks the file again on every read after its end. A
    // damaged object still has a size, so no more than the header is inflated for it.
    let buffer = if whole { BUFFER } else { LONGEST_HEADER as usize };
    let mut text = BufReader::with_capacity(buffer, ZlibDecoder::new(file));
    let mut header = Vec::new();
    let read = text.by_ref().take(LONGEST_HEADER).read_until(0, &mut header);
    read.map_err(|_| fault("its header cannot be read"))?;
    if header.last() != Some(&0) {
        return Err(fault("its header is truncated"));
    }
    let header = String::from_utf8_lossy(&header);
    let size = header
        .trim_end_matches('\0')
        .split_once(' ')
        .and_then(|(_, size)| size.parse::<u64>().ok());
    let size = size.ok_or_else(|| fault("its header is malformed"))?;
    if size > MOST {
        return Err(fault(&format!("its header claims {size} bytes; the limit is {MOST}")));
    }
    if whole {
        let read = io::copy(&mut text.take(size + 1), &mut io::sink())
            .map_err(|_| fault("it is truncated or damaged"))?;
        if read != size {
            return Err(fault("it is truncated"));
        }
    }
    Ok(size)
}
