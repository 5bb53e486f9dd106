//! Capacity units that the table uses on demand, without its indexes, by the published rule.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of a write unit and of a read unit.
const WRITE: usize = 1024;
const READ: usize = 4096;

/// Units that were used by the table itself; its indexes write again what they project when that
/// changes. Reads count halves, because an eventually consistent read costs half.
#[derive(Debug, Default)]
pub struct Units {
    writes: AtomicU64,
    half_reads: AtomicU64,
}

impl Units {
    /// Write request units.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Read request units.
    pub fn reads(&self) -> f64 {
        self.half_reads.load(Ordering::Relaxed) as f64 / 2.0
    }

    /// A write pays for the whole item, and in a transaction twice.
    pub(super) fn wrote(&self, bytes: usize, transaction: bool) {
        let units = bytes.div_ceil(WRITE).max(1) as u64;
        self.writes.fetch_add(units << u32::from(transaction), Ordering::Relaxed);
    }

    /// A consistent read.
    pub(super) fn read(&self, bytes: usize) {
        let halves = 2 * bytes.div_ceil(READ).max(1) as u64;
        self.half_reads.fetch_add(halves, Ordering::Relaxed);
    }

    /// A read that may lag.
    pub(super) fn read_late(&self, bytes: usize) {
        self.half_reads.fetch_add(bytes.div_ceil(READ).max(1) as u64, Ordering::Relaxed);
    }
}
