//! A key appears twice in the same map.
//!
//! YAML parsers disagree about which value wins, so neither is accepted.
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { entry: pm, entry: sa }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { entry: pm }
//! ```

use super::Check;

pub(super) const CHECK: Check = Check { code: "duplicate-key", run: None };
