//! A template's slot is written wrongly, or names a source that does not exist.
//!
//! A slot says where its content comes from. A rehearsal fills it from there, and a review finds it
//! when it stays empty.
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

/// Its code, for the walk over prompts and templates that applies it.
pub(crate) const CODE: &str = "template-slot";

pub(super) const CHECK: Check = Check { code: CODE, run: None };
