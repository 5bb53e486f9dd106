//! A required key is missing.
//!
//! The key has no sensible default, so the engine does not guess a value.
//!
//! Wrong:
//!
//! ```yaml
//! review: { agent: pm }
//! ```
//!
//! Right:
//!
//! ```yaml
//! review: { agent: pm, depth: light }
//! ```

use super::Check;

pub(super) const CHECK: Check = Check { code: "missing-key", run: None };
