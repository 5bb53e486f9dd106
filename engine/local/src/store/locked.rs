//! Who keeps the database locked, as far as the system reports it: a process stopped in the middle
//! of a transaction holds its lock until it continues or ends.
//!
//! The lock is looked up in `/proc/locks`. Querying it through our own descriptor would be simpler,
//! but closing a descriptor releases all locks that this process has on the file.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// The byte of the log's index that SQLite locks to write (`WAL_WRITE_LOCK`, after 120 bytes of
/// header).
const WRITE_LOCK: u64 = 120;
/// Maximum bytes of `/proc/locks` to read.
const LOOKED_AT: u64 = 4 << 20;

/// The process that holds the write lock, with advice on how to release it.
pub(super) fn by(database: &Path) -> String {
    let Some(pid) = writer(database) else { return "another process; try again".to_owned() };
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name: String = name.chars().filter(|c| c.is_ascii_graphic()).take(16).collect();
    if is_stopped(pid) {
        format!(
            "process {pid} ({name}), which is stopped; continue it with `kill -CONT {pid}`, or end \
             it, and try again"
        )
    } else {
        format!("process {pid} ({name}); try again when it has finished")
    }
}

fn writer(database: &Path) -> Option<u32> {
    let mut index = database.as_os_str().to_owned();
    index.push("-shm");
    let inode = fs::symlink_metadata(index).ok()?.ino();
    let mut locks = String::new();
    File::open("/proc/locks").ok()?.take(LOOKED_AT).read_to_string(&mut locks).ok()?;
    locks.lines().find_map(|line| holder(line, inode))
}

/// Parses the process from a line such as `1: POSIX  ADVISORY  WRITE 4711 fe:00:10846212 120 120`.
fn holder(line: &str, inode: u64) -> Option<u32> {
    let mut words = line.split_whitespace().skip_while(|word| *word != "POSIX").skip(2);
    let (kind, pid, file) = (words.next()?, words.next()?, words.next()?);
    let (first, last) = (words.next()?.parse::<u64>().ok()?, words.next()?);
    let last = if last == "EOF" { u64::MAX } else { last.parse().ok()? };
    let is_it = kind == "WRITE" && file.rsplit(':').next()?.parse() == Ok(inode);
    (is_it && (first..=last).contains(&WRITE_LOCK)).then_some(pid.parse().ok()?)
}

fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before the state is in parentheses and may contain any byte.
    stat.rsplit(')')
        .next()
        .is_some_and(|rest| matches!(rest.trim_start().as_bytes().first(), Some(b'T' | b't')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_process_that_holds_the_write_lock() {
        let line = "7: POSIX  ADVISORY  WRITE 4711 fe:00:99 120 120";
        assert_eq!(holder(line, 99), Some(4711));
        assert_eq!(holder(line, 98), None);
        assert_eq!(holder("7: POSIX  ADVISORY  READ 4711 fe:00:99 120 120", 99), None);
        assert_eq!(holder("7: POSIX  ADVISORY  WRITE 4711 fe:00:99 123 EOF", 99), None);
        assert_eq!(holder("7: FLOCK  ADVISORY  WRITE 4711 fe:00:99 0 EOF", 99), None);
        assert_eq!(holder("7: -> POSIX  ADVISORY  WRITE 12 fe:00:99 0 EOF", 99), Some(12));
        assert_eq!(
            holder("7: POSIX  ADVISORY  WRITE -1 fe:00:99 120 120", 99),
            None,
            "in another container"
        );
        assert_eq!(holder("POSIX", 99), None);
    }
}
