//! Files in a folder that someone else may have prepared: a cloned workspace, an unpacked archive,
//! a home.
//!
//! A write descends one path component at a time and never follows a symbolic link. The file is
//! written next to its destination and renamed into place, so neither a symbolic link nor a hard
//! link of that name can redirect the write outside. A read may follow links that stay below the
//! folder. A folder named on the command line was chosen by the user, so links in its name are
//! followed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawMode, ResolveFlags};
use rustix::io::Errno;

/// Permissions of a new file or folder before the process's umask.
const FILE: RawMode = 0o666;
const FOLDER: RawMode = 0o777;

/// An open folder and the name it was opened by.
pub struct Folder {
    fd: OwnedFd,
    name: PathBuf,
}

impl Folder {
    /// Opens a folder named by the user.
    ///
    /// # Errors
    /// Fails when the folder does not exist or cannot be opened.
    pub fn open(path: &Path) -> io::Result<Folder> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let fd =
            rustix::fs::open(path, FOLDER_FLAGS, Mode::empty()).map_err(|e| explain(path, e))?;
        Ok(Folder { fd, name: path.to_owned() })
    }

    /// Opens a folder below this one, one component at a time. Creates missing folders if `make` is
    /// true.
    ///
    /// # Errors
    /// Fails when a component is a link or not a folder, or when the path leads upwards.
    pub fn below(&self, path: &Path, make: bool) -> io::Result<Folder> {
        let fd = self.fd.try_clone()?;
        let mut folder = Folder { fd, name: self.name.clone() };
        for component in path.components() {
            let Component::Normal(name) = component else {
                if component == Component::CurDir {
                    continue;
                }
                return Err(io::Error::new(
                    ErrorKind::InvalidInput,
                    format!("{}: the path leads out of its folder", path.display()),
                ));
            };
            folder = folder.child(name, make)?;
        }
        Ok(folder)
    }

    fn child(&self, name: &OsStr, make: bool) -> io::Result<Folder> {
        let path = self.name.join(name);
        let open =
            || rustix::fs::openat(&self.fd, name, FOLDER_FLAGS | OFlags::NOFOLLOW, Mode::empty());
        let fd = match open() {
            Err(Errno::NOENT) if make => {
                match rustix::fs::mkdirat(&self.fd, name, Mode::from_raw_mode(FOLDER)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(explain(&path, error)),
                }
                open()
            }
            other => other,
        };
        match fd {
            Ok(fd) => Ok(Folder { fd, name: path }),
            Err(Errno::LOOP | Errno::NOTDIR) if self.kind(name) == Some(FileType::Symlink) => {
                Err(linked(&path))
            }
            Err(error) => Err(explain(&path, error)),
        }
    }

    /// The type of the entry with this name; a link is reported as a link.
    fn kind(&self, name: &OsStr) -> Option<FileType> {
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(FileType::from_raw_mode(stat.st_mode))
    }

    /// Writes a file completely or not at all, creating the folders on its path. A replaced file
    /// keeps its permissions.
    ///
    /// # Errors
    /// Fails when a component of the path is a link, when the destination is not a file, or on an
    /// I/O error. The old file is then unchanged.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (folder, name) = self.parent(path, true)?;
        let shown = self.name.join(path);
        let permissions = match rustix::fs::statat(&folder.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => None,
            Err(error) => return Err(explain(&shown, error)),
            Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Some(Mode::from_raw_mode(stat.st_mode & 0o777)),
                FileType::Symlink => return Err(linked(&shown)),
                _ => {
                    return Err(io::Error::other(format!(
                        "{}: it is not a file; move it away",
                        shown.display()
                    )));
                }
            },
        };
        let (beside, mut file) = folder.new_beside()?;
        let written = (|| {
            if let Some(permissions) = permissions {
                rustix::fs::fchmod(&file, permissions)?;
            }
            file.write_all(bytes)?;
            rustix::fs::renameat(&folder.fd, &beside, &folder.fd, name).map_err(io::Error::from)
        })();
        written.map_err(|error| {
            let _ = rustix::fs::unlinkat(&folder.fd, &beside, AtFlags::empty());
            io::Error::new(error.kind(), format!("{}: {error}", shown.display()))
        })
    }

    /// Creates a file with an unused name.
    fn new_beside(&self) -> io::Result<(String, File)> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!(".cloudcrew-{}-{number}", std::process::id());
            let flags =
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match rustix::fs::openat(&self.fd, name.as_str(), flags, Mode::from_raw_mode(FILE)) {
                Ok(fd) => return Ok((name, File::from(fd))),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(explain(&self.name, error)),
            }
        }
    }

    /// Opens a file for reading and writing. Creates it if missing, readable only by its owner.
    /// Does not truncate it.
    ///
    /// # Errors
    /// Fails when the file or a folder on its path is a link, when it is not a file, or when it has
    /// another hard link, whose content would change too.
    pub fn open_file(&self, path: &Path) -> io::Result<File> {
        let (folder, name) = self.parent(path, true)?;
        let shown = self.name.join(path);
        match folder.kind(name) {
            None | Some(FileType::RegularFile) => {}
            Some(FileType::Symlink) => return Err(linked(&shown)),
            Some(_) => {
                return Err(io::Error::other(format!(
                    "{}: it is not a file; move it away",
                    shown.display()
                )));
            }
        }
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&folder.fd, name, flags, Mode::from_raw_mode(0o600))
            .map_err(|e| explain(&shown, e))?;
        if rustix::fs::fstat(&fd).map_err(|e| explain(&shown, e))?.st_nlink > 1 {
            return Err(io::Error::other(format!(
                "{}: it has another hard link; move it away",
                shown.display()
            )));
        }
        Ok(File::from(fd))
    }

    /// Removes a file. A link is removed, not its target.
    ///
    /// # Errors
    /// Fails when a folder on the path is a link, or on an I/O error.
    pub fn remove(&self, path: &Path) -> io::Result<()> {
        let (folder, name) = self.parent(path, false)?;
        rustix::fs::unlinkat(&folder.fd, name, AtFlags::empty())
            .map_err(|e| explain(&self.name.join(path), e))
    }

    fn parent<'p>(&self, path: &'p Path, make: bool) -> io::Result<(Folder, &'p OsStr)> {
        let name = path.file_name().ok_or_else(|| {
            io::Error::new(
                ErrorKind::InvalidInput,
                format!("{}: the path does not name a file", path.display()),
            )
        })?;
        Ok((self.below(path.parent().unwrap_or(Path::new("")), make)?, name))
    }

    /// Reads at most `limit` bytes of a file. Follows links that stay below this folder.
    ///
    /// # Errors
    /// Fails when the file does not exist, is not a file, or is a link out of the folder.
    pub fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file(path)?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Bytes of a file.
    ///
    /// # Errors
    /// As [`Folder::read`].
    pub fn size(&self, path: &Path) -> io::Result<u64> {
        Ok(self.file(path)?.metadata()?.len())
    }

    /// Opens a readable file.
    fn file(&self, path: &Path) -> io::Result<File> {
        // Opening a device may have effects, and opening a pipe may block forever.
        let looked = self.resolved(path, OFlags::PATH | OFlags::CLOEXEC)?;
        regular(&looked)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = self.resolved(path, flags)?;
        regular(&file)?;
        Ok(File::from(file))
    }

    fn resolved(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match rustix::fs::openat2(&self.fd, path, flags, Mode::empty(), inside) {
            // The kernel lacks the call, or the link is absolute and may still lead inside.
            Err(Errno::NOSYS | Errno::PERM | Errno::XDEV) => self.resolved_by_name(path, flags),
            other => other.map_err(io::Error::from),
        }
    }

    /// Resolves links by name, then opens the target without following any.
    fn resolved_by_name(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let top = fs::canonicalize(&self.name)?;
        let leads_to = fs::canonicalize(self.name.join(path))?;
        let inside = leads_to
            .strip_prefix(&top)
            .map_err(|_| io::Error::other("the link leads out of the workspace"))?;
        let (folder, name) = self.parent(inside, false)?;
        rustix::fs::openat(&folder.fd, name, flags | OFlags::NOFOLLOW, Mode::empty())
            .map_err(io::Error::from)
    }

    /// Whether a path is a folder that can be entered without leaving this one.
    pub fn has_folder(&self, path: &Path) -> bool {
        self.resolved(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC).is_ok()
    }

    /// Whether the folder's owner is neither this process's user nor the superuser.
    ///
    /// # Errors
    /// Fails when the owner cannot be read.
    pub fn is_foreign(&self) -> io::Result<bool> {
        let owner = rustix::fs::fstat(self.fd.as_fd())?.st_uid;
        Ok(owner != rustix::process::geteuid().as_raw() && owner != 0)
    }
}

