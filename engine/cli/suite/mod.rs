//! Rehearsals that say what must come out: run side by side, each in a home of its own that is gone
//! afterwards.

mod expect;
mod junit;
mod trial;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cloudcrew_definition::crew::Definition;
use cloudcrew_definition::side_by_side::side_by_side;
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
pub fn run(
    root: &Path,
    definition: &Definition,
    tests: &[Test<'_>],
    told: impl Fn(&Verdict) + Sync,
) -> Vec<Verdict> {
    let numbered: Vec<(usize, &Test<'_>)> = tests.iter().enumerate().collect();
    let verdicts: Mutex<BTreeMap<usize, Verdict>> = Mutex::default();
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    side_by_side(&numbered, cores, |(number, test)| {
        let verdict = trial::run(root, definition, test);
        let mut verdicts = verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        verdicts.insert(*number, verdict);
        while let Some(verdict) = verdicts.get(&next.load(Ordering::Relaxed)) {
            told(verdict);
            next.fetch_add(1, Ordering::Relaxed);
        }
    });
    verdicts.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}
