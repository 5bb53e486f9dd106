//! A file is not a single valid YAML document.
//!
//! A file that cannot be parsed is not checked any further. Definition files are YAML 1.2 with
//! these rules: tabs do not indent, an alias follows its anchor, a file holds one document, nesting
//! is at most 64 levels deep, and aliases expand to at most 250,000 nodes and 8 MiB of text.
//!
//! Wrong:
//!
//! ```yaml
//! swarm:
//!     \tentry: pm   (a tab)
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm:
//!   entry: pm
//! ```

use super::Check;

pub(super) const CHECK: Check = Check { code: "yaml-syntax", run: None };
