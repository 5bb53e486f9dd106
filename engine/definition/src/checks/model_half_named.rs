//! A model has a `provider` without an `id`, an `id` without a `provider`, or no `endpoint` where
//! one is required.
//!
//! The engine calls a model by its identifier at its provider. On AWS, the crew is granted access
//! to exactly the models named this way. Neither works with only one of the two keys. `openai`
//! means any service with an OpenAI-compatible API, so it also needs an `endpoint`.
//!
//! Wrong:
//!
//! ```yaml
//! models:
//!   opus: { provider: bedrock, max_tokens: 16000 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! models:
//!   opus: { provider: bedrock, id: us.anthropic.claude-opus-4-6-v1, max_tokens: 16000 }
//! ```

use super::{Check, Context};
use crate::diagnostic::Report;
use crate::syntax::{Provider, Written};

pub(super) const CHECK: Check = Check { code: "model-half-named", run: Some(run) };

fn run(context: &Context<'_>, report: &mut Report) {
    let models = context.crew().and_then(|crew| crew.models.get());
    for (name, _, model) in models.into_iter().flat_map(|models| models.iter()) {
        if let (Some(provider), Some(_), None) = (&model.provider, &model.id, &model.endpoint)
            && provider.get() == Some(&Provider::Openai)
        {
            report
                .error(CHECK.code, format!("model `{name}` has no `endpoint`"))
                .at(provider.span, "")
                .help(
                    "set `endpoint` to the base URL before `/chat/completions`, such as \
                     `http://127.0.0.1:11434/v1`",
                );
        }
        let (at, there, missing) = match (&model.provider, &model.id) {
            (Some(Written { span, .. }), None) => (*span, "provider", "id"),
            (None, Some(Written { span, .. })) => (*span, "id", "provider"),
            _ => continue,
        };
        report
            .error(CHECK.code, format!("model `{name}` has `{there}` but no `{missing}`"))
            .at(at, "")
            .help(format!("add `{missing}`, or remove `{there}`: a live model needs both"));
    }
}
