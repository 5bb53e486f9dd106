//! Rehearsals that state an expected outcome. They run in parallel, each in its own temporary home.

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

/// A rehearsal file with `expect`.
#[derive(Clone, Copy)]
pub struct Test<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub written: &'a RehearsalFile,
}

/// The result of a test.
pub struct Verdict {
    pub name: String,
    pub description: String,
    pub took: Duration,
    /// Unmet expectations.
    pub misses: Vec<Miss>,
}

/// An unmet expectation.
pub struct Miss {
    /// The place in the file.
    pub at: Option<Span>,
    /// What was expected, and what came.
    pub text: String,
    /// What to write there to expect what came, if it is a plain value. A limit, a name in a
    /// message and the contents of a file say what the test is for, and stay.
    pub came: Option<String>,
}

impl Miss {
    fn new(at: Option<Span>, text: String) -> Miss {
        Miss { at, text, came: None }
    }
}

/// Runs tests on all cores, and passes each result to `report` in the order of the tests.
pub fn run(
    root: &Path,
    definition: &Definition,
    tests: &[Test<'_>],
    report: impl Fn(&Verdict) + Sync,
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
            report(verdict);
            next.fetch_add(1, Ordering::Relaxed);
        }
    });
    verdicts.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}
