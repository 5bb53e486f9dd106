//! What the sandbox costs: `true` in it, beside `true` in a bare bubblewrap and alone, and with a
//! tree of files to copy.
//!
//! `cargo bench -p cloudcrew-benches --bench sandbox`

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cloudcrew_benches::{binary, median, ms};
use cloudcrew_local::program::Sandbox;
use cloudcrew_ports::program::{Job, JobFile, Limits, Programs as _};

const RUNS: usize = 60;

fn job(files: Vec<JobFile>) -> Job {
    Job {
        program: "true".to_owned(),
        arguments: Vec::new(),
        folder: String::new(),
        files,
        environment: Vec::new(),
        limits: Limits::default(),
    }
}

fn tree(count: usize, bytes: usize) -> Vec<JobFile> {
    let content = vec![b'x'; bytes];
    let file = |n| JobFile { path: format!("d{}/f{n}", n % 50), content: content.clone() };
    (0..count).map(file).collect()
}

fn timed(mut run: impl FnMut()) -> Duration {
    let began = Instant::now();
    run();
    began.elapsed()
}

fn quiet(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let sandbox = Sandbox::new(Vec::new(), binary());
    let run = |job: Job| {
        runtime.block_on(sandbox.run(job)).expect("it runs");
    };
    run(job(Vec::new()));
    let mut times: [Vec<Duration>; 5] = Default::default();
    for _ in 0..RUNS {
        times[0].push(timed(|| quiet(&mut Command::new("true"))));
        times[1].push(timed(|| {
            let mut bare = Command::new("/usr/bin/bwrap");
            bare.args(["--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib"]);
            bare.args(["/lib", "--symlink", "usr/lib64", "/lib64", "--proc", "/proc"]);
            quiet(bare.args(["--dev", "/dev", "--", "/usr/bin/true"]));
        }));
        times[2].push(timed(|| run(job(Vec::new()))));
        let (small, large) = (tree(1_000, 1_000), tree(10_000, 4_000));
        times[3].push(timed(|| run(job(small.clone()))));
        times[4].push(timed(|| run(job(large.clone()))));
    }
    let of = times.map(|times| median(&times));
    println!("medians of {RUNS} alternating runs of `true`");
    for (what, time) in [
        "alone",
        "in a bare bubblewrap",
        "in the sandbox",
        "in the sandbox, 1,000 files of 1 KB",
        "in the sandbox, 10,000 files of 4 KB",
    ]
    .into_iter()
    .zip(of)
    {
        let ratio = time.as_secs_f64() / of[1].as_secs_f64();
        println!("  {what:38} {}   {ratio:.2}x of bare bubblewrap", ms(time));
    }
}
