//! Compares `cloudcrew check` with all rules to `ryl`, the fastest YAML linter we found, on the
//! same files: 1, 100 and 1,000 phases of about 100 lines. Each run is a new process without any
//! cache; the two take turns.
//!
//! `cargo bench -p cloudcrew-benches --bench check`, with `ryl` on PATH or set by `RYL`, from the
//! package registry of Python or Rust

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cloudcrew_benches::{Took, binary, measure_if_asked, median, ms, peak_kib, ran, took};

const ROUNDS: usize = 15;
const AGENTS: usize = 20;
/// Deliverables of a phase, for a file of about 100 lines.
const DELIVERABLES: usize = 15;
const PHASES_OF_A_WORKFLOW: usize = 8;

fn main() {
    measure_if_asked();
    let ours = binary();
    let ryl = std::env::var("RYL").unwrap_or_else(|_| "ryl".to_owned());
    println!(
        "medians of {ROUNDS} alternating runs: wall time, CPU time, and peak memory of one run"
    );
    for phases in [1, 100, 1000] {
        let folder = tempfile::tempdir().expect("a folder");
        let lines = workspace(folder.path(), phases);
        let check = || {
            let mut command = Command::new(&ours);
            command.arg("-C").arg(folder.path()).arg("check");
            command
        };
        let lint = |rules: &[&str]| {
            let mut command = Command::new(&ryl);
            command.args(["check", "--no-cache", "--no-warnings"]).args(rules).arg(folder.path());
            command
        };
        let (mut ours, mut usual, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(took(&mut check()));
            // Its findings about style do not matter here.
            usual.push(ran(&mut lint(&USUAL)).0);
            all.push(ran(&mut lint(&ALL)).0);
        }
        println!("{phases} phases, {lines} lines each");
        let (wall, cpu) = of(&ours);
        println!(
            "  cloudcrew check           {:>9}  CPU {:>9}  {:>5.1} MiB",
            ms(wall),
            ms(cpu),
            mib(&check())
        );
        for (name, runs, rules) in
            [("ryl, its default rules", &usual, &USUAL[..]), ("ryl, all its rules", &all, &ALL[..])]
        {
            let (its_wall, its_cpu) = of(runs);
            let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
            let (its, ours) =
                ((ms(its_wall), ms(its_cpu)), (ratio(wall, its_wall), ratio(cpu, its_cpu)));
            println!(
                "  {name:24}  {:>9}  CPU {:>9}  {:>5.1} MiB   ours {:.2}x, CPU {:.2}x",
                its.0,
                its.1,
                mib(&lint(rules)),
                ours.0,
                ours.1
            );
        }
    }
}

/// The rules that `ryl` shares with yamllint by default, and all its rules.
const USUAL: [&str; 2] = ["-d", "extends: default"];
const ALL: [&str; 2] = ["--enable", "ALL"];

/// Medians of wall and CPU time.
fn of(runs: &[Took]) -> (Duration, Duration) {
    let (wall, cpu): (Vec<_>, Vec<_>) = runs.iter().map(|t| (t.wall, t.cpu)).unzip();
    (median(&wall), median(&cpu))
}

fn mib(command: &Command) -> f64 {
    peak_kib(command) as f64 / 1024.0
}

/// Writes a workspace without findings; returns the number of lines of a phase.
fn workspace(root: &Path, phases: usize) -> usize {
    let mut agents =
        "---\nversion: 1\nmodels:\n  m: {max_tokens: 1000}\nshared_tools: [repo_read, repo_list, \
         ledger_read]\nagents:\n"
            .to_owned();
    for i in 0..AGENTS {
        agents.push_str(&format!(
            "  a{i}:\n    description: Owns part {i}\n    model: m\n    prompt: \
             prompts/a{i}.md\n    tools: [repo_write, review_verdict]\n    writes: [docs/a{i}/**]\n"
        ));
        write(root, &format!("prompts/a{i}.md"), "You are {{ agent.name }}.\n");
    }
    for i in 0..phases {
        write(root, &format!("phases/p{i}.yaml"), &phase(i));
    }
    // Gives every agent work, however few phases there are.
    write(root, "phases/all.yaml", &everybody());
    write(root, "prompts/tasks/t.md", "Do {{ phase.name }}.\n");
    write(root, "templates/plan.md", "# Plan\n\n## Scope\n\nText\n");
    write(root, "agents.yaml", &agents);
    for first in (0..phases).step_by(PHASES_OF_A_WORKFLOW) {
        let names: Vec<String> =
            (first..phases.min(first + PHASES_OF_A_WORKFLOW)).map(|i| format!("p{i}")).collect();
        let also = if first == 0 { ", all" } else { "" };
        write(
            root,
            &format!("workflows/w{first}.yaml"),
            &format!("---\nversion: 1\nworkflow: w{first}\nphases: [{}{also}]\n", names.join(", ")),
        );
    }
    phase(0).lines().count()
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("written");
}

fn phase(i: usize) -> String {
    let (owner, other) = (i % AGENTS, (i + 1) % AGENTS);
    let mut text = format!(
        "---\nversion: 1\nphase: p{i}\ndescription: Part {i} of the work\nswarm:\n  entry: \
         a{owner}\n  agents: [a{owner}, a{other}]\n  max_handoffs: 10\n  max_iterations: 10\n  \
         max_turns: 100\n  execution_timeout: 15m\n  node_timeout: 5m\ntask: \
         prompts/tasks/t.md\nreview: {{agent: a{other}, depth: light, max_reworks: 1}}\ngate:\n  \
         kind: approval\n  ratings: [quality]\n  max_revisions: 3\n  remind_after: 24h\nquestions: \
         {{remind_after: 30m}}\nretry: {{max_attempts: 1, timeout_factor: 1.5}}\ndeliverables:\n"
    );
    for d in 0..DELIVERABLES {
        text.push_str(&format!(
            "  - path: docs/a{owner}/p{i}/d{d}.md\n    owner: a{owner}\n    template: plan\n    \
             reviewers: [a{other}]\n    description: Part {d} of part {i}\n"
        ));
    }
    text
}

fn everybody() -> String {
    let names: Vec<String> = (0..AGENTS).map(|i| format!("a{i}")).collect();
    format!(
        "---\nversion: 1\nphase: all\nswarm:\n  entry: a0\n  agents: [{}]\ntask: \
         prompts/tasks/t.md\n",
        names.join(", ")
    )
}
