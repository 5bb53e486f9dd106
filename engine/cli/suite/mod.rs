//! Rehearsals that say what must come out: run side by side, each in a home of its own that is gone afterwards.

mod expect;
mod junit;
mod trial;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::source::Span;
use cloudcrew_definition::syntax::RehearsalFile;

pub use junit::{junit, place};

/// A test: the file as written, and its name.
#[derive(Clone, Copy)]
pub struct Test<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub written: &'a RehearsalFile,
}

/// What came of a test.
pub struct Verdict {
    pub name: String,
    pub description: String,
    pub took: Duration,
    /// Where an expectation stands, and what came instead.
    pub misses: Vec<(Option<Span>, String)>,
}

/// Runs tests on all cores; `told` hears of each as it ends, in the order of the tests.
pub fn run(root: &Path, definition: &Definition, tests: &[Test<'_>], told: impl Fn(&Verdict) + Sync) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let done: Mutex<(Vec<Option<Verdict>>, usize)> = Mutex::new(((0..tests.len()).map(|_| None).collect(), 0));
    let work = || {
        while let Some((number, test)) = tests
            .get(next.load(Ordering::Relaxed))
            .map(|_| next.fetch_add(1, Ordering::Relaxed))
            .and_then(|n| Some((n, tests.get(n)?)))
        {
            let verdict = trial::run(root, definition, test);
            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            done.0[number] = Some(verdict);
            while let Some(Some(verdict)) = done.0.get(done.1) {
                told(verdict);
                done.1 += 1;
            }
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(tests.len()) {
            scope.spawn(work);
        }
    });
    let (verdicts, _) = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    verdicts.into_iter().flatten().collect()
}
