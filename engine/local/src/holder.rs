//! This process as the holder of a lease, and whether another holder is alive.
//!
//! Without `/proc`, or when the holder runs in another container or on another host, this cannot be
//! observed. The lease's time to live then decides.

use std::fs;

use cloudcrew_ports::lease::Holder;

/// A unique engagement id: 128 random bits in hex.
pub fn identity() -> String {
    let mut bytes = [0; 16];
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            // Only a kernel without the call keeps failing; the call exists since 2014.
            Err(_) => std::thread::yield_now(),
        }
    }
    cloudcrew_definition::digest::hex(&bytes)
}

/// The current process.
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

/// Whether the holder's process is running; `None` when that cannot be observed from here.
pub fn is_running(holder: &Holder) -> Option<bool> {
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

/// The kernel's boot id with the process id namespace: two containers share the boot id, and pid 7
/// of one is not pid 7 of the other.
fn boot() -> String {
    let Ok(boot) = fs::read_to_string("/proc/sys/kernel/random/boot_id") else {
        return String::new();
    };
    match fs::read_link("/proc/self/ns/pid") {
        Ok(namespace) => format!("{} {}", boot.trim(), namespace.display()),
        Err(_) => String::new(),
    }
}

/// Start time of a process in clock ticks after boot; `None` when it does not exist or is a zombie.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, and may contain blanks and
    // parentheses.
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
    fn this_process_is_running_and_a_reused_pid_is_another() {
        let me = this_process();
        assert_eq!(is_running(&me), Some(true));
        assert_eq!(is_running(&Holder { started: me.started + 1, ..me.clone() }), Some(false));
        assert_eq!(is_running(&Holder { boot: "another boot".to_owned(), ..me }), None);
    }

    #[test]
    fn a_zombie_is_not_running() {
        let mut child =
            std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let began = started(child.id()).expect("it runs");
        let holder = Holder { pid: child.id(), started: began, ..this_process() };
        assert_eq!(is_running(&holder), Some(true));
        child.kill().expect("it can be killed");
        for _ in 0..200 {
            if is_running(&holder) == Some(false) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert_eq!(is_running(&holder), Some(false), "a zombie holds no lease");
        child.wait().expect("it has ended");
    }
}
