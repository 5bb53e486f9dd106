//! The reference: Strands Agents from the package index, in its own environment below `target`,
//! created once.

use std::path::{Path, PathBuf};
use std::process::Command;

use cloudcrew_benches::root;

/// The version to compare with.
pub const VERSION: &str = "1.62.0";

/// Installs it; returns the path of its Python.
pub fn python() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let venv = target.join(format!("reference-{VERSION}"));
    let (python, made) = (venv.join("bin/python"), venv.join("made"));
    if !made.exists() {
        println!("installing strands-agents {VERSION} below {}", target.display());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
        run(Command::new(&python).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            &format!("strands-agents=={VERSION}"),
        ]));
        std::fs::write(made, VERSION).expect("written");
    }
    python
}

/// Runs a scenario.
pub fn command(python: &Path, scenario: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg(root().join("engine/benches/reference/swarm.py")).arg(scenario);
    command
}

fn run(command: &mut Command) {
    assert!(command.status().is_ok_and(|status| status.success()), "{command:?} failed");
}
