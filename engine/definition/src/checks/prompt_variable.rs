//! A variable, filter, test or function does not exist, or is used in a way that cannot work.
//!
//! Rendering is strict: an unknown name, an index into an empty list or a division by zero fails
//! the phase instead of leaving a gap in the prompt. A record such as `phase` never equals text;
//! compare `phase.name` instead.
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

/// Its code, for the walk over prompts and templates that reports it.
pub(crate) const CODE: &str = "prompt-variable";

pub(super) const CHECK: Check = Check { code: CODE, run: None };
