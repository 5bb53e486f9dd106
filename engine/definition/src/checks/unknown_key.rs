//! A key that the engine does not know.
//!
//! It would be ignored, and whoever wrote it would believe that it works.
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
