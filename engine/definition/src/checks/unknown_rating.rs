//! A rating is not one of the gate's ratings.
//!
//! The gate would refuse the approval.
//!
//! Wrong:
//!
//! ```yaml
//! gates:
//!   - { phase: poc, approves: { speed: 5 } }   # and the gate of poc rates quality
//! ```
//!
//! Right:
//!
//! ```yaml
//! gates:
//!   - { phase: poc, approves: { quality: 5 } }
//! ```

use super::context::{text, texts};
use super::{Check, Context};
use crate::diagnostic::Report;
use crate::syntax::Written;

pub(super) const CHECK: Check = Check { code: "unknown-rating", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let bends = context
        .workspace
        .rehearsals
        .iter()
        .flat_map(|(_, r)| r.gates.as_ref().and_then(Written::get).into_iter().flatten());
    for bend in bends.filter_map(Written::get) {
        let Some((phase, _)) = text(&bend.phase) else { continue };
        let gate = context
            .phases()
            .find(|p| text(&p.phase).is_some_and(|(n, _)| n == phase))
            .and_then(|p| p.gate.as_ref());
        let Some(gate) = gate.and_then(Written::get) else { continue };
        let known: Vec<&str> = gate.ratings.iter().flat_map(texts).map(|(name, _)| name).collect();
        let given = bend
            .approves
            .as_ref()
            .and_then(Written::get)
            .into_iter()
            .flat_map(|ratings| &ratings.0);
        for (name, span) in
            given.filter_map(|(name, _)| text(name)).filter(|(name, _)| !known.contains(name))
        {
            let found = report
                .error(CHECK.code, format!("the gate of `{phase}` has no rating `{name}`"))
                .at(span, "");
            found.help_closest(name, known.iter().copied());
            if let Some(ratings) = &gate.ratings {
                found.also(ratings.span, "the ratings of the gate");
            }
        }
    }
}
