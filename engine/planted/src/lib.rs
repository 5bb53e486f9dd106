//! Faults on purpose, so that the suites can show that they would find them.
//!
//! In a build with the feature `armed`, the environment variable `CLOUDCREW_PLANTED` names the
//! faults that are there, comma separated. In any other build the answer is `false` at compile
//! time, and the faults are not in the binary.

/// A fault that can be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `no-compare-and-swap`: an append goes after whatever the journal's end is, and a branch is
    /// moved from wherever it is.
    NoCompareAndSwap,
    /// `effect-before-intent`: a commit is made without its intent on record.
    EffectBeforeIntent,
    /// `ack-before-commit`: replies of the store leave before COMMIT, which comes later.
    AckBeforeCommit,
    /// `prefix-paths`: a write scope is a prefix of text, not of path components.
    PrefixPaths,
    /// `no-epoch`: an append by a driver does not look at the lease.
    NoEpoch,
    /// `by-completion`: results of tools are taken in as they come, not in the order of their
    /// calls.
    ByCompletion,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 6] = [
        Fault::NoCompareAndSwap,
        Fault::EffectBeforeIntent,
        Fault::AckBeforeCommit,
        Fault::PrefixPaths,
        Fault::NoEpoch,
        Fault::ByCompletion,
    ];

    /// Its name in `CLOUDCREW_PLANTED`.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::NoCompareAndSwap => "no-compare-and-swap",
            Fault::EffectBeforeIntent => "effect-before-intent",
            Fault::AckBeforeCommit => "ack-before-commit",
            Fault::PrefixPaths => "prefix-paths",
            Fault::NoEpoch => "no-epoch",
            Fault::ByCompletion => "by-completion",
        }
    }

    /// Whether it is planted in this process.
    #[cfg(feature = "armed")]
    pub fn is_planted(self) -> bool {
        static NAMED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let named = NAMED.get_or_init(|| std::env::var("CLOUDCREW_PLANTED").unwrap_or_default());
        named.split(',').any(|name| name.trim() == self.name())
    }

    /// Whether it is planted in this process: never in this build.
    #[cfg(not(feature = "armed"))]
    pub const fn is_planted(self) -> bool {
        false
    }
}
