//! Some models of the crew are served by a provider, and others by nobody.
//!
//! A model without `provider` is rehearsed. A run in which some agents think and others only
//! pretend to would look real and not be, so `cloudcrew run` refuses one. With `--model NAME` all
//! agents can be given one model for a run.
//!
//! Wrong:
//!
//! ```yaml
//! models:
//!   opus: { provider: bedrock, id: us.anthropic.claude-opus-5-5, max_tokens: 16000 }
//!   sonnet: { max_tokens: 16000 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! models:
//!   opus: { provider: bedrock, id: us.anthropic.claude-opus-5-5, max_tokens: 16000 }
//!   sonnet: { provider: bedrock, id: us.anthropic.claude-sonnet-5-5, max_tokens: 16000 }
//! ```

use super::context::text;
use super::{Check, Context};
use crate::diagnostic::{Report, Severity};

pub(super) const CHECK: Check = Check { code: "half-live-crew", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(models) = context.crew().and_then(|c| c.models.get()) else { return };
    let used: Vec<&str> =
        context.agents().filter_map(|(_, _, a)| text(&a.model)).map(|(name, _)| name).collect();
    let (live, rehearsed): (Vec<_>, Vec<_>) = models
        .iter()
        .filter(|(name, ..)| used.contains(name))
        .partition(|(_, _, model)| model.provider.is_some());
    let Some((served, at, _)) = live.first() else { return };
    for (name, span, _) in rehearsed {
        report
            .add(
                CHECK.code,
                Severity::Warning,
                format!(
                    "nobody serves `{name}`, and a provider \
                serves `{served}`"
                ),
            )
            .at(span, "rehearsed")
            .also(*at, "live")
            .help(
                "give it a `provider` and an `id`, or take them from the other; a run with both \
                is refused",
            );
    }
}
