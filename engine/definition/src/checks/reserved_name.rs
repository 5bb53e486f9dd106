//! A name that means something else already.
//!
//! `--model rehearsal` asks for a rehearsal whatever the models are, so no model can be called so.
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

/// What `--model` takes besides the names of models.
pub const REHEARSAL: &str = "rehearsal";

fn run(context: &Context<'_>, report: &mut Report) {
    let models = context.crew().and_then(|crew| crew.models.get());
    for (_, span, _) in
        models.into_iter().flat_map(|models| models.iter()).filter(|(name, ..)| *name == REHEARSAL)
    {
        report
            .error(CHECK.code, format!("no model can be called `{REHEARSAL}`"))
            .at(span, "")
            .help("give it another name, also where agents use it");
    }
}
