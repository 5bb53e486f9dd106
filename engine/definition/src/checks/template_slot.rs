//! A template slot is malformed, or names a source that does not exist.
//!
//! A slot names the sources of its content. A rehearsal fills it from these sources, and a review
//! reports slots that are still empty.
//!
//! Wrong:
//!
//! ```text
//! <!-- fill(requirement): One row each. -->
//! ```
//!
//! Right:
//!
//! ```text
//! <!-- fill(requirements): One row each. -->
//! ```

use super::Check;

/// Its code, for the walk over prompts and templates that reports it.
pub(crate) const CODE: &str = "template-slot";

pub(super) const CHECK: Check = Check { code: CODE, run: None };
