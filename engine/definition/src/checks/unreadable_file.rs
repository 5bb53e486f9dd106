//! A file cannot be read as text.
//!
//! Definition files are UTF-8 text of at most 512 KiB. A binary file, another encoding or a missing
//! permission means that nobody, neither the engine nor a reviewer, can say what it defines.
//!
//! Wrong:
//!
//! ```text
//! phases/discovery.yaml saved as UTF-16
//! ```
//!
//! Right:
//!
//! ```text
//! phases/discovery.yaml saved as UTF-8
//! ```

use super::Check;

pub(super) const CHECK: Check = Check { code: "unreadable-file", run: None };
