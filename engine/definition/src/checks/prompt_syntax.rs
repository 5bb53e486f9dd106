//! A prompt, task or template is not MiniJinja.
//!
//! It would fail when the phase begins, after earlier phases have been paid for. A tag has 1,000
//! bytes at most and a text 100 `elif`, so that nothing it asks of the parser is without end.
//!
//! Wrong:
//!
//! ```text
//! Write {{ project
//! ```
//!
//! Right:
//!
//! ```text
//! Write {{ project }}
//! ```

use super::Check;

/// Its code, for the walk over prompts and templates that applies it.
pub(crate) const CODE: &str = "prompt-syntax";

pub(super) const CHECK: Check = Check { code: CODE, run: None };
