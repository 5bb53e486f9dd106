//! A test has no statement of work.
//!
//! A rehearsal with `expect` is a test, and every engagement starts from a statement of work.
//!
//! Wrong:
//!
//! ```yaml
//! expect: { outcome: completed }
//! ```
//!
//! Right:
//!
//! ```yaml
//! sow: examples/sow/retail-orders.md
//! expect: { outcome: completed }
//! ```

use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "test-without-sow", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    for (_, file) in
        context.workspace.rehearsals.iter().filter(|(_, r)| r.sow.is_none() && r.expect.is_some())
    {
        let found = report
            .error(CHECK.code, "this test has no statement of work")
            .at(file.rehearsal.span, "");
        found.help("set `sow` to a file in `examples/sow/`, or remove `expect`");
    }
}
