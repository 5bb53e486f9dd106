//! Some models have a provider and others do not.
//!
//! A model without a `provider` is rehearsed. A run that mixes live and rehearsed agents would look
//! real without being so, and `cloudcrew run` refuses it. To use one model for all agents in a run,
//! pass `--model NAME`.
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

use super::{Check, Context};
use crate::diagnostic::{Report, Severity};

pub(super) const CHECK: Check = Check { code: "half-live-crew", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let Some(models) = context.crew().and_then(|c| c.models.get()) else { return };
    let used: Vec<&str> = context.models_used().into_iter().map(|(name, _)| name).collect();
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
                format!("`{name}` has no provider, but `{served}` has one"),
            )
            .at(span, "rehearsed")
            .also(*at, "live")
            .help(
                "set `provider` and `id` on all models or on none: `cloudcrew run` refuses a mix",
            );
    }
}
