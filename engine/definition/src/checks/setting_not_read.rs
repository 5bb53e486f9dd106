//! A model has a setting that its provider does not use.
//!
//! `key_env` and `streaming` apply to `openai`; `region`, `guardrail`, `reasoning` and
//! `prompt_cache` apply to `bedrock`. A model without a provider is rehearsed and uses none of
//! them.
//!
//! Wrong:
//!
//! ```yaml
//! models:
//!   llama: { provider: openai, id: llama3, endpoint: "http://127.0.0.1:11434/v1", region: us-east-1, max_tokens: 4000 }
//! ```
//!
//! Right:
//!
//! ```yaml
//! models:
//!   llama: { provider: openai, id: llama3, endpoint: "http://127.0.0.1:11434/v1", max_tokens: 4000 }
//! ```

use super::{Check, Context};
use crate::diagnostic::Report;
use crate::source::Span;
use crate::syntax::{Model, Provider, Written};

pub(super) const CHECK: Check = Check { code: "setting-not-read", run: Some(run) };

/// A setting: its key, the providers that use it, and its span.
type Setting = (&'static str, &'static [Provider], Option<Span>);

fn run(context: &Context<'_>, report: &mut Report) {
    let models = context.crew().and_then(|crew| crew.models.get());
    for (name, _, model) in models.into_iter().flat_map(|models| models.iter()) {
        let provider = match &model.provider {
            Some(written) => match written.get() {
                Some(provider) => Some(*provider),
                None => continue,
            },
            None => None,
        };
        for (key, readers, at) in settings(model) {
            let Some(at) = at.filter(|_| !provider.is_some_and(|p| readers.contains(&p))) else {
                continue;
            };
            let found = match provider {
                None => report.error(
                    CHECK.code,
                    format!("model `{name}` has no provider, so `{key}` has no effect"),
                ),
                Some(p) => report.error(
                    CHECK.code,
                    format!("`{}` does not use `{key}` of model `{name}`", p.name()),
                ),
            };
            found.at(at, "").help(match provider {
                None => "add `provider` and `id`, or remove the setting",
                Some(_) => "remove the setting",
            });
        }
    }
}

fn settings(model: &Model) -> [Setting; 9] {
    const ALL: &[Provider] = &[Provider::Bedrock, Provider::Openai];
    const BEDROCK: &[Provider] = &[Provider::Bedrock];
    const OPENAI: &[Provider] = &[Provider::Openai];
    [
        ("region", BEDROCK, place(&model.region)),
        ("endpoint", ALL, place(&model.endpoint)),
        ("key_env", OPENAI, place(&model.key_env)),
        ("streaming", OPENAI, place(&model.streaming)),
        ("sees_images", ALL, place(&model.sees_images)),
        ("guardrail", BEDROCK, place(&model.guardrail)),
        ("reasoning", BEDROCK, place(&model.reasoning)),
        ("silence_timeout", ALL, place(&model.silence_timeout)),
        ("prompt_cache", BEDROCK, place(&model.prompt_cache)),
    ]
}

fn place<T>(written: &Option<Written<T>>) -> Option<Span> {
    written.as_ref().map(|w| w.span)
}
