//! A file is not one YAML document.
//!
//! Nothing of a file is known until it can be read. The YAML is version 1.2: tabs do not indent, an
//! alias needs its anchor before it, one file holds one document, nesting goes 64 deep and aliases
//! expand to 250,000 nodes and 8 MiB of text at most.
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
