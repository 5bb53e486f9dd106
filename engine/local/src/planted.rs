//! Faults on purpose, so that the suites can show that they would find them.
//!
//! Only with the feature `planted-faults`, and only what `CLOUDCREW_PLANTED` names, comma separated: `no-cas` (an append goes
//! after whatever the journal's end is), `no-epoch` (an append does not look at the lease), `ack-before-commit` (replies leave
//! before COMMIT, which comes later). Without the feature the answer is `no` at compile time.

/// Whether a fault is named.
#[cfg(feature = "planted-faults")]
pub(crate) fn planted(fault: &str) -> bool {
    static NAMED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let named = NAMED.get_or_init(|| std::env::var("CLOUDCREW_PLANTED").unwrap_or_default());
    named.split(',').any(|name| name.trim() == fault)
}

/// Whether a fault is named: never.
#[cfg(not(feature = "planted-faults"))]
pub(crate) const fn planted(_fault: &str) -> bool {
    false
}
