//! This process as the holder of a lease, and whether another holder still lives.
//!
//! Where there is no `/proc`, or the holder runs in another container or on another host, nobody
//! can tell from here: then the lease's time to live decides.

use std::fs;

use cloudcrew_ports::lease::Holder;

/// A name that no other engagement has: 128 bits by chance, in hex.
pub fn identity() -> String {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            // Only a kernel without the call fails for good; it has been there since 2014.
            Err(_) => std::thread::yield_now(),
        }
    }
    cloudcrew_definition::digest::hex(&bytes)
}

/// This process.
pub fn this_process() -> Holder {
    let pid = std::process::id();
    let host = host();
    Holder {
        name: format!("pid {pid} on {host}"),
        boot: boot(),
        started: started(pid).unwrap_or(0),
        host,
        pid,
    }
}

/// Whether the holder's process runs; `None` when it cannot be seen from here.
pub fn lives(holder: &Holder) -> Option<bool> {
    if holder.boot.is_empty() || holder.boot != boot() {
        return None;
    }
    Some(started(holder.pid) == Some(holder.started))
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::env::var("HOSTNAME").map_err(std::io::Error::other));
    name.map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this host".to_owned())
}

/// The kernel's boot id with the process id namespace: two containers share the first, and pid 7 of
/// one is not pid 7 of the other.
fn boot() -> String {
    let Ok(boot) = fs::read_to_string("/proc/sys/kernel/random/boot_id") else {
        return String::new();
    };
    match fs::read_link("/proc/self/ns/pid") {
        Ok(namespace) => format!("{} {}", boot.trim(), namespace.display()),
        Err(_) => String::new(),
    }
}

/// When a process began, in clock ticks after boot; `None` when there is none, or only its remains.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in brackets, and may hold blanks and brackets itself.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_a_reused_pid_is_not_it() {
        let me = this_process();
        assert_eq!(lives(&me), Some(true));
        assert_eq!(lives(&Holder { started: me.started + 1, ..me.clone() }), Some(false));
        assert_eq!(lives(&Holder { boot: "another boot".to_owned(), ..me }), None);
    }

    #[test]
    fn a_process_that_ended_is_dead_even_before_anybody_waits_for_it() {
        let mut child =
            std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let began = started(child.id()).expect("it runs");
        let holder = Holder { pid: child.id(), started: began, ..this_process() };
        assert_eq!(lives(&holder), Some(true));
        child.kill().expect("it can be killed");
        for _ in 0..200 {
            if lives(&holder) == Some(false) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(lives(&holder), Some(false), "a zombie holds no lease");
        child.wait().expect("it has ended");
    }
}
