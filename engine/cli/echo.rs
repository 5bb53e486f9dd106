//! `^C`, as a terminal writes it where the cursor stands.

use std::io::stderr;

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// While this lives, a terminal does not write the keys that ask a process to end: lines that stay at its bottom are drawn from where
/// the cursor was left.
pub struct Unwritten(bool);

impl Unwritten {
    pub fn new() -> Unwritten {
        let writes = mine().filter(|terminal| terminal.local_modes.contains(LocalModes::ECHOCTL));
        Unwritten(writes.is_some_and(|mut terminal| {
            terminal.local_modes.remove(LocalModes::ECHOCTL);
            set(&terminal)
        }))
    }
}

impl Drop for Unwritten {
    fn drop(&mut self) {
        if let Some(mut terminal) = mine().filter(|_| self.0) {
            terminal.local_modes.insert(LocalModes::ECHOCTL);
            set(&terminal);
        }
    }
}

/// How the terminal is set, when it is ours: who runs in the background and changes it is stopped.
fn mine() -> Option<Termios> {
    let foreground = tcgetpgrp(stderr()).is_ok_and(|group| group == getpgrp());
    foreground.then(|| tcgetattr(stderr()).ok()).flatten()
}

fn set(terminal: &Termios) -> bool {
    tcsetattr(stderr(), OptionalActions::Now, terminal).is_ok()
}
