//! A value has a different meaning in YAML 1.1.
//!
//! CloudCrew reads YAML 1.2, where `no` is text, `010` is ten and `12:30` is text. In YAML 1.1 they
//! are false, eight and 750. An editor or script may therefore read something other than what runs.
//! Quoted text and numbers without leading zeros mean the same everywhere.
//!
//! Wrong:
//!
//! ```yaml
//! max_handoffs: 010
//! description: no
//! ```
//!
//! Right:
//!
//! ```yaml
//! max_handoffs: 10
//! description: "no"
//! ```

use super::Check;

pub(super) const CHECK: Check = Check { code: "yaml-1-1", run: None };
