//! A value that means one thing here and another to tools that read YAML 1.1.
//!
//! `no` is a word in YAML 1.2 and false in 1.1; `010` is ten or eight; `12:30` is text or 750. What
//! an editor or a script makes of the file may thus not be what runs. Quotes, or a number without
//! leading zeros, mean the same everywhere.
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
