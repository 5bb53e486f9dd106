//! A model names its provider or its identifier, and not the other; or a service without saying
//! where it is.
//!
//! A model is called by its identifier at its provider, and on AWS the crew is granted exactly the
//! models that are named so. With only one of the two nobody could be called. `openai` is any
//! service that speaks its language, so it needs an `endpoint`.
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
                .error(CHECK.code, format!("model `{name}` does not say where its service is"))
                .at(provider.span, "")
                .help(
                    "give `endpoint`, the URL that `/chat/completions` follows, such as \
                    `http://127.0.0.1:11434/v1`",
                );
        }
        let (at, there, missing) = match (&model.provider, &model.id) {
            (Some(Written { span, .. }), None) => (*span, "provider", "id"),
            (None, Some(Written { span, .. })) => (*span, "id", "provider"),
            _ => continue,
        };
        report
            .error(CHECK.code, format!("model `{name}` names its `{there}` and no `{missing}`"))
            .at(at, "")
            .help(format!(
                "give `{missing}` too, or remove `{there}`: nothing can be granted with one alone"
            ));
    }
}
