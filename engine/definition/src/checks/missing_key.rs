//! A key that must be there is not.
//!
//! The engine does not guess what has no sensible default.
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
