//! Work on several cores, its results in the order of what was to be done.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// From so many files on they are looked at side by side: a few are done before another core could
/// begin.
const MANY_FILES: usize = 64;
/// More cores are not used: looking is quick.
const MAX_CORES: usize = 8;

/// On how many cores so many files are looked at.
pub fn cores(files: usize) -> usize {
    if files < MANY_FILES {
        1
    } else {
        std::thread::available_parallelism().map_or(1, usize::from).min(MAX_CORES)
    }
}

/// Does `work` for each item, on so many cores at most. A fault in one is a fault of the whole.
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
            let came = work(item);
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((number, came));
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
    done.into_iter().map(|(_, came)| came).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items_on_any_number_of_cores() {
        let items: Vec<u32> = (0..1000).collect();
        for cores in [0, 1, 2, 7] {
            assert_eq!(
                side_by_side(&items, cores, |n| n * 2),
                items.iter().map(|n| n * 2).collect::<Vec<_>>()
            );
        }
    }
}