/// Writes a file named by the user. Links are followed in an absolute or upward part of the path,
/// and never below the working directory.
///
/// # Errors
/// As [`Folder::write`].
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (folder, rest) = trusted(path)?;
    folder.write(&rest, bytes)
}

/// Opens the folder up to which links of a path may be followed, and returns the rest of the path.
///
/// # Errors
/// Fails when that folder cannot be opened.
pub fn trusted(path: &Path) -> io::Result<(Folder, PathBuf)> {
    let here = std::env::current_dir().unwrap_or_default();
    let relative = path.strip_prefix(&here).unwrap_or(path);
    if relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Ok((Folder::open(Path::new("."))?, relative.to_owned()));
    }
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    Ok((Folder::open(path.parent().unwrap_or(path))?, name))
}

const FOLDER_FLAGS: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

fn regular(fd: &OwnedFd) -> io::Result<()> {
    let kind = FileType::from_raw_mode(rustix::fs::fstat(fd)?.st_mode);
    match kind {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder")),
        _ => Err(io::Error::other("it is a pipe or a device, not a file")),
    }
}

fn linked(path: &Path) -> io::Error {
    let why = "it is a symbolic link, and files are not written through links";
    io::Error::other(format!("{}: {why}; remove it, or name its target", path.display()))
}

