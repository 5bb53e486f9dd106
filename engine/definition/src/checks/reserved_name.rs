//! A name is reserved.
//!
//! `--model rehearsal` always starts a rehearsal, so no model can have this name.
//!
//! Wrong:
//!
//! ```yaml
//! models: { rehearsal: { max_tokens: 4000 } }
//! ```
//!
//! Right:
//!
//! ```yaml
//! models: { small: { max_tokens: 4000 } }
//! ```

use super::{Check, Context};
use crate::diagnostic::Report;

pub(super) const CHECK: Check = Check { code: "reserved-name", run: Some(run) };

/// The value of `--model` that is not the name of a model.
pub const REHEARSAL: &str = "rehearsal";

fn run(context: &Context<'_>, report: &mut Report) {
    let models = context.crew().and_then(|crew| crew.models.get());
    for (_, span, _) in
        models.into_iter().flat_map(|models| models.iter()).filter(|(name, ..)| *name == REHEARSAL)
    {
        report
            .error(
                CHECK.code,
                format!("`{REHEARSAL}` is reserved and cannot be the name of a model"),
            )
            .at(span, "")
            .help("rename the model, also where agents use it");
    }
}
