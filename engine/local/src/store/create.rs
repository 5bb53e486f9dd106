//! A home and its file come into being whole: the file is made under another name, and appears when
//! it is finished.

use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use cloudcrew_ports::StoreError;

use super::fault::{Fault, system};
use super::heads::FILE as HEADS;
use super::{migrate, open};

/// Makes the home, for its owner's eyes only.
pub(super) fn home(home: &Path) -> Result<(), StoreError> {
    if home.is_dir() {
        close(home);
        return Ok(());
    }
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(home)
        .map_err(|e| system("making the home", &e));
    made.and_then(|()| sync(home.parent())).map_err(|fault| fault.at(home))
}

/// A home in a workspace that came to be with its schemas, or was made by hand, is closed to
/// others. A folder of another name was chosen by a person, who may share it.
fn close(home: &Path) {
    let open_to_others =
        fs::metadata(home).is_ok_and(|there| there.permissions().mode() & 0o077 != 0);
    if open_to_others && home.file_name().is_some_and(|name| name == ".cloudcrew") {
        // On a disk that cannot be written, what follows says so.
        let _ = fs::set_permissions(home, fs::Permissions::from_mode(0o700));
    }
}

/// The files of a store are files of its own: a link would lead SQLite elsewhere, a pipe would hold
/// it for ever, and what has another name elsewhere would change there too.
pub(super) fn regular(path: &Path) -> Result<(), StoreError> {
    let files = ["", "-wal", "-shm", "-journal"].map(|end| beside(path, end));
    for path in files.iter().chain([&path.with_file_name(HEADS)]) {
        let Ok(there) = path.symlink_metadata() else { continue };
        let what = match there.is_file() {
            true if has_one_name(path) => continue,
            true => "known by another name too (a hard link)",
            false if there.is_symlink() => "a symbolic link",
            false => "a pipe, a device or a folder",
        };
        let why = format!(
            "it is {what} where a file must be; move it away, or choose another home with `--home`"
        );
        return Err(Fault::Unusable(why).at(path));
    }
    Ok(())
}

/// Whether a file has no name but this, and that under which [`make`] made it.
fn has_one_name(path: &Path) -> bool {
    let names = |folder: &Path, inode| {
        let made = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|e| e.file_name().to_string_lossy().contains(".new-"));
        made.filter(|entry| entry.metadata().is_ok_and(|there| (there.dev(), there.ino()) == inode))
            .count() as u64
    };
    // The name that it was made under may go in the middle of a look.
    (0..3).any(|_| match path.symlink_metadata() {
        Ok(there) if there.nlink() == 1 => true,
        Ok(there) => path
            .parent()
            .is_some_and(|folder| 1 + names(folder, (there.dev(), there.ino())) == there.nlink()),
        Err(_) => true,
    })
}

/// Whether there is a store. A log without its file is what is left of one: a new file of that name
/// would take the log for its own.
pub(super) fn is_there(path: &Path) -> Result<bool, StoreError> {
    let exists = |path: &Path| path.try_exists().map_err(|e| system("looking for it", &e).at(path));
    if exists(path)? {
        return Ok(true);
    }
    // The file may have come, with its log, between the first look and the second.
    if exists(&beside(path, "-wal"))? && !exists(path)? {
        let why = "it is gone, but its log is there; bring it back, or move `cloudcrew.db-wal` \
            away to begin anew"
            .to_owned();
        return Err(Fault::Damaged(why).at(path));
    }
    exists(path)
}

/// Makes the file when there is none. Of several processes that do so at once, one wins and all go
/// on with its file.
pub(super) fn file(path: &Path) -> Result<(), StoreError> {
    if is_there(path)? {
        return Ok(());
    }
    if let Some(kind) = path.parent().and_then(network) {
        let why = format!(
            "it would be on a {kind} disk, whose locks cannot be trusted; choose a home on a local \
             one with `--home`"
        );
        return Err(Fault::Unusable(why).at(path));
    }
    make(path).map_err(|fault| fault.at(path))
}

fn make(path: &Path) -> Result<(), Fault> {
    let id = std::thread::current().id();
    let new = beside(path, &format!(".new-{}-{id:?}", std::process::id()).replace(['(', ')'], ""));
    let doing = |e| system("making it", &e);
    let forget = || {
        ["", "-wal", "-shm", "-journal"]
            .iter()
            .for_each(|end| drop(fs::remove_file(beside(&new, end))))
    };
    forget();
    let made = (|| {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new).map_err(doing)?;
        let mut connection = open::plain(&new)?;
        open::set_up(&connection)?;
        migrate::create(&mut connection)?;
        connection.close().map_err(|(_, error)| error)?;
        fs::File::open(&new).and_then(|file| file.sync_all()).map_err(doing)?;
        match fs::hard_link(&new, path) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(doing(e)),
            _ => sync(path.parent()),
        }
    })();
    forget();
    made
}

/// `path` with something added to its last name.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Makes sure that the names in a folder are on disk.
pub(super) fn sync(folder: Option<&Path>) -> Result<(), Fault> {
    let Some(folder) = folder else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| system("syncing its folder", &e))
}

/// The kind of the network file system that a folder is on: SQLite's locks and shared memory need
/// one machine's kernel. Where mounts cannot be read this is unknown, and SQLite's own answers have
/// to do.
fn network(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let on = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    // The last of the longest: what was mounted over the others.
    let (_, kind) = on.filter(|(at, _)| folder.starts_with(at)).max_by_key(|(at, _)| at.len())?;
    let kinds = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "fuse.sshfs"];
    kinds.contains(&kind).then(|| kind.to_owned())
}
