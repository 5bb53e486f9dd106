//! A key has a value that is not allowed.
//!
//! Numbers have bounds, keywords come from a fixed list, durations are written as `15m` or `1h30m`,
//! and names are lowercase.
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { execution_timeout: 15 minutes }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { execution_timeout: 15m }
//! ```

use super::Check;

pub(super) const CHECK: Check = Check { code: "bad-value", run: None };
