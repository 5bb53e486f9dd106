//! The engine does not know a key.
//!
//! Ignoring it would hide a mistake: its author would believe that the key works.
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { max_handofs: 10 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { max_handoffs: 10 }
//! ```

use super::Check;

pub(super) const CHECK: Check = Check { code: "unknown-key", run: None };
