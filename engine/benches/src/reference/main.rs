//! Compares this engine with Strands Agents, the reference for its swarm. Both run the same work
//! against the same scripted server in the same session, taking turns, each run in a fresh process.
//! Ours keeps its journal, with every commit synced; the reference keeps none. The server is a
//! third process and is not measured.
//!
//! `cargo bench -p cloudcrew-benches --features aws --bench reference` (`-- --quick`: smaller, each
//! once; `-- --bill`: only the savings of caching, without the reference)
//!
//! Needs `python3` with `venv`, and access to the Python package index the first time.

mod bare;
mod bill;
mod child;
mod counted;
mod ours;
mod scenario;
mod server;
mod strands;
mod table;
mod workspace;

use std::path::{Path, PathBuf};
use std::process::Command;

use cloudcrew_benches::median;
use serde_json::Value;

use crate::child::Child;
use crate::scenario::{FILE, Side};
use crate::server::Server;
use crate::table::{Row, Table};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("measure") => child::measure(&words[1..]),
        Some("ours") => ours::main(Path::new(&words[1])),
        Some("bare") => bare::main(Path::new(&words[1])),
        Some("engagement") => bill::main(Path::new(&words[1])),
        _ if words.iter().any(|word| word == "--bill") => {
            let folder = tempfile::tempdir().expect("a folder");
            bill::print(&Server::start(folder.path()), folder.path());
        }
        _ => compare(words.iter().any(|word| word == "--quick")),
    }
}

/// Amount of work.
struct Size {
    rounds: usize,
    swarm: usize,
    visit: usize,
    long: usize,
    at_once: usize,
}

fn compare(quick: bool) {
    let size = match quick {
        true => Size { rounds: 1, swarm: 200, visit: 100, long: 2_000, at_once: 30 },
        false => Size { rounds: 3, swarm: 500, visit: 300, long: 10_000, at_once: 100 },
    };
    let bench = Bench::new();
    println!(
        "Strands Agents {} and this engine, {} rounds in turn, medians; profile `bench`, which is \
         `release` with lines.",
        strands::VERSION,
        size.rounds
    );
    println!("CPU is user and system time of the whole process, less its start.");
    let mut table = Table::default();
    let idle = bench.start(&mut table, &size);
    bench.swarm(&mut table, &size, idle);
    bench.visit(&mut table, &size, idle);
    bench.long_visit(&mut table, &size);
    bench.at_once(&mut table, &size);
    bench.review_cycle(&mut table);
    bench.usage(&mut table);
    table.print("Strands", "ours");
    bill::print(&bench.server, bench.folder.path());
}

/// One run of one side.
struct Run {
    child: Child,
    folder: PathBuf,
    requests: usize,
    /// Seconds from the start of the process to the first request.
    first: f64,
    /// Reported tokens, and tokens sent by the server.
    usage: ((u64, u64), (u64, u64)),
}

impl Run {
    /// CPU seconds for 1,000 turns, without the start.
    fn per_thousand(&self, idle: f64) -> f64 {
        (self.child.cpu - idle).max(0.0) / (self.requests as f64 - 1.0) * 1000.0
    }
}

/// CPU seconds of a process that makes one request: the reference, and ours.
#[derive(Clone, Copy)]
struct Idle(f64, f64);

