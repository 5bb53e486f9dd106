//! The command line of bubblewrap.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use cloudcrew_ports::program::ProgramFault;

use super::{FILES, HELPER, INSIDE, SHARED, TEMPORARY, first};

/// Where it is looked for. The first is the one that distributions allow to make namespaces.
const PLACES: [&str; 2] = ["/usr/bin/bwrap", "/usr/local/bin/bwrap"];
/// Options that it must have.
const NEEDED: [&str; 13] = [
    "--as-pid-1",
    "--unshare-user",
    "--unshare-net",
    "--unshare-pid",
    "--die-with-parent",
    "--new-session",
    "--uid",
    "--cap-drop",
    "--clearenv",
    "--size",
    "--tmpfs",
    "--remount-ro",
    "--ro-bind-try",
];
/// The system's folders with programs and libraries.
const SYSTEM: [&str; 6] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/// Where programs are, in the order they are looked for.
const PATH: [&str; 4] = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin"];
/// What libraries and runtimes read of `/etc`.
const ETC: [&str; 7] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/ssl/certs",
];
/// Size of temporary files, and of shared memory, in bytes.
const SMALL: u64 = 256 << 20;

/// The user id (`nobody`) that root switches to before it starts a sandbox.
const NOBODY: u32 = 65_534;

/// Bubblewrap on this machine.
pub(super) struct Bubblewrap {
    binary: PathBuf,
    /// Whether it can forbid further user namespaces.
    nests: bool,
    folders: Vec<PathBuf>,
    path: Vec<PathBuf>,
    helper: PathBuf,
}

impl Bubblewrap {
    /// Looks for it and for the options that are needed. The error says what is missing.
    pub(super) fn find(folders: &[PathBuf], helper: &Path) -> Result<Bubblewrap, String> {
        let places = || PLACES.iter().map(PathBuf::from).find(|path| path.is_file());
        let binary = places().ok_or("bubblewrap is not installed (`apt install bubblewrap`)")?;
        let help = Command::new(&binary).arg("--help").env_clear().output();
        let help = help.map_err(|error| format!("{}: {error}", binary.display()))?;
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        let options: Vec<&str> = help.lines().filter_map(|l| l.split_whitespace().next()).collect();
        if let Some(lacks) = NEEDED.iter().find(|option| !options.contains(option)) {
            return Err(format!("{} is too old: it has no `{lacks}`", binary.display()));
        }
        if !helper.is_file() {
            let why = format!("{} was replaced; start cloudcrew again", helper.display());
            return Err(why);
        }
        let of = |folder: &PathBuf| {
            let bin = folder.join("bin");
            if bin.is_dir() { bin } else { folder.clone() }
        };
        let path = folders.iter().map(of).chain(PATH.iter().map(PathBuf::from)).collect();
        let nests = options.contains(&"--disable-userns");
        Ok(Bubblewrap { binary, nests, folders: folders.to_vec(), path, helper: helper.to_owned() })
    }

    /// Where a program is, on this machine and in the sandbox.
    pub(super) fn path_of(&self, program: &str) -> Result<PathBuf, ProgramFault> {
        first(&self.path, program).ok_or_else(|| ProgramFault::Missing(program.to_owned()))
    }

    /// Starts the helper in a new sandbox, with so many bytes for files.
    pub(super) fn command(&self, disk: u64) -> Command {
        let mut command = Command::new(&self.binary);
        // Ctrl-C in a terminal is for the engine.
        command.env_clear().current_dir("/").process_group(0);
        // Files of the kernel below /proc belong to root, in whatever namespace root is.
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.args(["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net"]);
        command.args(["--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox"]);
        // The helper is the first process. Bubblewrap's own would be open to the program.
        command.args(["--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]);
        command.args(["--uid", "1000", "--gid", "1000"]);
        if self.nests {
            command.arg("--disable-userns");
        }
        let (disk, small) = (disk.to_string(), SMALL.to_string());
        command.args(["--ro-bind", "/usr", "/usr"]);
        for folder in SYSTEM {
            match std::fs::read_link(folder) {
                Ok(to) => command.arg("--symlink").arg(to).arg(folder),
                Err(_) => command.args(["--ro-bind-try", folder, folder]),
            };
        }
        command.args(["--size", "1048576", "--tmpfs", "/etc"]);
        for file in ETC {
            command.args(["--ro-bind-try", file, file]);
        }
        command.args(["--proc", "/proc", "--dev", "/dev"]);
        command.args(["--size", &small, "--tmpfs", SHARED, "--remount-ro", "/dev"]);
        command.args(["--size", &small, "--tmpfs", TEMPORARY]);
        command.args(["--size", &disk, "--tmpfs", FILES]);
        for folder in &self.folders {
            command.arg("--ro-bind").arg(folder).arg(folder);
        }
        command.arg("--ro-bind").arg(&self.helper).arg(INSIDE);
        command.args(["--remount-ro", "/", "--chdir", FILES, "--clearenv"]);
        let path = self.path.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(":");
        let set = [("PATH", path.as_str()), ("HOME", TEMPORARY), ("TMPDIR", TEMPORARY)];
        for (name, value) in set.into_iter().chain([("LANG", "C.UTF-8"), ("CI", "true")]) {
            command.args(["--setenv", name, value]);
        }
        command.args(["--", INSIDE, HELPER]);
        command
    }
}
