//! Deliberate faults, which prove that the test suites detect them.
//!
//! In a build with the feature `armed`, the environment variable `CLOUDCREW_PLANTED` lists the
//! active faults, separated by commas. In any other build [`Fault::is_planted`] is `false` at
//! compile time, and the faults are not in the binary.

/// A fault that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `no-compare-and-swap`: an append ignores the expected end of the journal, and a branch is
    /// moved from wherever it is.
    NoCompareAndSwap,
    /// `effect-before-intent`: a commit is made before its intent is recorded.
    EffectBeforeIntent,
    /// `ack-before-commit`: the store replies before COMMIT.
    AckBeforeCommit,
    /// `prefix-paths`: a write scope compares text prefixes, not path components.
    PrefixPaths,
    /// `no-epoch`: a driver's append ignores the lease.
    NoEpoch,
    /// `no-more-pages`: only the first page of a query is read.
    NoMorePages,
    /// `stale-reads`: reads of journals, requests and leases may be old.
    StaleReads,
    /// `no-token`: an append that happened is not recognised when its reply was lost.
    NoToken,
    /// `by-completion`: tool results are recorded in the order of completion, not of their calls.
    ByCompletion,
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 9] = [
        Fault::NoCompareAndSwap,
        Fault::EffectBeforeIntent,
        Fault::AckBeforeCommit,
        Fault::PrefixPaths,
        Fault::NoEpoch,
        Fault::NoMorePages,
        Fault::StaleReads,
        Fault::NoToken,
        Fault::ByCompletion,
    ];

    /// The fault's name in `CLOUDCREW_PLANTED`.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::NoCompareAndSwap => "no-compare-and-swap",
            Fault::EffectBeforeIntent => "effect-before-intent",
            Fault::AckBeforeCommit => "ack-before-commit",
            Fault::PrefixPaths => "prefix-paths",
            Fault::NoEpoch => "no-epoch",
            Fault::NoMorePages => "no-more-pages",
            Fault::StaleReads => "stale-reads",
            Fault::NoToken => "no-token",
            Fault::ByCompletion => "by-completion",
        }
    }

    /// Whether the fault is planted in this process.
    #[cfg(feature = "armed")]
    pub fn is_planted(self) -> bool {
        static NAMED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let named = NAMED.get_or_init(|| std::env::var("CLOUDCREW_PLANTED").unwrap_or_default());
        named.split(',').any(|name| name.trim() == self.name())
    }

    /// Always `false` in this build.
    #[cfg(not(feature = "armed"))]
    pub const fn is_planted(self) -> bool {
        false
    }
}
