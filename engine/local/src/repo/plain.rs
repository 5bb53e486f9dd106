//! Whether a repository can be opened. The library reads what stands in it by name, waits for ever
//! for what a pipe says, and makes room for a file of any size; so what it would read is looked at
//! before it is.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use cloudcrew_ports::StoreError;

/// Bytes of a file beside the objects at most: an index of a million files has about a tenth.
const MOST: u64 = 1 << 30;
/// Entries that are looked at, most of them references. What is beyond is read with a limit of
/// time.
const ENTRIES: usize = 50_000;
/// Bytes of a file that says where the repository is.
const POINTER: u64 = 64 * 1024;

/// Looks at a repository, bare or with a working tree, before it is opened.
///
/// # Errors
/// When one of its files is a pipe or a device, or larger than is read.
pub(super) fn plain(path: &Path) -> Result<(), StoreError> {
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
    for root in roots.iter().filter(|root| root.join("HEAD").symlink_metadata().is_ok()) {
        looked(path, root)?;
    }
    Ok(())
}

/// Where a file such as `.git` of a linked working tree leads.
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

/// Everything directly in the folder of a repository, and its references.
fn looked(path: &Path, root: &Path) -> Result<(), StoreError> {
    let below = ["", "info", "objects/info", "objects/pack", "refs"];
    let mut folders: Vec<(PathBuf, bool)> =
        below.map(|name| (root.join(name), name == "refs")).into();
    let mut left = ENTRIES;
    while let Some((folder, deep)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            left = left.saturating_sub(1);
            if left == 0 {
                return Ok(());
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && deep => folders.push((entry.path(), true)),
                Ok(kind) if kind.is_dir() => {}
                // Packs are mapped, and may be as large as they are.
                _ if folder.ends_with("pack")
                    && entry.file_type().is_ok_and(|kind| kind.is_file()) => {}
                _ => file(path, &entry.path())?,
            }
        }
    }
    Ok(())
}

fn file(path: &Path, place: &Path) -> Result<(), StoreError> {
    let Ok(there) = place.metadata() else { return Ok(()) };
    let kind = there.file_type();
    let why = if kind.is_fifo() || kind.is_char_device() || kind.is_block_device() {
        format!("{} is a pipe or a device where a file must be", place.display())
    } else if there.is_file() && there.len() > MOST {
        format!("{} has {} bytes; at most {MOST} are read", place.display(), there.len())
    } else {
        return Ok(());
    };
    Err(StoreError::Unusable { what: path.display().to_string(), why })
}
