//! Work of parsers that recurse as deep as their input is nested.

/// Stack of the thread: 128 MiB. Callers bound their input to what it suffices for.
const STACK: usize = 128 * 1024 * 1024;

/// The result of some work on a thread with a large stack; `None` if it panics or cannot start.
pub(super) fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(work).ok()?;
    thread.join().ok()
}
