//! A variable, filter, test or function that does not exist.
//!
//! Texts are rendered strictly: an unknown name fails the phase instead of leaving a hole in a prompt.
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
