//! What `list` and `inbox` take in a home of 10,000 engagements, against the limit of 50 ms.
//!
//! `cargo bench -p cloudcrew-benches --bench lists`

use std::process::Command;
use std::time::Duration;

use cloudcrew_benches::home::filled;
use cloudcrew_benches::{binary, median, ms, root, took};

const ENGAGEMENTS: usize = 10_000;
/// One of so many waits at a gate.
const WAITS: usize = 20;
const LIMIT: Duration = Duration::from_millis(50);
const RUNS: usize = 15;

fn main() {
    let ours = binary();
    let home = tempfile::tempdir().expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(filled(home.path(), ENGAGEMENTS, WAITS));
    println!(
        "{ENGAGEMENTS} engagements, one of {WAITS} waits at a gate; medians of {RUNS} runs of the \
         whole process, against a limit of {}",
        ms(LIMIT)
    );
    for verb in [&["list"][..], &["list", "--format", "json"], &["inbox"], &["--version"]] {
        let mut command = Command::new(&ours);
        command.args(verb).arg("-C").arg(root()).arg("--home").arg(home.path());
        let walls: Vec<Duration> = (0..RUNS).map(|_| took(&mut command).wall).collect();
        let wall = median(&walls);
        println!(
            "  {:20} {}   {:.2} of the limit",
            verb.join(" "),
            ms(wall),
            wall.as_secs_f64() / LIMIT.as_secs_f64()
        );
    }
}
