//! A value has the wrong type for its key.
//!
//! For example, a list where text is expected, or an empty value where a map is expected. To leave
//! out an optional key, remove it instead of leaving it empty: an empty `gate:` would silently mean
//! "no gate".
//!
//! Wrong:
//!
//! ```yaml
//! swarm: { max_handoffs: many }
//! ```
//!
//! Right:
//!
//! ```yaml
//! swarm: { max_handoffs: 10 }
//! ```

use super::Check;

pub(super) const CHECK: Check = Check { code: "wrong-type", run: None };
