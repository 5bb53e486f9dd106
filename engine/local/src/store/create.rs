//! Creates a home and its file atomically: the file is written under another name and renamed when
//! complete.

use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use cloudcrew_ports::StoreError;

use super::fault::{Fault, system};
use super::heads::FILE as HEADS;
use super::{migrate, open};

/// Creates the home, readable only by its owner.
pub(super) fn home(home: &Path) -> Result<(), StoreError> {
    if home.is_dir() {
        close(home);
        return Ok(());
    }
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(home)
        .map_err(|e| system("creating the home", &e));
    made.and_then(|()| sync(home.parent())).map_err(|fault| fault.at(home))
}

/// Closes to others a home that was created with a workspace's schemas, or by hand. A folder of
/// another name was chosen by a person, who may share it.
fn close(home: &Path) {
    let open_to_others =
        fs::metadata(home).is_ok_and(|there| there.permissions().mode() & 0o077 != 0);
    if open_to_others && home.file_name().is_some_and(|name| name == ".cloudcrew") {
        // On a disk that cannot be written, the next step reports it.
        let _ = fs::set_permissions(home, fs::Permissions::from_mode(0o700));
    }
}

/// Requires ordinary files: a link would lead SQLite elsewhere, a pipe would block it forever, and
/// a hard link would change another file too.
pub(super) fn regular(path: &Path) -> Result<(), StoreError> {
    let files = ["", "-wal", "-shm", "-journal"].map(|end| beside(path, end));
    for path in files.iter().chain([&path.with_file_name(HEADS)]) {
        let Ok(there) = path.symlink_metadata() else { continue };
        let what = match there.is_file() {
            true if has_one_name(path) => continue,
            true => "a file with another hard link",
            false if there.is_symlink() => "a symbolic link",
            false => "a pipe, a device or a folder",
        };
        let why = format!(
            "it is {what}, not an ordinary file; move it away, or choose another home with `--home`"
        );
        return Err(Fault::Unusable(why).at(path));
    }
    Ok(())
}

/// Whether a file has no hard links except the one under which [`make`] created it.
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
    // The temporary name may disappear during the check.
    (0..3).any(|_| match path.symlink_metadata() {
        Ok(there) if there.nlink() == 1 => true,
        Ok(there) => path
            .parent()
            .is_some_and(|folder| 1 + names(folder, (there.dev(), there.ino())) == there.nlink()),
        Err(_) => true,
    })
}

/// Whether there is a store. A log without its file is the remains of one: a new file of that name
/// would adopt the log as its own.
pub(super) fn is_there(path: &Path) -> Result<bool, StoreError> {
    let exists = |path: &Path| path.try_exists().map_err(|e| system("looking for it", &e).at(path));
    if exists(path)? {
        return Ok(true);
    }
    // The file and its log may have been created between the two checks.
    if exists(&beside(path, "-wal"))? && !exists(path)? {
        let why = "it is missing, but its log exists; restore it, or move `cloudcrew.db-wal` \
            away to start over"
            .to_owned();
        return Err(Fault::Damaged(why).at(path));
    }
    exists(path)
}

/// Creates the file if missing. Of several processes that do so at once, one wins and all continue
/// with its file.
pub(super) fn file(path: &Path) -> Result<(), StoreError> {
    if is_there(path)? {
        return Ok(());
    }
    if let Some(kind) = path.parent().and_then(network) {
        let why = format!(
            "it would be on a {kind} file system, whose locks are unreliable; choose a home on a \
             local disk with `--home`"
        );
        return Err(Fault::Unusable(why).at(path));
    }
    make(path).map_err(|fault| fault.at(path))
}

fn make(path: &Path) -> Result<(), Fault> {
    let id = std::thread::current().id();
    let new = beside(path, &format!(".new-{}-{id:?}", std::process::id()).replace(['(', ')'], ""));
    let doing = |e| system("creating it", &e);
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

/// Appends `end` to the last component of `path`.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Syncs the names in a folder to disk.
pub(super) fn sync(folder: Option<&Path>) -> Result<(), Fault> {
    let Some(folder) = folder else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| system("syncing its folder", &e))
}

/// The type of the network file system that a folder is on: SQLite's locks and shared memory need a
/// single kernel. Where mounts cannot be read it is unknown, and SQLite's own errors must suffice.
fn network(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let on = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    // The last of the longest matches: it was mounted over the others.
    let (_, kind) = on.filter(|(at, _)| folder.starts_with(at)).max_by_key(|(at, _)| at.len())?;
    let kinds = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "fuse.sshfs"];
    kinds.contains(&kind).then(|| kind.to_owned())
}
