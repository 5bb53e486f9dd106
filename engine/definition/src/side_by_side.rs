//! Parallel work on several cores, with results in the order of the items.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Minimum number of files for parallel work. Fewer are done before another thread has started.
const MANY_FILES: usize = 64;
/// Maximum number of cores. Reading files is too quick to benefit from more.
const MAX_CORES: usize = 8;

/// The number of cores to use for this many files.
pub fn cores(files: usize) -> usize {
    if files < MANY_FILES {
        1
    } else {
        std::thread::available_parallelism().map_or(1, usize::from).min(MAX_CORES)
    }
}

/// Applies `work` to each item, on at most `cores` cores. A panic in one item panics the whole
/// call.
pub fn side_by_side<I: Sync, O: Send>(
    items: &[I],
    cores: usize,
    work: impl Fn(&I) -> O + Sync,
) -> Vec<O> {
    if cores < 2 || items.len() < 2 {
        return items.iter().map(work).collect();
    }
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(items.len())));
    let worker = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else { break };
            let result = work(item);
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((number, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..cores.min(items.len()) {
            scope.spawn(worker);
        }
        worker();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<u32> = (0..1000).collect();
        for cores in [0, 1, 2, 7] {
            assert_eq!(
                side_by_side(&items, cores, |n| n * 2),
                items.iter().map(|n| n * 2).collect::<Vec<_>>()
            );
        }
    }
}
