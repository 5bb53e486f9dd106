//! A key is given twice.
//!
//! Readers of YAML disagree about which one counts, so neither does.
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