fn explain(path: &Path, error: Errno) -> io::Error {
    let error = io::Error::from(error);
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_write_replaces_a_file_and_keeps_its_permissions() {
        let at = tempfile::tempdir().unwrap();
        let folder = Folder::open(at.path()).unwrap();
        folder.write(Path::new("a/b/c.txt"), b"one").unwrap();
        fs::set_permissions(at.path().join("a/b/c.txt"), fs::Permissions::from_mode(0o640))
            .unwrap();
        folder.write(Path::new("a/b/c.txt"), b"two").unwrap();
        let file = at.path().join("a/b/c.txt");
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(at.path().join("a/b")).unwrap().count(), 1);
    }

    #[test]
    fn a_write_never_goes_through_a_link_or_a_hard_link() {
        let (at, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let profile = outside.path().join("profile");
        fs::write(&profile, "mine").unwrap();
        symlink(&profile, at.path().join("file")).unwrap();
        symlink(outside.path(), at.path().join("folder")).unwrap();
        symlink(outside.path().join("new"), at.path().join("dangling")).unwrap();
        fs::hard_link(&profile, at.path().join("hard")).unwrap();
        let folder = Folder::open(at.path()).unwrap();
        for path in ["file", "folder/profile", "folder/new", "dangling", "../x", "/tmp/x"] {
            assert!(folder.write(Path::new(path), b"theirs").is_err(), "{path}");
            assert!(folder.open_file(Path::new(path)).is_err(), "{path}");
        }
        folder.write(Path::new("hard"), b"theirs").unwrap();
        assert_eq!(fs::read(&profile).unwrap(), b"mine");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_read_follows_links_that_stay_inside() {
        let (at, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("secret"), "secret").unwrap();
        fs::create_dir(at.path().join("a")).unwrap();
        fs::write(at.path().join("a/real"), "inside").unwrap();
        symlink("a/real", at.path().join("relative")).unwrap();
        symlink(at.path().join("a/real"), at.path().join("absolute")).unwrap();
        symlink(outside.path().join("secret"), at.path().join("out")).unwrap();
        symlink(outside.path(), at.path().join("folder")).unwrap();
        symlink("/proc/self/environ", at.path().join("environ")).unwrap();
        let folder = Folder::open(at.path()).unwrap();
        for path in ["a/real", "relative", "absolute"] {
            assert_eq!(folder.read(Path::new(path), 100).unwrap(), b"inside", "{path}");
        }
        for path in ["out", "folder/secret", "environ", "../x"] {
            assert!(folder.read(Path::new(path), 100).is_err(), "{path}");
        }
        assert!(folder.has_folder(Path::new("a")) && !folder.has_folder(Path::new("folder")));
        assert_eq!(folder.read(Path::new("a/real"), 3).unwrap(), b"ins", "reads at most the limit");
    }
}
