//! A value has another type than its key.
//!
//! A list where a text belongs, or nothing where a map belongs, has no meaning. An optional key is
//! left out, never left empty: `gate:` with nothing behind it would quietly mean "no gate".
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