struct Bench {
    server: Server,
    folder: tempfile::TempDir,
    python: PathBuf,
    /// Reported and true usage of every run: side, work, reported, true.
    usages: std::cell::RefCell<Vec<(Side, String, u64, u64)>>,
    runs: std::cell::Cell<usize>,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let bench = Bench {
            server: Server::start(folder.path()),
            folder,
            python: strands::python(),
            usages: Vec::new().into(),
            runs: 0.into(),
        };
        // The first start of either side reads its files from disk.
        bench.reference("warm", &scenario::start(), false);
        bench.ours("warm", &scenario::start());
        bench
    }

    fn folder(&self) -> PathBuf {
        self.runs.set(self.runs.get() + 1);
        let folder = self.folder.path().join(format!("run-{}", self.runs.get()));
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    fn reference(&self, work: &str, scenario: &Value, threads: bool) -> Run {
        let folder = self.folder();
        let path = folder.join("scenario.json");
        std::fs::write(&path, scenario.to_string()).expect("written");
        let mut command = strands::command(&self.python, &path);
        if threads {
            command.arg("threads");
        }
        self.run(Side::Reference, work, scenario, folder, command)
    }

    fn ours(&self, work: &str, scenario: &Value) -> Run {
        let folder = self.folder();
        let scenario = scenario::in_our_words(scenario);
        std::fs::write(folder.join("scenario.json"), scenario.to_string()).expect("written");
        workspace::write(&folder.join("workspace"), &scenario);
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("ours").arg(&folder);
        let run = self.run(Side::Ours, work, &scenario, folder, command);
        if std::env::var_os("CLOUDCREW_BENCH_SHOW").is_some() {
            eprintln!("{work}: {} {}", run.child.said, run.child.complaint);
        }
        run
    }

    fn run(
        &self,
        side: Side,
        work: &str,
        scenario: &Value,
        folder: PathBuf,
        mut command: Command,
    ) -> Run {
        self.server.load(scenario);
        self.server.serves(&mut command);
        let child = child::run(&command);
        let stats = self.server.stats();
        let reported = |name: &str| child.said[name].as_u64().unwrap_or(0);
        let usage = ((reported("input"), reported("output")), self.truth(scenario, &stats));
        if !child.said.is_null() {
            let ((input, output), (true_input, true_output)) = usage;
            self.usages.borrow_mut().push((
                side,
                work.to_owned(),
                input + output,
                true_input + true_output,
            ));
        }
        let first = stats["first_request_wall"].as_f64().unwrap_or(f64::NAN) - child.began;
        Run {
            folder,
            requests: stats["requests"].as_u64().unwrap_or(0) as usize,
            first,
            usage,
            child,
        }
    }

    /// Input and output tokens that the server sent.
    fn truth(&self, scenario: &Value, stats: &Value) -> (u64, u64) {
        if scenario["model"].get("cache").is_none() {
            return scenario::scripted(scenario, stats);
        }
        let meter = self.server.meter();
        let tokens = |name: &str| meter["complete"][name].as_u64().expect("a number of tokens");
        (tokens("inputTokens"), tokens("outputTokens"))
    }

    fn start(&self, table: &mut Table, size: &Size) -> Idle {
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..3 * size.rounds {
            theirs.push(self.reference("start", &scenario::start(), false));
            ours.push(self.ours("start", &scenario::start()));
        }
        table.add(Row::times(
            "process start to first model request, s",
            middle(&theirs, |r| r.first),
            middle(&ours, |r| r.first),
            15.0,
        ));
        Idle(middle(&theirs, |r| r.child.cpu), middle(&ours, |r| r.child.cpu))
    }

    /// Runs the same work `rounds` times on both sides, and a bare loop next to ours.
    fn beside(&self, table: &mut Table, rounds: usize, idle: Idle, work: &Work<'_>) {
        let (mut theirs, mut ours, mut bare) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            theirs.push(self.reference(work.name, &work.theirs, false));
            let run = self.ours(work.name, &work.ours);
            assert_eq!(run.requests, work.turns, "{} {}", run.child.said, run.child.complaint);
            bare::prepare(
                &run.folder,
                &self.server.requests(),
                &run.folder.join("home"),
                work.ours["files"][FILE].as_str().expect("a file"),
            );
            bare.push(self.bare(work, &run));
            ours.push(run);
        }
        // The bare loop starts like ours, without workspace and repository; its own start-up
        // remains in its figure.
        let (their, our) = (
            middle(&theirs, |r| r.per_thousand(idle.0)),
            middle(&ours, |r| r.per_thousand(idle.1)),
        );
        table.add(Row::times(
            &format!("{}: CPU per 1,000 turns, s", work.name),
            their,
            our,
            work.less,
        ));
        let bare = median(&bare);
        table.add(Row::limit(
            &format!("{}: CPU per 1,000 turns next to a bare loop, s", work.name),
            bare,
            our,
            1.5,
        ));
    }

    fn bare(&self, work: &Work<'_>, run: &Run) -> f64 {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.arg("bare").arg(&run.folder);
        self.server.load(&scenario::in_our_words(&work.ours));
        self.server.serves(&mut command);
        let bare = child::run(&command);
        assert_eq!(bare.said["requests"], run.requests, "{}", bare.complaint);
        bare.cpu / run.requests as f64 * 1000.0
    }

    fn swarm(&self, table: &mut Table, size: &Size, idle: Idle) {
        let name = format!("swarm of {} turns, streaming", size.swarm);
        let (theirs, ours) =
            (scenario::swarm(size.swarm, Side::Reference), scenario::swarm(size.swarm, Side::Ours));
        self.beside(
            table,
            size.rounds,
            idle,
            &Work { name: &name, theirs, ours, turns: size.swarm, less: 8.0 },
        );
    }

    fn visit(&self, table: &mut Table, size: &Size, idle: Idle) {
        let name = format!("one visit of {} turns, 1 KB added per turn", size.visit);
        let work = scenario::alone(size.visit, 1024);
        let work =
            Work { name: &name, theirs: work.clone(), ours: work, turns: size.visit, less: 40.0 };
        self.beside(table, size.rounds.min(2), idle, &work);
    }

    /// The longest possible visit. Our history is bounded; the reference's cannot be.
    fn long_visit(&self, table: &mut Table, size: &Size) {
        let mut work = scenario::alone(size.long, 200);
        // The server counts its input, because trimming depends on the provider's report.
        work["model"]["cache"] = serde_json::json!({ "minimum": 1024 });
        let theirs = self.reference("long visit", &work, false);
        work["context"] = serde_json::json!({ "window": 20_000, "trim_at": 0.8, "trim_to": 0.5 });
        let ours = self.ours("long visit", &work);
        let name = format!("one visit of {} turns, bounded history: turns done", size.long);
        table.add(Row::counts(&name, theirs.requests, ours.requests, ours.requests >= size.long));
        if let Some(why) = ours.child.said["undefined"].as_str() {
            return table.note(format!("skipped the long visit, cannot load its workspace: {why}"));
        }
        let times = self.server.times();
        let tenth = times.len() / 10;
        let each: Vec<f64> = (0..10)
            .map(|n| (times[(n + 1) * tenth - 1].1 - times[n * tenth].0) / tenth as f64 * 1e3)
            .collect();
        let shown: Vec<String> = each.iter().map(|ms| format!("{ms:.2}")).collect();
        table.note(format!(
            "long visit, ms per turn by tenths, the server's part included: {}",
            shown.join(" ")
        ));
        let half = |from: usize| median(&each[from..from + 5]);
        table
            .add(Row::flat("long visit: time per turn, second half over first", half(5) / half(0)));
        table.note(format!(
            "long visit of ours: {:.1} s, {:.1} s CPU, peak {:.0} MB; {}",
            ours.child.wall, ours.child.cpu, ours.child.peak, ours.child.said["ends"]
        ));
    }

    /// From the first request to the last answer, as seen by the server.
    fn span(&self) -> f64 {
        let times = self.server.times();
        let (first, last) = times
            .iter()
            .fold((f64::MAX, 0.0_f64), |(first, last), time| (first.min(time.0), last.max(time.1)));
        last - first
    }

    fn at_once(&self, table: &mut Table, size: &Size) {
        let (one, many) = (scenario::at_once(1), scenario::at_once(size.at_once));
        let ideal = 10.0 * 0.05;
        let (mut theirs, mut threads, mut ours, mut peaks) =
            (Vec::new(), Vec::new(), Vec::new(), [vec![], vec![], vec![], vec![]]);
        for _ in 0..size.rounds {
            peaks[0].push(self.reference("one swarm", &one, false).child.peak);
            let run = self.reference("swarms at once", &many, false);
            theirs.push(self.span());
            peaks[1].push(run.child.peak);
            self.reference("swarms in threads", &many, true);
            threads.push(self.span());
            peaks[2].push(self.ours("one swarm", &one).child.peak);
            let run = self.ours("swarms at once", &many);
            ours.push(self.span());
            peaks[3].push(run.child.peak);
        }
        let name = format!("{} swarms at once, 10 turns each, 50 ms model", size.at_once);
        let (theirs, threads, ours) = (median(&theirs), median(&threads), median(&ours));
        table.add(Row::ideal(&format!("{name}: s"), theirs, ours, ideal, 1.3));
        table.note(format!(
            "{name}: the reference in one event loop {:.1}x the ideal {ideal} s, in threads \
             {threads:.1} s ({:.1}x)",
            theirs / ideal,
            threads / ideal
        ));
        table.add(Row::times(
            "peak memory of 1 swarm, MB",
            median(&peaks[0]),
            median(&peaks[2]),
            3.0,
        ));
        table.add(Row::times(
            &format!("peak memory of {} swarms, MB", size.at_once),
            median(&peaks[1]),
            median(&peaks[3]),
            3.0,
        ));
    }

    fn review_cycle(&self, table: &mut Table) {
        let theirs =
            self.reference("review cycle", &scenario::review_cycle(Side::Reference), false);
        let ours = self.ours("review cycle", &scenario::review_cycle(Side::Ours));
        let ended =
            ours.child.said["ends"][0].as_str().is_some_and(|end| end.starts_with("Completed"));
        table.add(Row::counts(
            "review cycle: model requests",
            theirs.requests,
            ours.requests,
            ours.requests <= 10 && ended,
        ));
        let over = |run: &Run| {
            (run.usage.0.0 + run.usage.0.1) as f64 / (run.usage.1.0 + run.usage.1.1) as f64 * 100.0
                - 100.0
        };
        table.add(Row::over(
            "review cycle: tokens reported over true, %",
            over(&theirs),
            over(&ours),
        ));
    }

    fn usage(&self, table: &mut Table) {
        for side in [Side::Reference, Side::Ours] {
            let usages = self.usages.borrow();
            let runs: Vec<_> = usages.iter().filter(|(of, ..)| *of == side).collect();
            let wrong: Vec<_> = runs.iter().filter(|(_, _, reported, is)| reported != is).collect();
            let mut names: Vec<String> = wrong
                .iter()
                .map(|(_, work, reported, is)| {
                    format!("{work} {:+.1} %", *reported as f64 / *is as f64 * 100.0 - 100.0)
                })
                .collect();
            names.dedup();
            let who = if side == Side::Ours { "ours" } else { "the reference" };
            table.note(format!(
                "usage of {who}: exact in {} of {} runs; {}",
                runs.len() - wrong.len(),
                runs.len(),
                names.join("; ")
            ));
            if side == Side::Ours {
                table.add(Row::none("runs of ours whose usage is not exact", wrong.len()));
            }
        }
    }
}

/// Work for both sides.
struct Work<'a> {
    name: &'a str,
    theirs: Value,
    ours: Value,
    turns: usize,
    /// Factor by which ours must be smaller.
    less: f64,
}

fn middle(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    median(&runs.iter().map(of).collect::<Vec<_>>())
}
