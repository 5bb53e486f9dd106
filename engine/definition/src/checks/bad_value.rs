//! A value is none that its key may have.
//!
//! Numbers have bounds, words come from a list, durations are written `15m` or `1h30m`, names are
//! lowercase.
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
