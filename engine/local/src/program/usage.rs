//! What all processes of the sandbox use together, as the helper sees it.

use std::fs;

use super::{FILES, SHARED, TEMPORARY};

/// What is used.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Usage {
    /// Bytes of memory, with the files, which are in memory.
    pub(super) memory: u64,
    /// Processes and threads.
    pub(super) processes: u64,
}

/// What the kernel needs for a file or folder in memory, however small, in bytes.
const FILE: u64 = 1024;

/// Counts what is used. Pages that processes share are counted for each at first, and once when the
/// sum exceeds `most`, which takes longer.
pub(super) fn usage(most: u64) -> Usage {
    let files: u64 = [FILES, TEMPORARY, SHARED].into_iter().map(stored).sum();
    let (mut used, mut processes) = (Usage { memory: files, processes: 0 }, Vec::new());
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // The first is the helper itself.
        if id == 1 {
            continue;
        }
        processes.push(id);
        used.processes += threads(id).unwrap_or(1);
        used.memory += private(id).unwrap_or_default();
    }
    if used.memory > most {
        let exact = |id: &u32| proportional(*id).unwrap_or_default();
        used.memory = files + processes.iter().map(exact).sum::<u64>();
    }
    used
}

/// Bytes stored below a mount point.
fn stored(path: &str) -> u64 {
    let Ok(found) = rustix::fs::statvfs(path) else { return 0 };
    let bytes = found.f_blocks.saturating_sub(found.f_bfree).saturating_mul(found.f_frsize);
    bytes.saturating_add(found.f_files.saturating_sub(found.f_ffree).saturating_mul(FILE))
}

/// Number of threads of a process.
fn threads(id: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // Its name may contain anything, parentheses too.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(17)?.parse().ok()
}

/// Bytes of a process that no file backs, with memory that it shares.
fn private(id: u32) -> Option<u64> {
    sum(&fs::read_to_string(format!("/proc/{id}/status")).ok()?, &["RssAnon:", "RssShmem:"])
}

/// The sum of lines that give kilobytes, in bytes.
fn sum(text: &str, names: &[&str]) -> Option<u64> {
    let of = |name: &&str| {
        let line = text.lines().find_map(|line| line.strip_prefix(*name))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    let found: Vec<u64> = names.iter().filter_map(of).collect();
    (!found.is_empty()).then(|| found.iter().sum::<u64>() * 1024)
}

/// Bytes of a process, where a page of several processes counts in part for each.
fn proportional(id: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    sum(&text, &["Pss_Anon:", "Pss_Shmem:"])
}
