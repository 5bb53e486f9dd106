//! A variable, filter, test or function that does not exist, or a use of one that cannot work.
//!
//! Texts are rendered strictly: an unknown name, a member of an empty list or a division by zero
//! fails the phase instead of leaving a hole in a prompt. A record, such as `phase`, is equal to no
//! text; `phase.name` may be.
//!
//! Wrong:
//!
//! ```text
//! You work on {{ projcet }}.
//! ```
//!
//! Right:
//!
//! ```text
//! You work on {{ project }}.
//! ```

use super::Check;

/// Its code, for the walk over prompts and templates that applies it.
pub(crate) const CODE: &str = "prompt-variable";

pub(super) const CHECK: Check = Check { code: CODE, run: None };
