//! Checks whether a repository is safe to open. The library opens its files by name, blocks for
//! ever on a pipe, and allocates memory for a file of any size, so its files are examined first.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use cloudcrew_ports::StoreError;

/// Maximum bytes of a file outside the object store: an index of a million files has about a tenth.
const MOST: u64 = 1 << 30;
/// Maximum entries to examine, most of them references. Beyond that, the read timeout protects us.
const ENTRIES: usize = 50_000;
/// Maximum bytes of a file that points to the repository.
const POINTER: u64 = 64 * 1024;

/// Examines a repository, bare or with a working tree, before it is opened.
///
/// Returns whether everything was examined: the repository has few enough files, and reads no
/// objects of another one.
///
/// # Errors
/// Fails when one of its files is a pipe or a device, or too large to read.
pub(super) fn plain(path: &Path) -> Result<bool, StoreError> {
    let git = path.join(".git");
    let mut roots = vec![path.to_owned(), git.clone()];
    for pointer in [&git, &path.join("commondir")] {
        file(path, pointer)?;
        roots.extend(pointed(pointer, path));
    }
    if let Some(linked) = roots.get(2).cloned() {
        file(path, &linked.join("commondir"))?;
        roots.extend(pointed(&linked.join("commondir"), &linked));
    }
    let mut whole = true;
    for root in roots.iter().filter(|root| root.join("HEAD").symlink_metadata().is_ok()) {
        whole &= looked(path, root)?;
        whole &= root.join("objects/info/alternates").symlink_metadata().is_err();
    }
    Ok(whole)
}

/// The target of a file such as `.git` in a linked working tree.
fn pointed(pointer: &Path, from: &Path) -> Option<PathBuf> {
    let mut text = Vec::new();
    File::open(pointer)
        .ok()
        .filter(|_| pointer.is_file())?
        .take(POINTER)
        .read_to_end(&mut text)
        .ok()?;
    let text = text.strip_prefix(b"gitdir:").unwrap_or(&text).trim_ascii();
    Some(from.join(std::ffi::OsStr::from_bytes(text)))
}

/// Examines everything directly in the folder of a repository, and its references; returns whether
/// that was all.
fn looked(path: &Path, root: &Path) -> Result<bool, StoreError> {
    let below = ["", "info", "objects/info", "objects/pack", "refs"];
    let mut folders: Vec<(PathBuf, bool)> =
        below.map(|name| (root.join(name), name == "refs")).into();
    let mut left = ENTRIES;
    while let Some((folder, deep)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            left = left.saturating_sub(1);
            if left == 0 {
                return Ok(false);
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && deep => folders.push((entry.path(), true)),
                Ok(kind) if kind.is_dir() => {}
                // Packs are memory-mapped and may have any size.
                _ if folder.ends_with("pack")
                    && entry.file_type().is_ok_and(|kind| kind.is_file()) => {}
                _ => file(path, &entry.path())?,
            }
        }
    }
    Ok(true)
}

/// Examines one file; a missing one is plain.
pub(super) fn file(path: &Path, place: &Path) -> Result<(), StoreError> {
    let Ok(there) = place.metadata() else { return Ok(()) };
    let kind = there.file_type();
    let why = if kind.is_fifo() || kind.is_char_device() || kind.is_block_device() {
        format!("{} is a pipe or a device, not a file", place.display())
    } else if there.is_file() && there.len() > MOST {
        format!("{} has {} bytes; the limit is {MOST}", place.display(), there.len())
    } else {
        return Ok(());
    };
    Err(StoreError::Unusable { what: path.display().to_string(), why })
}
