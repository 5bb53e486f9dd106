//! A file cannot be read as text.
//!
//! Definition files are UTF-8 text of at most 512 KiB. This file is binary, too large, in another
//! encoding, or cannot be opened.
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
