//! A prompt, task or template is not valid MiniJinja.
//!
//! It would fail when the phase starts, after earlier phases have been paid for. To bound parsing,
//! a tag may have at most 1,000 bytes and a text at most 100 `elif`.
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

/// Its code, for the walk over prompts and templates that reports it.
pub(crate) const CODE: &str = "prompt-syntax";

pub(super) const CHECK: Check = Check { code: CODE, run: None };
