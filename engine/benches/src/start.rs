//! Compares the run time of `cloudcrew --version` with an empty program, and measures a clean
//! build.
//!
//! `cargo bench -p cloudcrew-benches --bench start`

use std::process::Command;
use std::time::Duration;

use cloudcrew_benches::{binary, median, ms, root, took};

const RUNS: usize = 60;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("empty.rs");
    std::fs::write(&source, "fn main() {}\n").expect("written");
    let empty = folder.path().join("empty");
    let compiled = Command::new("rustc")
        .args(["-O", "-o"])
        .arg(&empty)
        .arg(&source)
        .status()
        .expect("rustc starts");
    assert!(compiled.success());
    let ours = binary();
    let (mut nothing, mut version): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        nothing.push(took(&mut Command::new(&empty)).wall);
        version.push(took(Command::new(&ours).arg("--version")).wall);
    }
    let (nothing, version) = (median(&nothing), median(&version));
    println!("medians of {RUNS} alternating starts");
    println!("  empty Rust binary       {}", ms(nothing));
    println!(
        "  cloudcrew --version     {}   {:.2}x",
        ms(version),
        version.as_secs_f64() / nothing.as_secs_f64()
    );
    println!(
        "  size of the binary      {:.1} MB",
        std::fs::metadata(&ours).expect("a file").len() as f64 / 1e6
    );
    let target = folder.path().join("target");
    let build = took(
        Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--target-dir"])
            .arg(&target)
            .current_dir(root()),
    );
    println!("one clean `cargo build` of the default members, with crates already downloaded");
    println!("  wall                    {:.0} s", build.wall.as_secs_f64());
    println!("  CPU                     {:.0} s", build.cpu.as_secs_f64());
}
